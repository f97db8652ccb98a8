import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for keys, aliases and tags, and for the check value of the master key. */
export class Keys1790000000000 implements MigrationInterface {
  name = 'Keys1790000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "master_key" (
        "id" text NOT NULL,
        "check_value" bytea NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "master_key_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`
      CREATE TABLE "keys" (
        "arn" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "sequence" BIGSERIAL NOT NULL,
        "class" text NOT NULL,
        "usage" text NOT NULL,
        "algorithm" text NOT NULL,
        "modes" text NOT NULL,
        "derive_key_usage" text,
        "exportable" boolean NOT NULL,
        "kcv" text NOT NULL,
        "kcv_algorithm" text NOT NULL,
        "origin" text NOT NULL,
        "state" text NOT NULL,
        "enabled" boolean NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "usage_started_at" timestamp(3) with time zone,
        "usage_stopped_at" timestamp(3) with time zone,
        "delete_pending_at" timestamp(3) with time zone,
        "deleted_at" timestamp(3) with time zone,
        "sealed" bytea,
        CONSTRAINT "keys_pkey" PRIMARY KEY ("arn")
      )`);
    await runner.query(`
      CREATE UNIQUE INDEX "keys_by_account_region_sequence" ON "keys" ("account_id", "region", "sequence")`);
    await runner.query(`
      CREATE INDEX "keys_by_deletion" ON "keys" ("delete_pending_at") WHERE "state" = 'DELETE_PENDING'`);
    await runner.query(`
      CREATE TABLE "aliases" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "name" text NOT NULL,
        "key_arn" text,
        CONSTRAINT "aliases_pkey" PRIMARY KEY ("account_id", "region", "name"),
        CONSTRAINT "aliases_key" FOREIGN KEY ("key_arn") REFERENCES "keys" ("arn")
      )`);
    await runner.query(`CREATE INDEX "aliases_by_key" ON "aliases" ("key_arn")`);
    await runner.query(`
      CREATE TABLE "tags" (
        "key_arn" text NOT NULL,
        "key" text NOT NULL,
        "value" text NOT NULL,
        CONSTRAINT "tags_pkey" PRIMARY KEY ("key_arn", "key"),
        CONSTRAINT "tags_key" FOREIGN KEY ("key_arn") REFERENCES "keys" ("arn")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['tags', 'aliases', 'keys', 'master_key']) await runner.query(`DROP TABLE "${table}"`);
  }
}
