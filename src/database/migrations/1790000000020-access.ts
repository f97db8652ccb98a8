import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for users and roles, their policies and access keys. */
export class Access1790000000020 implements MigrationInterface {
  name = 'Access1790000000020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "principals" (
        "arn" text NOT NULL,
        "account_id" text NOT NULL,
        "kind" text NOT NULL,
        "name" text NOT NULL,
        "unique_id" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "principals_pkey" PRIMARY KEY ("arn")
      )`);
    await runner.query(`
      CREATE TABLE "principal_policies" (
        "principal_arn" text NOT NULL,
        "name" text NOT NULL,
        "document" text NOT NULL,
        CONSTRAINT "principal_policies_pkey" PRIMARY KEY ("principal_arn", "name"),
        CONSTRAINT "principal_policies_principal" FOREIGN KEY ("principal_arn") REFERENCES "principals" ("arn") ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE "access_keys" (
        "id" text NOT NULL,
        "principal_arn" text NOT NULL,
        "sealed" bytea NOT NULL,
        "active" boolean NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "last_used_at" timestamp(3) with time zone,
        "expires_at" timestamp(3) with time zone,
        "session_name" text,
        "session_token_hash" bytea,
        CONSTRAINT "access_keys_pkey" PRIMARY KEY ("id"),
        CONSTRAINT "access_keys_principal" FOREIGN KEY ("principal_arn") REFERENCES "principals" ("arn") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "access_keys_by_principal" ON "access_keys" ("principal_arn")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['access_keys', 'principal_policies', 'principals'])
      await runner.query(`DROP TABLE "${table}"`);
  }
}
