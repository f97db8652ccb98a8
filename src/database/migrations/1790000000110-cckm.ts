import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the order in which they are created. */
const TABLES = ['passwords', 'cckm_refresh_tokens', 'cckm_containers', 'cckm_keys', 'cckm_templates', 'cckm_jobs'];

/** Creates the table of users' passwords, and those of CCKM. */
export class Cckm1790000000110 implements MigrationInterface {
  name = 'Cckm1790000000110';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "passwords" (
        "principal_arn" text NOT NULL,
        "user_id" text NOT NULL,
        "salt" bytea NOT NULL,
        "sealed" bytea NOT NULL,
        "changed_at" timestamp(3) with time zone NOT NULL,
        "failures" integer NOT NULL,
        "locked_until" timestamp(3) with time zone,
        "mac" bytea,
        CONSTRAINT "passwords_pkey" PRIMARY KEY ("principal_arn"),
        CONSTRAINT "passwords_principal" FOREIGN KEY ("principal_arn") REFERENCES "principals" ("arn")
      )`);
    await runner.query(`
      CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "passwords"
        FOR EACH ROW WHEN (NEW."sealed" IS NOT NULL) EXECUTE FUNCTION "sealed_under_active"()`);
    await runner.query(`
      CREATE TABLE "cckm_refresh_tokens" (
        "id" text NOT NULL,
        "principal_arn" text NOT NULL,
        "user_id" text NOT NULL,
        "token_hash" bytea NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "expires_at" timestamp(3) with time zone NOT NULL,
        "valid_until" timestamp(3) with time zone NOT NULL,
        "unused_seconds" integer NOT NULL,
        "mac" bytea,
        CONSTRAINT "cckm_refresh_tokens_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "cckm_refresh_tokens_by_hash" ON "cckm_refresh_tokens" ("token_hash")`);
    await runner.query(
      `CREATE INDEX "cckm_refresh_tokens_by_principal" ON "cckm_refresh_tokens" ("principal_arn", "created_at")`,
    );
    await runner.query(`CREATE INDEX "cckm_refresh_tokens_by_end" ON "cckm_refresh_tokens" ("valid_until")`);
    await runner.query(`
      CREATE TABLE "cckm_containers" (
        "id" text NOT NULL,
        "account_id" text NOT NULL,
        "name" text NOT NULL,
        "regions" text NOT NULL,
        "acls" text NOT NULL,
        "is_archived" boolean NOT NULL,
        "auto_added" boolean NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "updated_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "cckm_containers_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "cckm_containers_by_name" ON "cckm_containers" ("account_id", "name")`);
    await runner.query(`
      CREATE TABLE "cckm_keys" (
        "id" text NOT NULL,
        "container_id" text NOT NULL,
        "key_arn" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "updated_at" timestamp(3) with time zone NOT NULL,
        "synced_at" timestamp(3) with time zone NOT NULL,
        "snapshot" text NOT NULL,
        "details" text NOT NULL,
        "mac" bytea,
        CONSTRAINT "cckm_keys_pkey" PRIMARY KEY ("id"),
        CONSTRAINT "cckm_keys_container" FOREIGN KEY ("container_id") REFERENCES "cckm_containers" ("id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "cckm_keys_by_arn" ON "cckm_keys" ("key_arn")`);
    await runner.query(`CREATE INDEX "cckm_keys_by_container" ON "cckm_keys" ("container_id")`);
    await runner.query(`
      CREATE TABLE "cckm_templates" (
        "id" text NOT NULL,
        "account_id" text NOT NULL,
        "name" text NOT NULL,
        "kms" text NOT NULL,
        "policy" text NOT NULL,
        "grantees" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "updated_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "cckm_templates_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "cckm_templates_by_name" ON "cckm_templates" ("account_id", "name")`);
    await runner.query(`
      CREATE TABLE "cckm_jobs" (
        "id" text NOT NULL,
        "kind" text NOT NULL,
        "principal_arn" text NOT NULL,
        "document" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "cckm_jobs_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE INDEX "cckm_jobs_by_kind" ON "cckm_jobs" ("kind", "created_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE "${table}"`);
  }
}
