import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Creates the table of the exported days of the audit log, and the row that counts them. */
export class AuditSegments1790000000144 implements MigrationInterface {
  name = 'AuditSegments1790000000144';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_segments" (
        "number" integer NOT NULL,
        "day" date NOT NULL,
        "manifest" text NOT NULL,
        "chains" text NOT NULL,
        "events" bigint NOT NULL,
        "bytes" bigint NOT NULL,
        "exported_at" timestamp(3) with time zone NOT NULL,
        "exported_by" text NOT NULL,
        "mac" bytea NOT NULL,
        "pruned_at" timestamp(3) with time zone,
        "pruned_by" text,
        "pruned_mac" bytea,
        CONSTRAINT "audit_segments_pkey" PRIMARY KEY ("number"),
        CONSTRAINT "audit_segments_day_key" UNIQUE ("day")
      )`);
    await runner.query(`
      CREATE TABLE "audit_segment_set" (
        "id" integer NOT NULL CHECK ("id" = 1),
        "segments" integer NOT NULL,
        "mac" bytea NOT NULL,
        CONSTRAINT "audit_segment_set_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['audit_segment_set', 'audit_segments']) await runner.query(`DROP TABLE "${table}"`);
  }
}
