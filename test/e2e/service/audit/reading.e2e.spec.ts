import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { AuditLog } from '../../../../src/audit/audit-log.js';
import { LOCKS, tryWithLock } from '../../../../src/database/locks.js';
import { statement, useAdmin } from '../../../support/admin.js';
import { idOf } from '../../../support/audit.js';
import { createKey } from '../../../support/keys.js';
import { until } from '../../../support/process.js';
import { target } from '../../../support/service.js';

interface Event {
  eventName: string;
  eventTime: string;
  eventID: string;
  requestID: string;
  node: number;
  sequence: number;
}
interface Page {
  Events: Event[];
  NextToken?: string;
  Complete: boolean;
}

const { service, done, refused, caller } = useAdmin();
const query = <T>(sql: string, parameters: unknown[] = []) => service.app.get(DataSource).query<T>(sql, parameters);
const flush = () => service.app.get(AuditLog).flush();

/** Encodes query parameters as signatures require. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
const searchOf = (filters: object) =>
  Object.entries(filters)
    .map(([name, value]) => `${name}=${encoded(String(value))}`)
    .join('&');

async function list(filters: Record<string, string | number> = {}): Promise<Page> {
  await flush();
  return (await done('GET', `audit/events?${searchOf(filters)}`)) as unknown as Page;
}
const namesOf = ({ Events }: Page) => Events.map(({ eventName }) => eventName);

/** Follows the tokens to the end. @returns the pages */
async function pages(filters: Record<string, string | number>): Promise<Page[]> {
  const found = [await list(filters)];
  for (let token = found[0]?.NextToken; token !== undefined; token = found.at(-1)?.NextToken)
    found.push(await list({ ...filters, NextToken: token }));
  return found;
}

describe('ListAuditEvents', () => {
  let KeyArn: string;
  let userArn: string;
  let deniedId: string;
  let accessKeyId: string;
  beforeAll(async () => {
    KeyArn = (await createKey(service)).KeyArn;
    const credentials = await caller('reader', statement('payment-cryptography:ListKeys'));
    ({ accessKeyId } = credentials);
    userArn = 'arn:aws:iam::000000000000:user/reader';
    await service.send({ headers: target('ListKeys'), credentials });
    const denied = await service.send({
      headers: target('StopKeyUsage'),
      body: JSON.stringify({ KeyIdentifier: KeyArn }),
      credentials,
    });
    deniedId = idOf(denied);
  });

  test('finds events by each filter, as they were written and the newest first', async () => {
    expect(namesOf(await list({ Key: KeyArn }))).toEqual(['StopKeyUsage', 'CreateKey']);
    expect(namesOf(await list({ Caller: userArn }))).toEqual(['StopKeyUsage', 'ListKeys']);
    expect(namesOf(await list({ Caller: accessKeyId }))).toEqual(['StopKeyUsage', 'ListKeys']);
    expect(namesOf(await list({ Key: KeyArn, Outcome: 'served' }))).toEqual(['CreateKey']);
    expect(namesOf(await list({ Caller: userArn, Outcome: 'refused' }))).toEqual(['StopKeyUsage']);
    expect(namesOf(await list({ Outcome: 'AccessDeniedException' }))).toEqual(['StopKeyUsage']);
    expect(namesOf(await list({ Caller: userArn, Changes: 'true' }))).toEqual(['StopKeyUsage']);
    expect(namesOf(await list({ Operation: 'CreateKey', Key: KeyArn, Caller: userArn }))).toEqual([]);
    const found = await list({ RequestId: deniedId });
    const [written] = await query<{ event: Event }[]>(
      `SELECT event FROM audit_events WHERE event ->> 'requestID' = $1`,
      [deniedId],
    );
    expect(found).toEqual({ Events: [written?.event], Complete: true });
    const at = Date.parse(written?.event.eventTime ?? '') / 1000;
    expect(namesOf(await list({ RequestId: deniedId, From: at, To: at }))).toEqual(['StopKeyUsage']);
    expect(namesOf(await list({ RequestId: deniedId, From: at + 1 }))).toEqual([]);
    expect(namesOf(await list({ RequestId: deniedId, To: at - 1 }))).toEqual([]);
  });

  test('returns every event on exactly one page', async () => {
    await flush();
    const To = Math.floor(Date.now() / 1000);
    const rows = await query<{ id: string }[]>(
      `SELECT event ->> 'eventID' AS id FROM audit_events WHERE event ->> 'eventName' <> 'ListAuditEvents'`,
    );
    const found = await pages({ To, MaxResults: 3 });
    const ids = found.flatMap(({ Events }) =>
      Events.filter(({ eventName }) => eventName !== 'ListAuditEvents').map(({ eventID }) => eventID),
    );
    expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    expect(found.slice(0, -1).every(({ Events }) => Events.length === 3)).toBe(true);
    expect(found.every(({ Complete }) => Complete)).toBe(true);
  });

  test.each([
    [{ From: -1 }],
    [{ From: 'yesterday' }],
    [{ To: 1e15 }],
    [{ To: 'Infinity' }],
    [{ MaxResults: 101 }],
    [{ MaxResults: 0 }],
    [{ Changes: 'yes' }],
    [{ Key: '' }],
    [{ NextToken: 'none' }],
  ] as Record<string, string | number>[][])('refuses %j', async (filters) => {
    expect(await refused('GET', `audit/events?${searchOf(filters)}`)).toMatch(
      /^400 (?:Validation|Serialization)Exception/,
    );
  });

  test('takes filters as text and not as patterns or SQL', async () => {
    for (const text of [`' OR 1=1 --`, '%', '.*', '"', '\\', '","eventName":"CreateKey', '$1', '\0'])
      for (const name of ['Caller', 'Operation', 'Key', 'Outcome', 'RequestId'])
        expect(namesOf(await list({ Operation: 'CreateKey', [name]: text }))).toEqual([]);
  });

  test('refuses the token of another filter and of another operation', async () => {
    const { NextToken } = await list({ Outcome: 'served', MaxResults: 1 });
    expect(NextToken).toBeDefined();
    for (const filters of [{}, { Outcome: 'refused' }, { Outcome: 'served', From: 1 }])
      expect(await refused('GET', `audit/events?${searchOf({ ...filters, NextToken: NextToken ?? '' })}`)).toContain(
        '400 ValidationException',
      );
    expect(await refused('GET', `users?NextToken=${NextToken}`)).toContain('400 ValidationException');
  });

  test('stops at its limit of events, reports this, and continues from there', async () => {
    const log = service.app.get(AuditLog);
    for (let i = 0; i < 22_000; i++)
      log.record(`{"eventTime":"2100-01-01T00:00:00Z","eventName":"Filler","readOnly":true,"place":${i}}`);
    const found = await pages({ Operation: 'CreateKey', Key: KeyArn });
    expect(found[0]).toMatchObject({ Events: [], Complete: false, NextToken: expect.any(String) });
    expect(found.flatMap(namesOf)).toEqual(['CreateKey']);
    expect(found.at(-1)).toMatchObject({ Complete: true });
    // A period saves the call from reading them.
    const soon = await list({ Operation: 'CreateKey', Key: KeyArn, To: Date.parse('2099-01-01T00:00:00Z') / 1000 });
    expect([soon.Complete, namesOf(soon)]).toEqual([true, ['CreateKey']]);
  });

  test('refuses concurrent reads beyond its limit, and serves again afterwards', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => service.send({ method: 'GET', path: '/admin/audit/events?Operation=None' })),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].toSorted()).toEqual([200, 429]);
    expect((await pages({ RequestId: deniedId })).flatMap(namesOf)).toEqual(['StopKeyUsage']);
  });
});

describe('VerifyAuditChains', () => {
  async function verified(): Promise<Record<string, unknown>> {
    // The previous verification holds its lock for a moment after its result is available.
    let started = await service.send({ method: 'POST', path: '/admin/audit/verifications' });
    while (started.status === 409) {
      await pause(20);
      started = await service.send({ method: 'POST', path: '/admin/audit/verifications' });
    }
    expect([started.status, started.json['State']]).toEqual([200, 'RUNNING']);
    for (;;) {
      const latest = await done('GET', 'audit/verifications/latest');
      if (latest['State'] !== 'RUNNING') return latest;
      await pause(20);
    }
  }

  test('reports every chain, and the fault of an edited one', async () => {
    expect(await verified()).toMatchObject({
      State: 'INTACT',
      StartedBy: 'arn:aws:iam::000000000000:root',
      ChainCount: 1,
      FaultyCount: 0,
      Chains: [{ Chain: 1, Pid: process.pid, Head: { Sequence: expect.any(Number), Hash: expect.any(String) } }],
    });
    await query(`UPDATE audit_log SET last_time = last_time + interval '1 day' WHERE first = 1`);
    expect(await verified()).toMatchObject({
      State: 'BROKEN',
      FaultyCount: 1,
      Chains: [
        {
          Fault: {
            Kind: 'edited',
            Sequence: 1,
            What: expect.stringMatching(/times that differ from those of its events/) as unknown,
          },
        },
      ],
    });
    await query(`UPDATE audit_log SET first_time = NULL WHERE first = 1`);
    await query(`UPDATE audit_log SET events = replace(events, 'CreateKey', 'DeleteKey') WHERE first = 1`);
    expect(await verified()).toMatchObject({ State: 'BROKEN', Chains: [{ Fault: { Kind: 'edited' } }] });
  });

  test('shows that its result was edited in the database', async () => {
    await query(`UPDATE audit_verification SET report = replace(report, 'BROKEN', 'INTACT')`);
    expect(await done('GET', 'audit/verifications/latest')).toEqual({ State: 'MODIFIED' });
  });

  test('is refused while another runs on any node', async () => {
    await verified();
    const database = service.app.get(DataSource);
    const start = () => service.send({ method: 'POST', path: '/admin/audit/verifications' });
    const whileLocked = async () => {
      expect(await refused('POST', 'audit/verifications')).toBe(
        '409 ConflictException: The audit chains are being verified: wait for the result.',
      );
      const starts = await Promise.all([start(), start(), start()]);
      expect(starts.map(({ status }) => status)).toEqual([409, 409, 409]);
    };
    await until(() => tryWithLock(database, LOCKS.auditVerification, whileLocked));
    // No verification ends before all have been asked for.
    const starts = await database.transaction(async (manager) => {
      await manager.query('LOCK TABLE audit_log');
      return Promise.all([start(), start(), start()]);
    });
    expect(starts.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    while ((await done('GET', 'audit/verifications/latest'))['State'] === 'RUNNING') await pause(20);
  });
});
