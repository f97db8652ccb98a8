import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Building the index of a large log takes longer than other statements may. */
const TIMEOUT_MS = 3_600_000;

interface Client {
  query: (config: { text: string; query_timeout: number }) => Promise<unknown>;
}

/**
 * Partitions the audit log by the day on which rows are written. The existing table becomes the partition of all days
 * up to now without being rewritten: all its rows get today as their day. Versions that don't know the column write
 * rows with its default.
 */
export class AuditPartitions1790000000143 implements MigrationInterface {
  name = 'AuditPartitions1790000000143';

  async up(runner: QueryRunner): Promise<void> {
    const [{ today, tomorrow, hasRows }] = (await runner.query(
      `SELECT today::text AS today, (today + 1)::text AS tomorrow, EXISTS (SELECT FROM audit_log) AS "hasRows"
         FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) AS now`,
    )) as [{ today: string; tomorrow: string; hasRows: boolean }];
    const former = `"audit_log_${today.replaceAll('-', '')}"`;
    await runner.query('DROP VIEW "audit_events"');
    await runner.query('DROP TRIGGER "audit_log_times" ON "audit_log"');
    await runner.query(`ALTER TABLE "audit_log" RENAME TO ${former}`);
    await runner.query(`ALTER TABLE ${former} DROP CONSTRAINT "audit_log_pkey"`);
    await runner.query(`ALTER INDEX "audit_log_by_time" RENAME TO "audit_log_former_by_time"`);
    await runner.query(`
      CREATE TABLE "audit_log" (
        LIKE ${former} INCLUDING STORAGE,
        "day" date NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')::date,
        CONSTRAINT "audit_log_pkey" PRIMARY KEY ("chain", "first", "day")
      ) PARTITION BY RANGE ("day")`);
    await runner.query('CREATE INDEX "audit_log_by_time" ON "audit_log" ("last_time", "chain", "first", "first_time")');
    await runner.query(`
      CREATE TRIGGER "audit_log_times" BEFORE INSERT ON "audit_log" FOR EACH ROW
        WHEN (NEW.first_time IS NULL OR NEW.last_time IS NULL) EXECUTE FUNCTION "audit_log_times"()`);
    await runner.query(`CREATE TABLE "audit_log_default" PARTITION OF "audit_log" DEFAULT`);
    if (hasRows) {
      // A constant default doesn't rewrite the rows.
      await runner.query(`ALTER TABLE ${former} ADD "day" date NOT NULL DEFAULT '${today}'`);
      await runner.query(`ALTER TABLE ${former} ALTER "day" SET DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')::date`);
      const client = (await runner.connect()) as Client;
      await client.query({
        text: `ALTER TABLE "audit_log" ATTACH PARTITION ${former} FOR VALUES FROM (MINVALUE) TO ('${tomorrow}')`,
        query_timeout: TIMEOUT_MS,
      });
    } else {
      await runner.query(`DROP TABLE ${former}`);
    }
    await createView(runner, ', log.day');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW "audit_events"');
    await runner.query('ALTER TABLE "audit_log" RENAME TO "audit_log_partitioned"');
    await runner.query('ALTER INDEX "audit_log_pkey" RENAME TO "audit_log_partitioned_pkey"');
    await runner.query('ALTER INDEX "audit_log_by_time" RENAME TO "audit_log_partitioned_by_time"');
    await runner.query(`CREATE TABLE "audit_log" (LIKE "audit_log_partitioned" INCLUDING STORAGE)`);
    await runner.query('ALTER TABLE "audit_log" DROP COLUMN "day", ADD PRIMARY KEY ("chain", "first")');
    await runner.query(`
      INSERT INTO "audit_log" (chain, first, count, events, mac, first_time, last_time)
      SELECT chain, first, count, events, mac, first_time, last_time FROM "audit_log_partitioned"`);
    await runner.query('DROP TABLE "audit_log_partitioned"');
    await runner.query('CREATE INDEX "audit_log_by_time" ON "audit_log" ("last_time", "chain", "first", "first_time")');
    await runner.query(`
      CREATE TRIGGER "audit_log_times" BEFORE INSERT ON "audit_log" FOR EACH ROW
        WHEN (NEW.first_time IS NULL OR NEW.last_time IS NULL) EXECUTE FUNCTION "audit_log_times"()`);
    await createView(runner, '');
  }
}

async function createView(runner: QueryRunner, more: string): Promise<void> {
  await runner.query(`
    CREATE VIEW "audit_events" AS
      SELECT log.chain, log.first + line.place - 1 AS sequence,
             (line.event::json ->> 'eventTime')::timestamptz AS time, line.event::json AS event${more}
        FROM audit_log AS log,
             string_to_table(log.events, E'\\n') WITH ORDINALITY AS line (event, place)`);
}
