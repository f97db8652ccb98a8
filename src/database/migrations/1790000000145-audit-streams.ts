import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the kind of an audit chain: its events are in the table, or on a stream. */
export class AuditStreams1790000000145 implements MigrationInterface {
  name = 'AuditStreams1790000000145';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE "audit_chains" ADD "kind" text NOT NULL DEFAULT 'table' CHECK ("kind" IN ('table', 'stream'))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "audit_chains" DROP COLUMN "kind"');
  }
}
