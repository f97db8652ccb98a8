import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables of custom key stores. */
export class CustomKeyStores1790000000096 implements MigrationInterface {
  name = 'CustomKeyStores1790000000096';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "kms_custom_key_stores" (
        "id" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "name" text NOT NULL,
        "type" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "connection_state" text NOT NULL,
        "connection_error_code" text,
        "worked_on_until" timestamp(3) with time zone,
        "failed_logins" integer NOT NULL,
        "cluster_id" text,
        "trust_anchor" text,
        "connectivity" text,
        "uri_endpoint" text,
        "uri_path" text,
        "access_key_id" text,
        "sealed" bytea NOT NULL,
        "mac" bytea,
        CONSTRAINT "kms_custom_key_stores_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX "kms_custom_key_stores_by_name" ON "kms_custom_key_stores" ("account_id", "region", "name")`,
    );
    await runner.query(`
      CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "kms_custom_key_stores"
        FOR EACH ROW EXECUTE FUNCTION sealed_under_active()`);
    await runner.query(`
      CREATE TABLE "kms_token_key_removals" (
        "key_arn" text NOT NULL,
        "custom_key_store_id" text NOT NULL,
        "due_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "kms_token_key_removals_pkey" PRIMARY KEY ("key_arn"),
        CONSTRAINT "kms_token_key_removals_store" FOREIGN KEY ("custom_key_store_id")
          REFERENCES "kms_custom_key_stores" ("id") ON DELETE CASCADE
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "kms_token_key_removals"`);
    await runner.query(`DROP TABLE "kms_custom_key_stores"`);
  }
}
