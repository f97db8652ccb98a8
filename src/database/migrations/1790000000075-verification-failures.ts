import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table that counts failed verifications, for a limit that all nodes share. */
export class VerificationFailures1790000000075 implements MigrationInterface {
  name = 'VerificationFailures1790000000075';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "verification_failures" (
        "subject" text NOT NULL,
        "window_start" bigint NOT NULL,
        "failures" integer NOT NULL,
        "ends_at" timestamptz NOT NULL,
        CONSTRAINT "verification_failures_pkey" PRIMARY KEY ("subject", "window_start")
      )`);
    await runner.query('CREATE INDEX "verification_failures_ends_at" ON "verification_failures" ("ends_at")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "verification_failures"');
  }
}
