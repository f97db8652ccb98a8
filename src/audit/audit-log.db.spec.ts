import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { newStream } from '../../test/support/audit-stream.js';
import { newStore, type DatabaseStore } from '../../test/support/database.js';
import { faultyDatabase, lossyDatabase } from '../../test/support/faulty-database.js';
import { Clock } from '../clock.js';
import { connect } from '../database/database.js';
import { AuditLog, type AuditLogOptions } from './audit-log.js';
import type { ChainReport } from './chain-check.js';
import { batchMac, type Head, headMac, link, opened } from './chain.js';
import { verifyTable } from './verify.js';

const SECRET = Buffer.alloc(32, 5);
const OTHER_SECRET = Buffer.alloc(32, 6);
const HOME = { accountId: '111122223333', region: 'us-east-1' };

let store: DatabaseStore;
let database: DataSource;
let log: Record<string, unknown>[];
beforeAll(async () => {
  store = await newStore();
  database = await connect(store.env.DATABASE_URL);
});
afterAll(async () => {
  await database.destroy();
  await store.remove();
});
beforeEach(async () => {
  log = [];
  await database.query('TRUNCATE audit_log, audit_chains, audit_chain_set');
});

async function open(more: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const logger = pino({ level: 'info' }, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
  const audit = new AuditLog({
    database,
    secret: SECRET,
    clock: new Clock(),
    logger,
    home: HOME,
    ...more,
  });
  await audit.open();
  return audit;
}

const event = (name: string) =>
  JSON.stringify({ eventID: randomUUID(), eventTime: '2026-02-14T11:12:13Z', eventName: name });

/** Writes rows with these numbers of events, one row after the other. */
async function writeRows(audit: AuditLog, sizes: readonly number[]): Promise<void> {
  for (const size of sizes)
    await audit.transaction(() =>
      Promise.resolve({ result: 0, events: Array.from({ length: size }, (_, i) => event(`e${i}`)) }),
    );
}

async function verified(): Promise<ChainReport[]> {
  const reports: ChainReport[] = [];
  await verifyTable(database, SECRET, (report) => reports.push(report));
  return reports;
}

const names = async () =>
  (
    await database.query<{ name: string }[]>(
      `SELECT event ->> 'eventName' AS name FROM audit_events ORDER BY chain, sequence`,
    )
  ).map(({ name }) => name);

test('each process has a chain of its own, numbered without gaps even if many processes begin at once', async () => {
  const audits = await Promise.all(Array.from({ length: 5 }, () => open()));
  for (const audit of audits) await writeRows(audit, [2, 1]);
  await Promise.all(audits.map((audit) => audit.close()));
  const reports = await verified();
  expect(reports.map(({ chain }) => chain)).toEqual([1, 2, 3, 4, 5]);
  for (const report of reports)
    expect(report).toMatchObject({ events: 3, from: '2026-02-14T11:12:13Z', writer: { pid: process.pid } });
  expect(reports.every(({ fault }) => fault === undefined)).toBe(true);
});

test('a chain may have no events', async () => {
  await (await open()).close();
  expect(await verified()).toMatchObject([{ chain: 1, events: 0, fault: undefined }]);
});

test('writes events outside transactions in batches and in order, the last of them on close', async () => {
  const audit = await open();
  for (let i = 0; i < 2500; i++) audit.record(event(`n${i}`));
  await audit.close();
  expect(await names()).toEqual(Array.from({ length: 2500 }, (_, i) => `n${i}`));
  const rows = await database.query<{ count: number }[]>('SELECT count FROM audit_log ORDER BY first');
  expect(rows.map(({ count }) => count)).toEqual(Array<number>(10).fill(250));
  expect(await verified()).toMatchObject([{ events: 2500, fault: undefined }]);
});

test('writes fewer events at once if they are long', async () => {
  const audit = await open();
  for (let i = 0; i < 20; i++) audit.record(event('n'.repeat(100_000)));
  await audit.close();
  const rows = await database.query<{ count: number }[]>('SELECT count FROM audit_log ORDER BY first');
  expect(rows.map(({ count }) => count)).toEqual(Array<number>(5).fill(4));
  expect(await verified()).toMatchObject([{ events: 20, fault: undefined }]);
});

test('starts a batch when two hundred events wait, and the next batch only when as many wait again', async () => {
  let begun = 0;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const audit = await open({
    database: faultyDatabase(database, async (commit) => {
      begun += 1;
      if (begun === 2) await held;
      return commit();
    }),
  });
  const record = (count: number) => Array.from({ length: count }, () => audit.record(event('n')));
  record(199);
  await turn();
  expect(begun).toBe(1); // the transaction that began the chain
  record(1);
  while (begun < 2) await turn();
  release();
  while ((await names()).length === 0);
  record(30);
  await audit.close();
  const rows = await database.query<{ count: number }[]>('SELECT count FROM audit_log ORDER BY first');
  expect(rows.map(({ count }) => count)).toEqual([200, 30]);
});

test('writes an event if and only if its transaction commits', async () => {
  const audit = await open();
  const change = (fails: boolean) =>
    audit.transaction(async (manager) => {
      await manager.query(`INSERT INTO default_replication_regions VALUES ('000000000000', 'us-east-1', $1)`, [
        String(fails),
      ]);
      return { result: 0, events: [event(String(fails))] };
    });
  await change(false);
  await database.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''refused''; END'`);
  await database.query(
    'CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit_log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()',
  );
  await expect(change(true)).rejects.toThrow('refused');
  await database.query('DROP FUNCTION refuse CASCADE');
  expect(await names()).toEqual(['false']);
  expect(await database.query('SELECT replication_region AS region FROM default_replication_regions')).toEqual([
    { region: 'false' },
  ]);
  await database.query('DELETE FROM default_replication_regions');

  audit.record(event('after'));
  await audit.close();
  expect(await names()).toEqual(['false', 'after']);
  expect(await verified()).toMatchObject([{ events: 2, fault: undefined }]);
});

test('writes events only once, in table and stream, when their commit succeeded but its answer was lost', async () => {
  const stream = newStream();
  let isLost = false;
  const audit = await open({ database: lossyDatabase(database, () => isLost), streams: [stream.options] });
  await writeRows(audit, [1]);
  isLost = true;
  await expect(writeRows(audit, [2])).rejects.toThrow('Connection terminated');
  for (const name of ['a', 'b', 'c']) audit.record(event(name));
  await audit.flush();
  audit.record(event('d'));
  isLost = false;
  await audit.flush();
  await writeRows(audit, [1]);
  await audit.close();
  expect(await names()).toEqual(['e0', 'e0', 'e1', 'a', 'b', 'c', 'd', 'e0']);
  expect(stream.names()).toEqual(await names());
  expect(await verified()).toMatchObject([
    { events: 8, fault: undefined },
    { isElsewhere: true, fault: undefined },
  ]);
  expect(log.map(({ msg }) => msg)).toEqual([
    'audit events could not be written and remain queued',
    'audit events are written again',
  ]);
});

test('queues events while the database rejects them, up to a limit, and logs once that the limit is reached', async () => {
  let isDown = false;
  const audit = await open({
    maxWaiting: 3,
    database: faultyDatabase(database, (commit) => (isDown ? Promise.reject(new Error('ECONNREFUSED')) : commit())),
  });
  isDown = true;
  for (let i = 0; i < 4; i++) {
    expect(audit.isFull).toBe(i >= 3);
    audit.record(event(`n${i}`));
    await audit.flush();
  }
  expect(log.map(({ level, msg }) => [level, msg])).toEqual([
    [50, 'audit events could not be written and remain queued'],
    [50, 'calls are refused until audit events can be written again'],
  ]);
  isDown = false;
  await audit.flush();
  expect(audit.isFull).toBe(false);
  await audit.close();
  expect(await names()).toEqual(['n0', 'n1', 'n2', 'n3']);
});

describe('an attacker who can write to the database', () => {
  /** Chains 1 to 3, of which the second has events 1 to 9 in rows of three. */
  beforeEach(async () => {
    for (const sizes of [[2], [3, 3, 3], [1]]) {
      const audit = await open();
      await writeRows(audit, sizes);
      await audit.close();
    }
  });

  const sql =
    (...statements: string[]) =>
    async () => {
      for (const statement of statements) await database.query(statement);
    };
  const lines = async (first: number) =>
    (
      await database.query<{ events: string }[]>('SELECT events FROM audit_log WHERE chain = 2 AND first = $1', [first])
    )[0]!.events.split('\n');
  const change = (first: number, edit: (lines: string[]) => string[]) => async () => {
    await database.query('UPDATE audit_log SET events = $2 WHERE chain = 2 AND first = $1', [
      first,
      edit(await lines(first)).join('\n'),
    ]);
  };
  const edit = (line: string | undefined) => (line ?? '').replace('"eventName":"e', '"eventName":"x');
  const swapped = ([a = '', b = '', c = '']: string[]) => [b, a, c];

  /** Rewrites edited events as the service would write them, but with another secret. */
  const recomputed = async () => {
    const all = [...(await lines(1)), ...(await lines(4)), ...(await lines(7))];
    const events = all.map((line) => opened(edit(line).replace(/,"node":.*/, '}')));
    let head: Head = { sequence: 0, hash: '0'.repeat(64) };
    for (const first of [1, 4, 7]) {
      const batch = link(2, head, events.slice(first - 1, first + 2));
      ({ head } = batch);
      await database.query('UPDATE audit_log SET events = $2, mac = $3 WHERE chain = 2 AND first = $1', [
        first,
        batch.lines.join('\n'),
        batchMac(OTHER_SECRET, 2, batch),
      ]);
    }
    const [row] = await database.query<{ host: string; pid: number; startedAt: Date }[]>(
      'SELECT host, pid, started_at AS "startedAt" FROM audit_chains WHERE chain = 2',
    );
    const mac = headMac(OTHER_SECRET, { chain: 2, kind: 'table', ...row! }, head);
    await database.query('UPDATE audit_chains SET hash = $1, mac = $2 WHERE chain = 2', [head.hash, mac]);
  };

  test.each<[string, () => Promise<void>, Partial<ChainReport['fault'] & object>]>([
    ['edits the first event', change(1, ([a, ...more]) => [edit(a), ...more]), { kind: 'edited', sequence: 1 }],
    [
      'edits an event in the middle',
      change(4, ([a = '', b, c = '']) => [a, edit(b), c]),
      { kind: 'edited', sequence: 5 },
    ],
    [
      'edits the last event of a row',
      change(4, ([a = '', b = '', c]) => [a, b, edit(c)]),
      { kind: 'edited', sequence: 4 },
    ],
    ['edits the last event', change(7, ([a = '', b = '', c]) => [a, b, edit(c)]), { kind: 'edited', sequence: 7 }],
    [
      'edits the link of an event',
      change(4, ([a = '', ...more]) => [
        a.replace(/(?<="previous":")./, (digit) => (digit === '0' ? '1' : '0')),
        ...more,
      ]),
      { kind: 'edited', sequence: 3 },
    ],
    [
      'replaces an event with other text',
      change(4, ([a = '', , c = '']) => [a, 'nothing', c]),
      { kind: 'edited', sequence: 5 },
    ],
    ['removes the first event', change(1, ([, ...more]) => more), { kind: 'removed', sequence: 1 }],
    ['removes an event in the middle', change(4, ([a = '', , c = '']) => [a, c]), { kind: 'removed', sequence: 5 }],
    ['removes the last event of a row', change(4, ([a = '', b = '']) => [a, b]), { kind: 'edited', sequence: 4 }],
    ['removes the last event', change(7, ([a = '', b = '']) => [a, b]), { kind: 'edited', sequence: 7 }],
    [
      'removes the first row',
      sql('DELETE FROM audit_log WHERE chain = 2 AND first = 1'),
      { kind: 'removed', sequence: 1, what: 'events 1 to 3 are missing' },
    ],
    [
      'removes a row in the middle',
      sql('DELETE FROM audit_log WHERE chain = 2 AND first = 4'),
      { kind: 'removed', sequence: 4, what: 'events 4 to 6 are missing' },
    ],
    [
      'cuts off the end',
      sql('DELETE FROM audit_log WHERE chain = 2 AND first > 1'),
      { kind: 'end missing', sequence: 4, what: 'events 4 to 9 are missing at its end' },
    ],
    [
      'cuts off the end and moves the head back',
      sql(
        'DELETE FROM audit_log WHERE chain = 2 AND first = 7',
        `UPDATE audit_chains SET sequence = 6 WHERE chain = 2`,
      ),
      { kind: 'edited', sequence: undefined },
    ],
    ['empties a chain', sql('DELETE FROM audit_log WHERE chain = 2'), { kind: 'end missing', sequence: 1 }],
    ['swaps events', change(4, swapped), { kind: 'removed', sequence: 4 }],
    [
      'swaps rows',
      sql(
        'UPDATE audit_log SET first = -1 WHERE chain = 2 AND first = 1',
        'UPDATE audit_log SET first = 1 WHERE chain = 2 AND first = 4',
        'UPDATE audit_log SET first = 4 WHERE chain = 2 AND first = -1',
      ),
      { kind: 'removed', sequence: 1 },
    ],
    ['inserts an event', change(4, ([a = '', ...more]) => [a, a, ...more]), { kind: 'inserted', sequence: 4 }],
    [
      'inserts a row',
      sql('INSERT INTO audit_log SELECT chain, 5, count, events, mac FROM audit_log WHERE chain = 2 AND first = 4'),
      { kind: 'inserted', sequence: 5 },
    ],
    [
      'inserts a row before the first',
      sql('INSERT INTO audit_log SELECT chain, 0, count, events, mac FROM audit_log WHERE chain = 2 AND first = 1'),
      { kind: 'inserted', sequence: 0 },
    ],
    [
      'appends a row',
      sql('INSERT INTO audit_log SELECT chain, 10, count, events, mac FROM audit_log WHERE chain = 2 AND first = 7'),
      { kind: 'inserted', sequence: 7 },
    ],
    [
      'copies a row from another chain',
      sql(
        `UPDATE audit_log SET events = (SELECT events FROM audit_log WHERE chain = 1), count = 2 WHERE chain = 2 AND first = 1`,
      ),
      { kind: 'edited', sequence: 1 },
    ],
    [
      'edits the event count of a row',
      sql('UPDATE audit_log SET count = 4 WHERE chain = 2 AND first = 4'),
      { kind: 'edited', sequence: 4 },
    ],
    [
      'recomputes everything without the secret',
      recomputed,
      {
        kind: 'edited',
        sequence: 1,
        what: 'events 1 to 3 are modified: the MAC of the row does not match',
      },
    ],
    [
      'edits the head',
      sql(`UPDATE audit_chains SET host = 'another' WHERE chain = 2`),
      { kind: 'edited', sequence: undefined, what: 'its entry in audit_chains was modified: the MAC does not match' },
    ],
    [
      'restores an older head',
      sql(`UPDATE audit_chains SET sequence = 3, mac = '\\x00' WHERE chain = 2`),
      { kind: 'edited', sequence: undefined },
    ],
    [
      'declares that its events are on a stream, and removes them',
      sql('DELETE FROM audit_log WHERE chain = 2', `UPDATE audit_chains SET kind = 'stream' WHERE chain = 2`),
      { kind: 'edited', sequence: undefined },
    ],
    ['removes the head', sql('DELETE FROM audit_chains WHERE chain = 2'), { kind: 'chain missing' }],
    [
      'removes a chain',
      sql('DELETE FROM audit_log WHERE chain = 2', 'DELETE FROM audit_chains WHERE chain = 2'),
      { kind: 'chain missing' },
    ],
  ])('%s, and is detected', async (_what, attack, fault) => {
    expect((await verified()).map((report) => report.fault)).toEqual([undefined, undefined, undefined]);
    await attack();
    const reports = await verified();
    expect(reports.map(({ chain }) => chain)).toEqual([1, 2, 3]);
    expect([reports[0]!.fault, reports[2]!.fault]).toEqual([undefined, undefined]);
    expect(reports[1]!.fault).toMatchObject(fault);
  });
});
