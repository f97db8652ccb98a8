import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { newStream } from '../../test/support/audit-stream.js';
import { type DatabaseStore, newStore } from '../../test/support/database.js';
import { lossyDatabase } from '../../test/support/faulty-database.js';
import { Clock } from '../clock.js';
import { connect } from '../database/database.js';
import { AuditLog, type AuditLogOptions } from './audit-log.js';
import type { ChainReport } from './chain-check.js';
import { verifyTable } from './verify.js';

/** Tests chains that can't be continued, and the row that counts chains. */

const SECRET = Buffer.alloc(32, 5);
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
  await database.query('TRUNCATE audit_log, audit_chains, audit_chain_set, principals CASCADE');
});

async function open(more: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
  const logger = pino({ level: 'info' }, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
  const options = { database, secret: SECRET, clock: new Clock(), logger, home: HOME };
  const audit = new AuditLog({ ...options, ...more });
  await audit.open();
  return audit;
}

const event = (name: string) =>
  JSON.stringify({ eventID: randomUUID(), eventTime: '2026-02-14T11:12:13Z', eventName: name });

const change = (audit: AuditLog, ...names: string[]) =>
  audit.transaction(() => Promise.resolve({ result: 0, events: names.map(event) }));

async function verified(): Promise<{ reports: ChainReport[]; setFault: string | undefined }> {
  const reports: ChainReport[] = [];
  const setFault = await verifyTable(database, SECRET, (report) => reports.push(report));
  return { reports, setFault };
}

/** Returns the names of the events of each chain. */
async function chains(): Promise<Record<number, string[]>> {
  const rows = await database.query<{ chain: number; name: string }[]>(
    `SELECT chain, event ->> 'eventName' AS name FROM audit_events ORDER BY chain, sequence`,
  );
  const names: Record<number, string[]> = {};
  for (const { chain, name } of rows) (names[chain] ??= []).push(name);
  return names;
}

/**
 * Keeps the rows of the log as they are now.
 *
 * @returns a function that restores them, as a failover or a restore does
 */
async function keepLog(): Promise<() => Promise<void>> {
  const tables = ['audit_log', 'audit_chains', 'audit_chain_set'];
  const copy = `kept_${randomUUID().replaceAll('-', '')}`;
  for (const table of tables) await database.query(`CREATE TABLE ${copy}_${table} AS TABLE ${table}`);
  return async () => {
    for (const table of tables) {
      await database.query(`DELETE FROM ${table}`);
      await database.query(`INSERT INTO ${table} TABLE ${copy}_${table}`);
    }
  };
}

describe('a chain that the database no longer holds as it was written', () => {
  test('ends, and the next chain records where it broke and takes over the waiting events', async () => {
    const audit = await open();
    await change(audit, 'kept');
    const goBack = await keepLog();
    await change(audit, 'lost', 'lost too');
    await goBack();
    await audit.transaction(() => {
      audit.record(event('waits'));
      return Promise.resolve({ result: 0, events: [event('made')] });
    });
    await audit.close();

    expect(await chains()).toEqual({ 1: ['kept'], 2: ['AuditChainBroken', 'made', 'waits'] });
    const [broken] = await database.query<{ event: Record<string, unknown> }[]>(
      'SELECT event FROM audit_events WHERE chain = 2 AND sequence = 1',
    );
    const { reports, setFault } = await verified();
    const [first, second] = reports;
    expect(broken!.event).toMatchObject({
      eventSource: 'keyblock',
      eventType: 'AwsServiceEvent',
      eventCategory: 'Management',
      awsRegion: 'us-east-1',
      recipientAccountId: '111122223333',
      resources: [],
      serviceEventDetails: {
        chain: 1,
        found: first!.head,
        written: { sequence: 3, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    expect(setFault).toBeUndefined();
    expect(first).toMatchObject({ chain: 1, events: 1, fault: undefined, chainEvents: [] });
    expect(second).toMatchObject({ chain: 2, events: 3, fault: undefined });
    expect(second!.chainEvents).toMatchObject([{ eventName: 'AuditChainBroken', serviceEventDetails: { chain: 1 } }]);
    expect(audit.chainsBroken).toBe(1);
    expect(log).toMatchObject([{ level: 50, chain: 1, next: 2 }]);
  });

  test('may be missing altogether, and its number is not used again', async () => {
    await (await open()).close();
    const goBack = await keepLog();
    const audit = await open();
    await change(audit, 'lost');
    await goBack();
    await change(audit, 'made');
    await change(audit, 'made too');
    await audit.close();
    expect(await chains()).toEqual({ 3: ['AuditChainBroken', 'made', 'made too'] });
    const { reports } = await verified();
    expect(reports).toMatchObject([
      { chain: 1, fault: undefined },
      { chain: 2, fault: { kind: 'chain missing' } },
      {
        chain: 3,
        fault: undefined,
        chainEvents: [{ serviceEventDetails: { chain: 2, found: null, written: { sequence: 1 } } }],
      },
    ]);
  });

  test('does not delay changes of other processes, which begin new chains of their own', async () => {
    const audits = [await open(), await open()];
    for (const audit of audits) await change(audit, 'kept');
    const goBack = await keepLog();
    for (const audit of audits) await change(audit, 'lost');
    await goBack();
    await Promise.all(audits.flatMap((audit) => [change(audit, 'made'), change(audit, 'made'), change(audit, 'made')]));
    for (const audit of audits) await audit.close();
    const made = ['AuditChainBroken', 'made', 'made', 'made'];
    expect(await chains()).toEqual({ 1: ['kept'], 2: ['kept'], 3: made, 4: made });
    expect(await verified()).toMatchObject({ setFault: undefined, reports: Array(4).fill({ fault: undefined }) });
  });

  test('is noticed on close at the latest', async () => {
    const audit = await open();
    const goBack = await keepLog();
    await change(audit, 'lost');
    await goBack();
    await audit.close();
    expect(await chains()).toEqual({ 2: ['AuditChainBroken'] });
  });

  test('is replaced only once if the answer to the commit is lost', async () => {
    let isLost = false;
    const stream = newStream();
    const audit = await open({ database: lossyDatabase(database, () => isLost), streams: [stream.options] });
    await change(audit, 'kept');
    const goBack = await keepLog();
    await change(audit, 'lost');
    await goBack();
    audit.record(event('waits'));
    isLost = true;
    // The answer to the statement that appends is lost, then that to the transaction that begins the next chain.
    await audit.flush();
    await audit.flush();
    isLost = false;
    await change(audit, 'made');
    await audit.close();
    expect(await chains()).toEqual({ 1: ['kept'], 3: ['AuditChainBroken', 'waits', 'made'] });
    expect(stream.names()).toEqual(['kept', 'lost', 'AuditChainBroken', 'waits', 'made']);
    expect(audit.chainsBroken).toBe(1);
  });

  test('is noticed even if the answer to the last commit was lost', async () => {
    let isLost = false;
    const audit = await open({ database: lossyDatabase(database, () => isLost) });
    await change(audit, 'kept');
    const goBack = await keepLog();
    await change(audit, 'lost');
    isLost = true;
    await expect(change(audit, 'lost, answer and all')).rejects.toThrow('Connection terminated');
    isLost = false;
    await goBack();
    await change(audit, 'made');
    await audit.close();
    expect(await chains()).toEqual({ 1: ['kept'], 2: ['AuditChainBroken', 'made'] });
  });

  test('ends when somebody else has changed its entry', async () => {
    const audit = await open();
    await change(audit, 'kept');
    await database.query(`UPDATE audit_chains SET mac = '\\x00'`);
    await change(audit, 'made');
    await audit.close();
    const { reports } = await verified();
    expect(reports).toMatchObject([
      { chain: 1, fault: { kind: 'edited' } },
      { chain: 2, fault: undefined, chainEvents: [{ serviceEventDetails: { chain: 1, found: null } }] },
    ]);
  });
});

describe('an attacker who can write to the database', () => {
  /** Chains 1 and 2 have ended; chain 3 belongs to a process that was killed. The deployment has a user. */
  let goBackToOneChain: () => Promise<void>;
  beforeEach(async () => {
    const first = await open();
    await database.query(
      `INSERT INTO principals VALUES ('arn:aws:iam::111122223333:user/ann', '111122223333', 'user', 'ann', 'AIDA', now())`,
    );
    await change(first, 'a');
    goBackToOneChain = await keepLog();
    await change(first, 'b');
    await first.close();
    const second = await open();
    await change(second, 'c');
    await second.close();
    await change(await open(), 'd');
    expect(await verified()).toMatchObject({ setFault: undefined, reports: Array(3).fill({ fault: undefined }) });
  });
  const run = async (...statements: string[]) => {
    for (const statement of statements) await database.query(statement);
  };

  test('empties the log, and every chain is reported as missing', async () => {
    await run('TRUNCATE audit_log, audit_chains');
    expect((await verified()).reports.map(({ fault }) => fault?.kind)).toEqual(Array(3).fill('chain missing'));
    await (await open()).close();
    expect((await verified()).reports).toMatchObject([
      ...Array<object>(3).fill({ fault: { kind: 'chain missing' } }),
      { chain: 4, fault: undefined },
    ]);
  });

  test('empties the log and the count of chains, and the next chain reports it', async () => {
    await run('TRUNCATE audit_log, audit_chains, audit_chain_set');
    expect(await verified()).toEqual({
      reports: [],
      setFault: expect.stringContaining('the row that counts the chains is missing'),
    });
    await (await open()).close();
    const { reports } = await verified();
    expect(reports).toMatchObject([
      { chain: 1, chainEvents: [{ eventName: 'AuditChainsUncounted', serviceEventDetails: { fault: 'missing' } }] },
    ]);
    expect(log).toMatchObject([{ level: 50, fault: 'missing' }]);
  });

  test('removes the newest chain with its entry, and the chain is reported as missing', async () => {
    await run('DELETE FROM audit_log WHERE chain = 3', 'DELETE FROM audit_chains WHERE chain = 3');
    expect((await verified()).reports[2]).toMatchObject({ chain: 3, fault: { kind: 'chain missing' } });
  });

  test('resets an ended chain and its entry to an earlier state, and the changed end is reported', async () => {
    const kept = await database.query<object[]>('SELECT * FROM audit_log WHERE chain > 1');
    const entries = await database.query<object[]>('SELECT * FROM audit_chains WHERE chain > 1');
    const [set] = await database.query<{ chains: number; ended: number; hash: string; mac: Buffer }[]>(
      'SELECT chains, ended, hash, mac FROM audit_chain_set',
    );
    await goBackToOneChain();
    for (const [table, rows] of Object.entries({ audit_log: kept, audit_chains: entries }))
      for (const row of rows)
        await database.query(
          `INSERT INTO ${table} (${Object.keys(row).join()}) VALUES (${Object.keys(row)
            .map((_, i) => `$${i + 1}`)
            .join()})`,
          Object.values(row),
        );
    await database.query('UPDATE audit_chain_set SET chains = $1, ended = $2, hash = $3, mac = $4', [
      ...Object.values(set!),
    ]);
    const { reports, setFault } = await verified();
    expect(reports).toMatchObject(Array(3).fill({ fault: undefined }));
    expect(setFault).toMatch(/^the ended chains do not match the hash of their ends/);
  });

  test.each([
    ['removes the row that counts the chains', 'DELETE FROM audit_chain_set', /is missing/, 'missing'],
    ['edits the number of chains', 'UPDATE audit_chain_set SET chains = 2', /was modified/, 'modified'],
    [
      'edits the hash over the ends of the chains',
      `UPDATE audit_chain_set SET hash = repeat('0', 64)`,
      /was modified/,
      'modified',
    ],
  ])('%s, and the next chain reports it', async (_what, statement, expected, fault) => {
    await run(statement);
    expect((await verified()).setFault).toMatch(expected);
    const next = await open();
    await change(next, 'e');
    await next.close();
    const { reports, setFault } = await verified();
    expect(setFault).toBeUndefined();
    expect(reports[3]).toMatchObject({ chain: 4, events: 2, chainEvents: [{ serviceEventDetails: { fault } }] });
  });

  test.each([
    ['clears the mark of an ended chain', 'UPDATE audit_chains SET ended = NULL WHERE chain = 2'],
    ['marks a chain as ended', 'UPDATE audit_chains SET ended = 3 WHERE chain = 3'],
    ['swaps the order in which two chains ended', 'UPDATE audit_chains SET ended = 3 - ended WHERE ended IS NOT NULL'],
  ])('%s, and the changed ends are reported', async (_what, statement) => {
    await run(statement);
    expect((await verified()).setFault).toMatch(/^the ended chains do not match the hash of their ends/);
  });

  test('resets the row that counts the chains to an earlier state, and the mismatch is reported', async () => {
    const [set] = await database.query<object[]>('SELECT chains, ended, hash, mac FROM audit_chain_set');
    await (await open()).close();
    await database.query(
      'UPDATE audit_chain_set SET chains = $1, ended = $2, hash = $3, mac = $4',
      Object.values(set!),
    );
    expect((await verified()).setFault).toBe(
      'according to the row that counts the chains there are 3, but 4 were found: the row was reset to an earlier state',
    );
  });
});

test('a new deployment without chains has no fault', async () => {
  expect(await verified()).toEqual({ reports: [], setFault: undefined });
});
