import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for multi-Region keys, and for the queue of replication work. */
export class Replication1790000000002 implements MigrationInterface {
  name = 'Replication1790000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "keys"
        ADD COLUMN "primary_region" text,
        ADD COLUMN "using_default_replication_regions" boolean`);
    await runner.query(`
      CREATE TABLE "replications" (
        "primary_arn" text NOT NULL,
        "region" text NOT NULL,
        "status" text NOT NULL,
        "message" text,
        "generation" BIGSERIAL NOT NULL,
        "due_at" timestamp(3) with time zone,
        "attempts" integer NOT NULL,
        CONSTRAINT "replications_pkey" PRIMARY KEY ("primary_arn", "region"),
        CONSTRAINT "replications_primary" FOREIGN KEY ("primary_arn") REFERENCES "keys" ("arn")
      )`);
    await runner.query(`
      CREATE INDEX "replications_by_due" ON "replications" ("due_at", "generation") WHERE "due_at" IS NOT NULL`);
    await runner.query(`
      CREATE TABLE "default_replication_regions" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "replication_region" text NOT NULL,
        CONSTRAINT "default_replication_regions_pkey" PRIMARY KEY ("account_id", "region", "replication_region")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "default_replication_regions"`);
    await runner.query(`DROP TABLE "replications"`);
    await runner.query(`
      ALTER TABLE "keys" DROP COLUMN "primary_region", DROP COLUMN "using_default_replication_regions"`);
  }
}
