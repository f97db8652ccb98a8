import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { newSigningKey, newStream } from '../../test/support/audit-stream.js';
import { type DatabaseStore, newStore } from '../../test/support/database.js';
import { Clock } from '../clock.js';
import { connect } from '../database/database.js';
import { AuditLog, type AuditLogOptions } from './audit-log.js';
import { hashOf, link, NO_EVENTS, opened, unlinked } from './chain.js';
import type { ChainReport } from './chain-check.js';
import { checkpointEvent, signed } from './checkpoint.js';
import { type CheckpointVerifier, type CopyReport, verifyCopies } from './copy-check.js';
import { verifyTable } from './verify.js';

const SECRET = Buffer.alloc(32, 5);
const HOME = { accountId: '111122223333', region: 'us-east-1' };
const { signer, trusted } = newSigningKey();
const stranger = newSigningKey();

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

async function open(more: Partial<AuditLogOptions>): Promise<AuditLog> {
  const logger = pino({ level: 'info' }, { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
  const audit = new AuditLog({ database, secret: SECRET, clock: new Clock(), logger, home: HOME, ...more });
  await audit.open();
  return audit;
}

const event = (name: string, eventCategory: 'Data' | 'Management', requestParameters: object | null = null) =>
  JSON.stringify({
    eventID: randomUUID(),
    eventTime: '2026-02-14T11:12:13Z',
    eventName: name,
    requestParameters,
    eventCategory,
    tlsDetails: { tlsVersion: 'TLSv1.3' },
  });

const change = (audit: AuditLog, name: string) =>
  audit.transaction(() => Promise.resolve({ result: 0, events: [event(name, 'Management')] }));

const namesInTable = async () =>
  (
    await database.query<{ name: string }[]>(
      `SELECT event ->> 'eventName' AS name FROM audit_events ORDER BY chain, sequence`,
    )
  ).map(({ name }) => name);

async function tableReports(): Promise<ChainReport[]> {
  const reports: ChainReport[] = [];
  expect(await verifyTable(database, SECRET, (report) => reports.push(report))).toBeUndefined();
  return reports;
}

const check = (text: string, verifier?: CheckpointVerifier): Promise<CopyReport> =>
  verifyCopies([{ name: 'copy', content: Readable.from([text]) }], verifier);
const checkLines = (lines: readonly string[]) => check(lines.map((line) => `${line}\n`).join(''), trusted);

describe('a stream without the table', () => {
  test('gets only the events of the data plane, and a copy of the others once they are stored', async () => {
    const stream = newStream(signer);
    const audit = await open({ hasDataInTable: false, streams: [stream.options] });
    audit.record(event('VerifyMac', 'Data'));
    await change(audit, 'CreateKey');
    audit.record(event('ListKeys', 'Management'));
    // A caller chooses the encryption context, and with it the names of its members.
    audit.record(event('Encrypt', 'Management', { encryptionContext: { eventCategory: 'Data' } }));
    await audit.close();
    expect(await namesInTable()).toEqual(['CreateKey', 'ListKeys', 'Encrypt']);
    expect(stream.names().toSorted()).toEqual(['CreateKey', 'Encrypt', 'ListKeys', 'VerifyMac']);
    expect(audit.sinks).toEqual([
      { name: 'table', waiting: 0, dropped: 0, written: { management: 3, data: 0 } },
      { name: 'stdout', waiting: 0, dropped: 0, written: { management: 3, data: 1 } },
    ]);
    expect(log).toEqual([]);
  });

  test('has a chain of its own, whose end the database keeps', async () => {
    const stream = newStream(signer);
    const audit = await open({ hasDataInTable: false, streams: [stream.options] });
    for (let i = 0; i < 300; i++) audit.record(event(`n${i}`, 'Data'));
    await audit.close();
    const { chains, incomplete } = await check(`${stream.lines().join('\n')}\n`, trusted);
    const [table, entry] = await tableReports();
    expect(incomplete).toEqual([]);
    expect(chains).toMatchObject([
      { chain: 2, events: 302, begins: true, ends: true, signed: { sequence: 302 }, writer: { pid: process.pid } },
    ]);
    expect(chains[0]!.fault).toBeUndefined();
    expect(chains[0]!.table).toEqual({ chain: 1, ...table!.head });
    expect(entry).toMatchObject({ chain: 2, isElsewhere: true, head: chains[0]!.head, fault: undefined });
  });

  test('is reported if its entry in the database was changed', async () => {
    const audit = await open({ hasDataInTable: false, streams: [newStream(signer).options] });
    audit.record(event('n', 'Data'));
    await audit.close();
    await database.query('UPDATE audit_chains SET sequence = 1 WHERE chain = 2');
    const reports: ChainReport[] = [];
    await verifyTable(database, SECRET, (report) => reports.push(report));
    expect(reports[1]).toMatchObject({ chain: 2, fault: { kind: 'edited' } });
  });
});

describe('while the table can’t be written', () => {
  test('an announced event is on the streams at once, and in the table later, once each', async () => {
    const [one, other] = [newStream(signer), newStream(signer, false)];
    const streams = [one.options, { ...other.options, name: 'file' }];
    const audit = await open({ hasDataInTable: false, streams });
    await database.query('ALTER TABLE audit_chains RENAME TO away');
    try {
      audit.announce('StaleServingBegan', { limitSeconds: 60 });
      audit.record(event('GenerateMac', 'Data'));
      audit.record(event('ListKeys', 'Management'));
      audit.announce('StaleServingEnded', { calls: 1 });
      await audit.flush();
      for (const { names } of [one, other])
        expect(names()).toEqual(['StaleServingBegan', 'GenerateMac', 'StaleServingEnded']);
    } finally {
      await database.query('ALTER TABLE away RENAME TO audit_chains');
    }
    await audit.close();
    expect(await namesInTable()).toEqual(['StaleServingBegan', 'ListKeys', 'StaleServingEnded']);
    for (const { names, lines } of [one, other]) {
      expect(names()).toEqual(['StaleServingBegan', 'GenerateMac', 'StaleServingEnded', 'ListKeys']);
      expect((await checkLines(lines())).chains).toMatchObject([{ ends: true, fault: undefined }]);
    }
    const [began] = await database.query<{ event: object }[]>(
      `SELECT event FROM audit_events WHERE event ->> 'eventName' = 'StaleServingBegan'`,
    );
    expect(began?.event).toMatchObject({
      eventType: 'AwsServiceEvent',
      eventCategory: 'Management',
      recipientAccountId: HOME.accountId,
      serviceEventDetails: { limitSeconds: 60 },
    });
    expect(log.map(({ msg, sink }) => [msg, sink])).toEqual([
      ['audit events could not be written and remain queued', 'table'],
      ['audit events are written again', 'table'],
    ]);
  });

  test.each<[string, boolean, (down: ReturnType<typeof blocked>['stream']) => Partial<AuditLogOptions>]>([
    ['events of the data plane are in the table alone', false, () => ({})],
    ['they are in the table, too', false, () => ({ streams: [newStream(signer).options] })],
    ['they are on a stream', true, () => ({ hasDataInTable: false, streams: [newStream(signer).options] })],
    ['the stream is down', false, (down) => ({ hasDataInTable: false, streams: [down.options] })],
    [
      'one of two streams is down',
      false,
      (down) => ({ hasDataInTable: false, streams: [newStream(signer).options, down.options] }),
    ],
    [
      'a stream is down that isn’t required',
      true,
      (down) => ({
        hasDataInTable: false,
        streams: [newStream(signer).options, { ...down.options, isRequired: false }],
      }),
    ],
  ])('calls of the data plane are recorded where %s: %s', async (_, areRecorded, options) => {
    const { stream, repair } = blocked(true);
    const audit = await open(options(stream));
    audit.record(event('GenerateMac', 'Data'));
    await audit.flush();
    expect(audit.takesDataWithoutTable).toBe(areRecorded);
    repair();
    await audit.close();
  });

  test('data-plane calls are not recorded while the queue of a stream is full', async () => {
    const stream = newStream(signer);
    const audit = await open({ hasDataInTable: false, streams: [stream.options], maxWaiting: 2 });
    await audit.flush();
    for (const isFull of [false, true]) {
      audit.record(event('GenerateMac', 'Data'));
      expect(audit.takesDataWithoutTable).toBe(!isFull);
    }
    await audit.close();
  });
});

/** A stream that can't be written to until it is repaired. */
function blocked(isRequired: boolean) {
  const stream = newStream(signer, isRequired);
  const { write } = stream.options.output;
  let isDown = true;
  stream.options.output.write = (lines) => (isDown ? Promise.reject(new Error('ENOSPC')) : write(lines));
  return { stream, repair: () => void (isDown = false) };
}

describe('a stream that can’t be written to', () => {
  test('refuses calls when its queue is full, and loses nothing', async () => {
    const { stream, repair } = blocked(true);
    const audit = await open({ hasDataInTable: false, streams: [stream.options], maxWaiting: 3 });
    for (let i = 0; i < 4; i++) {
      expect(audit.isFull).toBe(i >= 3);
      audit.record(event(`n${i}`, 'Data'));
      await audit.flush();
    }
    expect([audit.waiting, audit.oldestWaitingSeconds > 1]).toEqual([4, true]);
    repair();
    await audit.flush();
    expect([audit.isFull, audit.waiting, audit.oldestWaitingSeconds]).toEqual([false, 0, 0]);
    await audit.close();
    expect(stream.names()).toEqual(['n0', 'n1', 'n2', 'n3']);
    expect((await checkLines(stream.lines())).chains).toMatchObject([{ ends: true, fault: undefined }]);
    expect(log.map(({ msg, sink }) => [msg, sink])).toEqual([
      ['audit events could not be written and remain queued', 'stdout'],
      ['calls are refused until audit events can be written again', 'stdout'],
      ['audit events are written again', 'stdout'],
    ]);
  });

  test('drops events if it isn’t required, counts them, and says so in its next line', async () => {
    const { stream, repair } = blocked(false);
    const audit = await open({ streams: [stream.options], maxWaiting: 3 });
    for (let i = 0; i < 5; i++) await change(audit, `n${i}`);
    expect([audit.isFull, audit.sinks[1]!.dropped]).toEqual([false, 2]);
    repair();
    await audit.close();
    const [, told] = stream.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toMatchObject({ eventName: 'AuditEventsDropped', serviceEventDetails: { events: 2 } });
    expect(stream.names()).toEqual(['AuditEventsDropped', 'n0', 'n1', 'n2']);
    expect(await namesInTable()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
  });

  test('doesn’t keep the service from stopping', async () => {
    const stream = newStream(signer);
    stream.options.output.write = () => new Promise(() => undefined);
    const audit = await open({ hasDataInTable: false, streams: [stream.options] });
    audit.record(event('lost', 'Data'));
    await audit.close();
    expect(log).toMatchObject([{ level: 60, events: 1, sink: 'stdout' }]);
  });
});

describe('somebody who changes a copy of a stream', () => {
  let lines: string[];
  let other: string[];
  beforeEach(async () => {
    const written = [newStream(signer), newStream(signer)];
    for (const stream of written) {
      const audit = await open({ hasDataInTable: false, streams: [stream.options] });
      for (const name of ['a', 'b', 'c', 'd']) audit.record(event(name, 'Data'));
      await audit.close();
    }
    [lines, other] = written.map((stream) => stream.lines()) as [string[], string[]];
  });

  const headOf = (text: readonly string[]) => ({
    sequence: (JSON.parse(text.at(-1)!) as { sequence: number }).sequence,
    hash: hashOf(text.at(-1)!),
  });
  /** Chains the lines after the first again, as anyone who knows the format can. */
  const relinked = ([first = '', ...others]: string[]) => [
    first,
    ...link(2, headOf([first]), others.map(unlinked)).lines,
  ];
  /** Replaces the last checkpoint with one that a key signs. */
  const forged = (text: readonly string[], key: typeof signer, keyId: string) => {
    const kept = text.slice(0, -1);
    const details = { state: 'ends' as const, keyId, host: 'h', pid: 1, table: { chain: 1, sequence: 0, hash: '' } };
    const checkpoint = opened(checkpointEvent(HOME, details, new Date()));
    return [...kept, signed(link(2, headOf(kept), [checkpoint]).lines[0]!, key)];
  };
  const edit = (line: string) => line.replace('"eventName":"b"', '"eventName":"x"');

  test('raises no alarm as long as nothing is changed', async () => {
    const { chains } = await checkLines(lines);
    expect(chains).toMatchObject([{ events: 6, fault: undefined, begins: true, ends: true, signed: { sequence: 6 } }]);
  });

  test.each<[string, (text: string[]) => string[], object]>([
    ['edits a line', (text) => text.map(edit), { kind: 'edited', sequence: 3 }],
    ['edits the last event', (text) => text.map((l) => l.replace('"d"', '"x"')), { kind: 'edited', sequence: 5 }],
    ['makes a line unreadable', (text) => text.with(2, text[2]!.slice(1)), { kind: 'removed', sequence: 3 }],
    ['removes a line', (text) => text.toSpliced(2, 1), { kind: 'removed', sequence: 3 }],
    ['inserts a line again', (text) => text.toSpliced(3, 0, text[2]!), { kind: 'inserted', sequence: 3 }],
    ['swaps lines', (text) => [text[0]!, text[2]!, text[1]!, ...text.slice(3)], { kind: 'removed', sequence: 2 }],
    ['appends a line', (text) => [...text, ...link(2, headOf(text), [unlinked(text[1]!)]).lines], { kind: 'inserted' }],
    [
      'replaces a line with one of another stream',
      (text) => text.with(2, other[2]!.replace('"node":4', '"node":2')),
      { kind: 'edited', sequence: 2 },
    ],
    ['edits an event and computes all hashes anew', (text) => relinked(text.map(edit)), { kind: 'not signed' }],
    [
      'edits an event, computes all hashes anew and leaves the checkpoints out',
      (text) => [...link(2, NO_EVENTS, text.slice(1, -1).map(edit).map(unlinked)).lines],
      { kind: 'not signed', what: 'it has no checkpoint, so no part of it is signed' },
    ],
    ['signs with another key', (text) => forged(text, stranger.signer, stranger.signer.keyId), { kind: 'not signed' }],
    [
      'signs with another key, and names the right one',
      (text) => forged(text, stranger.signer, signer.keyId),
      { kind: 'not signed', what: expect.stringContaining('does not have a valid signature') },
    ],
    [
      'puts the signature of another checkpoint in place of the right one',
      (text) => text.with(-1, text.at(-1)!.replace(/"signature":"[^"]+"/, text[0]!.match(/"signature":"[^"]+"/)![0])),
      { kind: 'not signed', sequence: 6 },
    ],
  ])('%s, and is detected', async (_what, attack, fault) => {
    const { chains } = await checkLines(attack(lines));
    expect(chains.map(({ chain }) => chain)).toContain(2);
    expect(chains.find(({ chain }) => chain === 2)!.fault).toMatchObject(fault);
  });

  test('cuts the end off, and the copy no longer has its last event', async () => {
    const { chains } = await checkLines(lines.slice(0, -2));
    expect(chains).toMatchObject([{ events: 4, ends: false, signed: { sequence: 1 }, fault: undefined }]);
  });

  test('leaves out the beginning, and the copy no longer has its first event', async () => {
    const { chains } = await checkLines(lines.slice(2));
    expect(chains).toMatchObject([{ events: 4, begins: false, ends: true, fault: undefined }]);
  });

  test('cuts a line, and it is reported as incomplete', async () => {
    const { chains, incomplete } = await check(lines.join('\n').slice(0, -100), trusted);
    expect(chains).toMatchObject([{ events: 5, ends: false, fault: undefined }]);
    expect(incomplete).toEqual([{ name: 'copy', characters: lines.at(-1)!.length - 100 }]);
  });

  test('mixes streams, which are verified one by one', async () => {
    const mixed = ['{"level":30,"node":1}', ...lines.flatMap((line, i) => [line, other[i]!]), '', 'null'];
    const { chains } = await checkLines(mixed);
    expect(chains).toMatchObject([
      { chain: 2, events: 6, ends: true, fault: undefined },
      { chain: 4, events: 6, ends: true, fault: undefined },
    ]);
  });

  test('is detected without a public key only if the chain is broken', async () => {
    const { chains } = await check(`${forged(relinked(lines.map(edit)), stranger.signer, signer.keyId).join('\n')}\n`);
    expect(chains).toMatchObject([{ ends: true, fault: undefined }]);
    expect(chains[0]!.signed).toBeUndefined();
    expect((await check(`${lines.map(edit).join('\n')}\n`)).chains[0]).toMatchObject({ fault: { kind: 'edited' } });
    expect((await check('{}\n')).chains).toEqual([]);
  });
});
