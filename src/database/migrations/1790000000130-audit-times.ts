import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Number of rows that get their times in one statement, which must end within the time limit of a query. */
const ROWS = 1000;

/**
 * Adds the times of the first and the last event to each row of the audit log, so that events of a period are found
 * without reading the others. A trigger computes them for rows that older versions write.
 */
export class AuditTimes1790000000130 implements MigrationInterface {
  name = 'AuditTimes1790000000130';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "audit_log"
        ADD "first_time" timestamp(0) with time zone,
        ADD "last_time" timestamp(0) with time zone`);
    await runner.query(`
      CREATE FUNCTION "audit_log_times"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          SELECT min(event.time), max(event.time) INTO NEW.first_time, NEW.last_time
            FROM (SELECT substring(line from '"eventTime":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)"')::timestamptz AS time
                    FROM string_to_table(NEW.events, E'\\n') AS line) AS event;
          RETURN NEW;
        END $$`);
    const trigger = (name: string, when: string) => `
      CREATE TRIGGER "${name}" BEFORE ${when} FOR EACH ROW
        WHEN (NEW.first_time IS NULL OR NEW.last_time IS NULL) EXECUTE FUNCTION "audit_log_times"()`;
    await runner.query(trigger('audit_log_times', 'INSERT ON "audit_log"'));
    await runner.query(trigger('audit_log_times_of_old', 'UPDATE OF "first_time" ON "audit_log"'));
    let after: { chain: number; first: string } | undefined = { chain: 0, first: '0' };
    while (after) after = await setTimes(runner, after);
    await runner.query('DROP TRIGGER "audit_log_times_of_old" ON "audit_log"');
    // The first time is a column of the key, so that rows that begin too late are skipped without being read.
    await runner.query('CREATE INDEX "audit_log_by_time" ON "audit_log" ("last_time", "chain", "first", "first_time")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER "audit_log_times" ON "audit_log"');
    await runner.query('DROP FUNCTION "audit_log_times"()');
    await runner.query('ALTER TABLE "audit_log" DROP COLUMN "first_time", DROP COLUMN "last_time"');
  }
}

/** Sets the times of the rows after one. @returns the last of them, or undefined if there are no more */
async function setTimes(
  runner: QueryRunner,
  { chain, first }: { chain: number; first: string },
): Promise<{ chain: number; first: string } | undefined> {
  const [last] = (await runner.query(
    `WITH rows AS (
       SELECT chain, first FROM audit_log WHERE (chain, first) > ($1, $2) ORDER BY chain, first LIMIT $3
     ), done AS (
       UPDATE audit_log SET first_time = NULL FROM rows
        WHERE audit_log.chain = rows.chain AND audit_log.first = rows.first
     )
     SELECT chain, first FROM rows ORDER BY chain DESC, first DESC LIMIT 1`,
    [chain, first, ROWS],
  )) as { chain: number; first: string }[];
  return last;
}
