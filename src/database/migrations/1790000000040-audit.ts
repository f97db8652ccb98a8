import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Creates the tables for the audit log: a hash chain of events for each process, in rows of events that were written
 * together.
 */
export class Audit1790000000040 implements MigrationInterface {
  name = 'Audit1790000000040';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_chains" (
        "chain" integer NOT NULL,
        "host" text NOT NULL,
        "pid" integer NOT NULL,
        "started_at" timestamp(3) with time zone NOT NULL,
        "sequence" bigint NOT NULL,
        "hash" text NOT NULL,
        "mac" bytea NOT NULL,
        CONSTRAINT "audit_chains_pkey" PRIMARY KEY ("chain")
      )`);
    await runner.query(`
      CREATE TABLE "audit_log" (
        "chain" integer NOT NULL,
        "first" bigint NOT NULL,
        "count" integer NOT NULL,
        "events" text NOT NULL,
        "mac" bytea NOT NULL,
        CONSTRAINT "audit_log_pkey" PRIMARY KEY ("chain", "first")
      )`);
    // Compression would slow down requests.
    await runner.query('ALTER TABLE "audit_log" ALTER COLUMN "events" SET STORAGE EXTERNAL');
    await runner.query(`
      CREATE VIEW "audit_events" AS
        SELECT log.chain, log.first + line.place - 1 AS sequence,
               (line.event::json ->> 'eventTime')::timestamptz AS time, line.event::json AS event
          FROM audit_log AS log,
               string_to_table(log.events, E'\\n') WITH ORDINALITY AS line (event, place)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW "audit_events"');
    for (const table of ['audit_log', 'audit_chains']) await runner.query(`DROP TABLE "${table}"`);
  }
}
