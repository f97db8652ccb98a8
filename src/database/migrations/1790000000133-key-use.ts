import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the calls with each key by day and operation. */
export class KeyUse1790000000133 implements MigrationInterface {
  name = 'KeyUse1790000000133';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "key_use" (
        "key_arn" text NOT NULL,
        "day" date NOT NULL,
        "operation" text NOT NULL,
        "served" bigint NOT NULL,
        "refused" bigint NOT NULL,
        "last_served_at" timestamp(3) with time zone,
        "last_served_to" text,
        CONSTRAINT "key_use_pkey" PRIMARY KEY ("key_arn", "day", "operation")
      )`);
    await runner.query('CREATE INDEX "key_use_by_day" ON "key_use" ("day")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "key_use"');
  }
}
