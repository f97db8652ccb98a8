import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the row that counts the audit chains and has a hash over the ends of those that have ended. */
export class AuditChainSet1790000000070 implements MigrationInterface {
  name = 'AuditChainSet1790000000070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "audit_chains" ADD "ended" integer');
    await runner.query(`
      CREATE TABLE "audit_chain_set" (
        "id" integer NOT NULL CHECK ("id" = 1),
        "chains" integer NOT NULL,
        "ended" integer NOT NULL,
        "hash" text NOT NULL,
        "mac" bytea NOT NULL,
        CONSTRAINT "audit_chain_set_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "audit_chain_set"');
    await runner.query('ALTER TABLE "audit_chains" DROP COLUMN "ended"');
  }
}
