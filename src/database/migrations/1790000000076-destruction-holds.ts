import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for watching the database's clock: the last time read from it, and the holds on destruction. */
export class DestructionHolds1790000000076 implements MigrationInterface {
  name = 'DestructionHolds1790000000076';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "database_clock" (
        "id" boolean NOT NULL,
        "seen_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "database_clock_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`
      CREATE TABLE "destruction_holds" (
        "reason" text NOT NULL,
        "due_after" timestamp(3) with time zone NOT NULL,
        "due_until" timestamp(3) with time zone NOT NULL,
        "began_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "destruction_holds_pkey" PRIMARY KEY ("reason")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['destruction_holds', 'database_clock']) await runner.query(`DROP TABLE "${table}"`);
  }
}
