import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the row with the result of the last verification of the audit chains, under a MAC. */
export class AuditVerification1790000000131 implements MigrationInterface {
  name = 'AuditVerification1790000000131';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_verification" (
        "id" integer NOT NULL CHECK ("id" = 1),
        "report" text NOT NULL,
        "mac" bytea NOT NULL,
        CONSTRAINT "audit_verification_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "audit_verification"');
  }
}
