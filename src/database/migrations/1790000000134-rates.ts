import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the requests of each minute, by API and operation, with their durations. */
export class Rates1790000000134 implements MigrationInterface {
  name = 'Rates1790000000134';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "rates" (
        "minute" timestamp(0) with time zone NOT NULL,
        "api" text NOT NULL,
        "operation" text NOT NULL,
        "served" bigint NOT NULL,
        "refused" bigint NOT NULL,
        "buckets" bigint[] NOT NULL,
        CONSTRAINT "rates_pkey" PRIMARY KEY ("minute", "api", "operation")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "rates"');
  }
}
