import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the tables for certificate authorities, import and export tokens, and certificates of key pairs. */
export class KeyExchange1790000000010 implements MigrationInterface {
  name = 'KeyExchange1790000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "certificate_authorities" (
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "algorithm" text NOT NULL,
        "certificate" bytea NOT NULL,
        "sealed" bytea NOT NULL,
        CONSTRAINT "certificate_authorities_pkey" PRIMARY KEY ("account_id", "region", "algorithm")
      )`);
    await runner.query(`
      CREATE TABLE "exchange_tokens" (
        "id" text NOT NULL,
        "account_id" text NOT NULL,
        "region" text NOT NULL,
        "purpose" text NOT NULL,
        "algorithm" text NOT NULL,
        "certificate" bytea NOT NULL,
        "sealed" bytea NOT NULL,
        "expires_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "exchange_tokens_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`
      CREATE INDEX "exchange_tokens_by_owner" ON "exchange_tokens" ("account_id", "region", "expires_at")`);
    await runner.query(`
      CREATE TABLE "public_key_certificates" (
        "key_arn" text NOT NULL,
        "certificate" bytea NOT NULL,
        CONSTRAINT "public_key_certificates_pkey" PRIMARY KEY ("key_arn"),
        CONSTRAINT "public_key_certificates_key" FOREIGN KEY ("key_arn") REFERENCES "keys" ("arn")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['public_key_certificates', 'exchange_tokens', 'certificate_authorities'])
      await runner.query(`DROP TABLE "${table}"`);
  }
}
