import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table of master keys that are encrypted under a token's key. */
export class MasterKeyEnvelopes1790000000095 implements MigrationInterface {
  name = 'MasterKeyEnvelopes1790000000095';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "master_key_envelopes" (
        "master_key_id" text NOT NULL,
        "token_key_id" text NOT NULL,
        "token_key_label" text NOT NULL,
        "token_serial" text NOT NULL,
        "mechanism" text NOT NULL,
        "iv" bytea NOT NULL,
        "ciphertext" bytea NOT NULL,
        "created_at" timestamp(3) with time zone NOT NULL,
        CONSTRAINT "master_key_envelopes_pkey" PRIMARY KEY ("master_key_id", "token_key_id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "master_key_envelopes"`);
  }
}
