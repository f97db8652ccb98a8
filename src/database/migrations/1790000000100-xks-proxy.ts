import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables of the XKS proxy. */
export class XksProxy1790000000100 implements MigrationInterface {
  name = 'XksProxy1790000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "xks_credentials" (
        "access_key_id" text NOT NULL,
        "account_id" text NOT NULL,
        "prefix" text NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "sealed" bytea NOT NULL,
        "mac" bytea,
        CONSTRAINT "xks_credentials_pkey" PRIMARY KEY ("access_key_id")
      )`);
    await runner.query(`CREATE INDEX "xks_credentials_by_prefix" ON "xks_credentials" ("account_id", "prefix")`);
    await runner.query(`
      CREATE TRIGGER "sealed_under_active" BEFORE INSERT OR UPDATE OF "sealed" ON "xks_credentials"
        FOR EACH ROW EXECUTE FUNCTION "sealed_under_active"()`);
    await runner.query(`
      CREATE TABLE "xks_keys" (
        "account_id" text NOT NULL,
        "prefix" text NOT NULL,
        "xks_key_id" text NOT NULL,
        "key_arn" text NOT NULL,
        "can_encrypt" boolean NOT NULL,
        "can_decrypt" boolean NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        "mac" bytea,
        CONSTRAINT "xks_keys_pkey" PRIMARY KEY ("account_id", "prefix", "xks_key_id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "xks_keys_by_key" ON "xks_keys" ("key_arn")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "xks_keys"');
    await runner.query('DROP TABLE "xks_credentials"');
  }
}
