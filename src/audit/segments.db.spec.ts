import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type AuditDays, auditDays, dateBack, daysAgo, openLog, auditEvent } from '../../test/support/audit-days.js';
import { tamper } from '../../test/support/database.js';
import { LOCKS, tryWithLock } from '../database/locks.js';
import { MANIFEST } from './manifest.js';
import { makePartitions, partitions } from './partitions.js';

const [DAY_1, DAY_2, DAY_3] = [daysAgo(5), daysAgo(4), daysAgo(2)];
const table = (day: string) => `audit_log_${day.replaceAll('-', '')}`;

let days: AuditDays;
/** Puts the deployment back to the state before an export, after it, or after the first day was pruned. */
let unexported: () => Promise<void>, allExported: typeof unexported, firstPruned: typeof unexported;
beforeAll(async () => {
  days = await auditDays([5, 4, 2]);
  unexported = await days.keep();
  expect(await exported()).toMatchObject({ exitCode: 0 });
  allExported = await days.keep();
  expect(await prune('4d')).toMatchObject({ exitCode: 0 });
  expect(await verify()).toMatchObject({ exitCode: 0 });
  firstPruned = await days.keep();
});
afterAll(() => days.remove());

const exported = () => days.keyblock('audit', 'export', '--to', days.directory);
const prune = (keep: string) => days.keyblock('audit', 'prune', '--keep', keep, '--export', days.directory, '--yes');
const verify = (...args: string[]) => days.keyblock('audit', 'verify', ...args);
const sql = (text: string, ...parameters: unknown[]) => tamper(days.database, text, parameters);
const partitionNames = async () => (await partitions(days.database.manager)).map(({ name }) => name);

async function expectNothingPruned(message: string): Promise<void> {
  const { exitCode, stdout, stderr } = await prune('3d');
  expect([exitCode, stdout]).toEqual([4, '']);
  expect(stderr).toContain(message);
  expect(await partitionNames()).toContain(table(DAY_1));
}

describe('before an export', () => {
  beforeEach(() => unexported());

  test('days are exported once, pruned when they are older, and the log verifies throughout', async () => {
    expect((await exported()).stdout).toMatch(
      /^.{10}: segment 1, 800 events of 2 chains, \d+ bytes, manifest .{64}\n.+\n.+\n$/,
    );
    expect(await exported()).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: 'All completed days are already exported.\n',
    });
    expect(await verify()).toMatchObject({ exitCode: 0 });
    expect(await prune('3d')).toMatchObject({
      exitCode: 0,
      stdout: `${DAY_1}: segment 1, 800 events dropped from the table\n${DAY_2}: segment 2, 800 events dropped from the table\n`,
    });
    expect(await prune('3d')).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: expect.stringContaining('no exported days'),
    });
    const names = await partitionNames();
    expect([DAY_1, DAY_2, DAY_3].map((day) => names.includes(table(day)))).toEqual([false, false, true]);
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^chain 1 .*: ok, 400 events after 800 exported events, /m);
    const { stdout: list } = await days.keyblock('audit', 'segments', '--json');
    expect(
      list
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      {
        Number: 1,
        Day: DAY_1,
        Events: 800,
        ExportedBy: 'arn:aws:iam::000000000000:root',
        PrunedBy: 'arn:aws:iam::000000000000:root',
      },
      { Number: 2, Day: DAY_2, Pruned: expect.any(String) as string },
      { Number: 3, Day: DAY_3, Chains: 2 },
    ]);
    const events = await days.database.query<{ event: object }[]>(
      `SELECT event FROM audit_events WHERE event ->> 'eventName' IN ('ExportAudit', 'PruneAudit') ORDER BY chain, sequence`,
    );
    expect(events.map(({ event }) => event)).toMatchObject(
      [
        ['ExportAudit', DAY_1, 1],
        ['ExportAudit', DAY_2, 2],
        ['ExportAudit', DAY_3, 3],
        ['PruneAudit', DAY_1, 1],
        ['PruneAudit', DAY_2, 2],
      ].map(([eventName, day, number]) => ({
        eventName,
        managementEvent: true,
        requestParameters: { day, number, manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      })),
    );
  });

  test('one day can be exported at a time, in the order of days', async () => {
    const of = (day: string) => days.keyblock('audit', 'export', '--to', days.directory, '--day', day);
    expect(await of(DAY_2)).toMatchObject({
      exitCode: 4,
      stderr: `${DAY_1} comes before ${DAY_2}: export it first.\n`,
    });
    expect(await of(daysAgo(0))).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('ended less than an hour ago'),
    });
    expect(await of(DAY_1)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('segment 1') });
    expect(await of(DAY_2)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('segment 2') });
  });

  test('nothing is pruned if a day is not exported', async () => {
    await expectNothingPruned(`${DAY_1} is not exported: run keyblock audit export --to `);
  });

  test.each([
    ['edited', `UPDATE audit_log SET events = replace(events, 'days ago, 7', 'days ago, 8') WHERE day = $1`],
    ['removed', 'DELETE FROM audit_log WHERE day = $1 AND first = 1'],
  ])('a day with %s events is not exported', async (_, text) => {
    await sql(text, DAY_2);
    const { exitCode, stdout, stderr } = await exported();
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/^.+ segment 1, .+\n$/);
    expect(stderr).toMatch(new RegExp(`^${DAY_2} can't be exported, because chain [13] is not intact: events? \\d`));
  });

  test('a folder of the day that is not its export is neither used nor overwritten', async () => {
    const other = await auditDays([5]);
    await other.keyblock('audit', 'export', '--to', days.directory);
    await other.remove();
    const { exitCode, stderr } = await exported();
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`${join(days.directory, DAY_1)} is not the export of ${DAY_1}: `);
  });

  test('with --since, only the rows of these days are read', async () => {
    await sql(`UPDATE audit_log SET events = 'edited' WHERE day = $1 AND first = 1`, DAY_1);
    expect(await verify()).toMatchObject({ exitCode: 1 });
    const { exitCode, stdout } = await verify('--since', DAY_2);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^chain 1 .*: ok, 800 events, /m);
    expect(stdout).not.toMatch(/^chain 2 /m);
    await sql(`UPDATE audit_log SET events = 'edited' WHERE day = $1 AND first = 401`, DAY_2);
    expect(await verify('--since', DAY_2)).toMatchObject({ exitCode: 1 });
  });

  test('rows of a day without a partition get one when partitions are made', async () => {
    await sql(`UPDATE audit_log SET day = day - 30 WHERE day = $1`, DAY_1);
    const count = () => days.database.query(`SELECT count(*)::int AS rows FROM audit_log_default`);
    expect(await count()).toEqual([{ rows: 4 }]);
    await makePartitions(days.database.manager);
    expect(await count()).toEqual([{ rows: 0 }]);
    expect(await partitionNames()).toContain(table(daysAgo(35)));
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });
});

describe('once days are exported', () => {
  beforeEach(() => allExported());

  test.each<[what: string, prepare: () => unknown, message: string]>([
    [
      'an export is missing',
      () => rmSync(join(days.directory, DAY_2), { recursive: true }),
      `does not verify: ${MANIFEST} is missing.`,
    ],
    [
      'a file of an export is missing',
      () => rmSync(join(days.directory, DAY_2, 'chain-3-1-400.jsonl.gz')),
      'chain-3-1-400.jsonl.gz is missing',
    ],
    [
      'the table has more than the export',
      () => sql(`UPDATE audit_log SET day = $1 WHERE day = $2`, DAY_2, DAY_3),
      `The events of ${DAY_2} in the table differ from those of segment 2: run keyblock audit verify.`,
    ],
    [
      'a segment was modified',
      () => sql('UPDATE audit_segments SET events = 1 WHERE number = 2'),
      'The table audit_segments is not intact: the row of segment 2',
    ],
  ])('nothing is pruned if %s', async (_, prepare, message) => {
    await prepare();
    await expectNothingPruned(message);
  });

  test('nothing is pruned while another command exports', async () => {
    const isTried = tryWithLock(days.database, LOCKS.auditSegments, () =>
      expectNothingPruned('Another command is exporting or pruning'),
    );
    expect(await isTried).toBe(true);
  });

  test('a database that was restored without the rows of exported days verifies, with a remark', async () => {
    await sql(`TRUNCATE ${table(DAY_1)}, ${table(DAY_2)}`);
    const { exitCode, stderr, stdout } = await verify();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^chain 1 .*: ok, 400 events after 800 exported events/m);
    for (const day of [DAY_1, DAY_2])
      expect(stderr).toContain(`${day} is not in the table, although it was not pruned`);
    // Its empty partitions are pruned like others, and the next day is exported and pruned.
    expect(await prune('1d')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^.+\n.+\n.+\n$/) });
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });
});

describe('once days are exported and the first is pruned, the verification reports', () => {
  beforeEach(() => firstPruned());

  test('nothing while everything is intact', async () => {
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });

  const insertRow = `INSERT INTO audit_segments SELECT number + 1, day + 1, manifest, chains, events, bytes, exported_at, exported_by, mac FROM audit_segments WHERE number = 3`;
  test.each<[what: string, text: string | (() => string), parameters: unknown[], fault: string]>([
    [
      "a segment's row was changed",
      'UPDATE audit_segments SET bytes = 1 WHERE number = 2',
      [],
      'the row of segment 2 .* was modified: its MAC does not match',
    ],
    [
      "a segment's chains were changed",
      `UPDATE audit_segments SET chains = '[]' WHERE number = 1`,
      [],
      'the row of segment 1 .* was modified',
    ],
    [
      "a segment's chains are not JSON",
      `UPDATE audit_segments SET chains = '[' WHERE number = 1`,
      [],
      'the row of segment 1 .* was modified',
    ],
    [
      'a pruning was forged',
      `UPDATE audit_segments AS s SET pruned_at = p.pruned_at, pruned_by = p.pruned_by, pruned_mac = p.pruned_mac FROM audit_segments AS p WHERE s.number = 2 AND p.number = 1`,
      [],
      'segment 2 .* was modified: the MAC of its pruning',
    ],
    [
      'a pruner was changed',
      `UPDATE audit_segments SET pruned_by = 'me' WHERE number = 1`,
      [],
      'segment 1 .* was modified: the MAC of its pruning',
    ],
    [
      'the first row was deleted',
      'DELETE FROM audit_segments WHERE number = 1',
      [],
      'the row of segment 1 is missing, and there is one of segment 2',
    ],
    [
      'a row was deleted',
      'DELETE FROM audit_segments WHERE number = 2',
      [],
      'the row of segment 2 is missing, and there is one of segment 3',
    ],
    [
      'the last row was deleted',
      'DELETE FROM audit_segments WHERE number = 3',
      [],
      'the row of segment 3 is missing: there were 3',
    ],
    ['all rows were deleted', 'DELETE FROM audit_segments', [], 'the row of segment 1 is missing: there were 3'],
    ['a row was added', insertRow, [], 'the row of segment 4 .* was modified: its MAC'],
    ['the count was deleted', 'DELETE FROM audit_segment_set', [], 'the row that counts the segments is missing'],
    [
      'the count was changed',
      'UPDATE audit_segment_set SET segments = 4',
      [],
      'the row of segment 4 is missing: there were 4',
    ],
    ['the count was lowered', 'UPDATE audit_segment_set SET segments = 2', [], 'the row of segment 3 was added'],
    [
      "the count's MAC was changed",
      `UPDATE audit_segment_set SET mac = '\\x00'`,
      [],
      'the row that counts the segments was modified',
    ],
    [
      'both tables were emptied',
      'WITH s AS (DELETE FROM audit_segments) DELETE FROM audit_segment_set',
      [],
      'REMOVED: events 1 to 400 are missing',
    ],
    [
      'a row of an exported day was deleted',
      'DELETE FROM audit_log WHERE day = $1 AND chain = 1 AND first = 401',
      [DAY_2],
      'chain 1 .*REMOVED: events? ',
    ],
    [
      'the last row of an exported day was deleted',
      'DELETE FROM audit_log WHERE day = $1 AND chain = 1 AND first = (SELECT max(first) FROM audit_log WHERE chain = 1 AND day = $1)',
      [DAY_2],
      'chain 1 .*REMOVED: events? .*missing: segment 2',
    ],
    [
      "an exported day's chain was deleted",
      'DELETE FROM audit_log WHERE day = $1 AND chain = 3',
      [DAY_2],
      'chain 3 .*REMOVED: events 1 to 400 are missing: segment 2',
    ],
    [
      'an event of an exported day was changed',
      `UPDATE audit_log SET events = replace(events, 'days ago, 7', 'days ago, 8') WHERE day = $1`,
      [DAY_2],
      'chain 1 .*EDITED: ',
    ],
    [
      'rows were moved to an exported day',
      'UPDATE audit_log SET day = $1 WHERE day = $2',
      [DAY_2, DAY_3],
      'chain 1 .*INSERTED: events 801 to 1200 are not in segment 2',
    ],
    [
      'rows were moved to a pruned day',
      'UPDATE audit_log SET day = $1 WHERE day = $2',
      [DAY_1, DAY_3],
      'chain 1 .*REMOVED: events 1 to 800',
    ],
  ])('%s', async (_, text, parameters, fault) => {
    await sql(text as string, ...parameters);
    const { exitCode, stdout, stderr } = await verify();
    expect(exitCode).toBe(1);
    expect(`${stdout}${stderr}`).toMatch(new RegExp(fault));
  });

  test('a partition of a day that was not exported was dropped', async () => {
    const log = await openLog(days.database, days.secret);
    log.record(auditEvent('lost'));
    await log.close();
    await dateBack(days.database, 1);
    await sql(`DROP TABLE ${table(daysAgo(1))}`);
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/END MISSING: event 1 is missing at its end/);
  });

  test('a chain begins later than its segment states', async () => {
    await sql('DELETE FROM audit_log WHERE chain = 1 AND day = $1', DAY_2);
    const { exitCode, stdout } = await verify();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/chain 1 .*REMOVED: events 401 to 800 are missing: segment 2/);
  });
});
