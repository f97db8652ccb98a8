import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the table of running processes, with a row for each. */
export class Nodes1790000000132 implements MigrationInterface {
  name = 'Nodes1790000000132';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "nodes" (
        "id" text NOT NULL,
        "host" text NOT NULL,
        "pid" integer NOT NULL,
        "version" text NOT NULL,
        "workers" integer NOT NULL,
        "started_at" timestamp(3) with time zone NOT NULL,
        "last_seen_at" timestamp(3) with time zone NOT NULL,
        "audit_waiting" integer NOT NULL,
        CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "nodes"');
  }
}
