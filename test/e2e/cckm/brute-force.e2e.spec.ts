import { jest } from '@jest/globals';
import { DataSource } from 'typeorm';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { MasterKey } from '../../../src/provider/master-key.js';
import { PASSWORD, refusalOf, request, useCckm, userArn } from '../../support/cckm.js';
import { startOn, TestClock } from '../../support/service.js';

const WRONG = '401 5 NCERRUnauthorizedAccess | Wrong username or password.';
const MINUTE_MS = 60_000;

const clock = new TestClock();
const { service, admin, createUser, signIn } = useCckm({}, clock);

const guess = (username: string, password: string) =>
  request(service.url, 'POST', 'auth/tokens', { body: { username, password } });
const refused = async (username: string, password = 'a wrong guess') => refusalOf(await guess(username, password));
async function guesses(username: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) expect(await refused(username)).toBe(WRONG);
}

test('five wrong passwords in a row lock a user for 15 minutes, with the same answer for the right one', async () => {
  await createUser('ann');
  await guesses('ann', 4);
  await signIn('ann');
  await guesses('ann', 5);
  expect(await refused('ann', PASSWORD)).toBe(WRONG);
  clock.advance(14 * MINUTE_MS);
  expect(await refused('ann', PASSWORD)).toBe(WRONG);
  clock.advance(2 * MINUTE_MS);
  await signIn('ann');
});

test('guesses during a lock neither prolong it nor count', async () => {
  await createUser('bob');
  await guesses('bob', 5);
  clock.advance(14 * MINUTE_MS);
  await guesses('bob', 6);
  clock.advance(2 * MINUTE_MS);
  await guesses('bob', 4);
  await signIn('bob');
});

test('concurrent guesses are counted one by one', async () => {
  await createUser('cy');
  const answers = await Promise.all(Array.from({ length: 8 }, () => guess('cy', 'a wrong guess')));
  expect(answers.map(refusalOf)).toEqual(answers.map(() => WRONG));
  expect(await refused('cy', PASSWORD)).toBe(WRONG);
});

test('guesses at several nodes count together, and a lock holds at each', async () => {
  await createUser('hal');
  const other = await startOn(service.store, {}, undefined, clock);
  try {
    const elsewhere = async (password: string) =>
      refusalOf(await request(other.url, 'POST', 'auth/tokens', { body: { username: 'hal', password } }));
    await guesses('hal', 3);
    expect(await elsewhere('a wrong guess')).toBe(WRONG);
    expect(await elsewhere('a wrong guess')).toBe(WRONG);
    expect(await elsewhere(PASSWORD)).toBe(WRONG);
    expect(await refused('hal', PASSWORD)).toBe(WRONG);
  } finally {
    await other.close();
  }
});

test('the next sign-in is hashed while the previous failure is counted, so its duration does not reveal unknown users', async () => {
  await createUser('ida');
  await createUser('jan');
  const runner = service.app.get(DataSource).createQueryRunner();
  const opened = jest.spyOn(service.app.get(MasterKey), 'open');
  try {
    await runner.startTransaction();
    await runner.query('SELECT 1 FROM passwords WHERE principal_arn = $1 FOR UPDATE', [userArn('ida')]);
    expect(await refused('ida')).toBe(WRONG);
    const next = guess('jan', PASSWORD);
    const isHashed = () => opened.mock.calls.some(([aad]) => aad.includes(userArn('jan')));
    const deadline = Date.now() + 30_000;
    while (!isHashed() && Date.now() < deadline) await new Promise(setImmediate);
    expect(isHashed()).toBe(true);
    // A password that is changed during the check no longer counts.
    await admin('PUT', 'users/jan/password', { Password: 'a new long password' });
    await runner.rollbackTransaction();
    expect(refusalOf(await next)).toBe(WRONG);
    await signIn('jan', 'a new long password');
  } finally {
    opened.mockRestore();
    await runner.release();
  }
});

test('existing sign-ins stay valid during a lock, and a new password ends it', async () => {
  await createUser('eve');
  const eve = await signIn('eve');
  await guesses('eve', 5);
  expect(await eve.ok('GET', 'auth/self/user')).toMatchObject({ username: 'eve' });
  const { refresh_token } = eve.tokens;
  const refresh = { grant_type: 'refresh_token', refresh_token };
  expect((await request(service.url, 'POST', 'auth/tokens', { body: refresh })).status).toBe(201);
  await admin('PUT', 'users/eve/password', { Password: 'a new long password' });
  await signIn('eve', 'a new long password');
});

test('a locked user, a wrong password and an unknown user get responses that differ only in the request id', async () => {
  await createUser('fay');
  const wrong = await guess('fay', 'a wrong guess');
  await guesses('fay', 4);
  const locked = await guess('fay', PASSWORD);
  const unknown = await guess('nobody', PASSWORD);
  const shown = ({ status, json, headers }: typeof wrong) => ({
    status,
    json: { ...json, requestID: '' },
    headers: [...headers].map(([name, value]) => (/request|date/.test(name) ? name : `${name}: ${value}`)),
  });
  expect(shown(locked)).toEqual(shown(wrong));
  expect(shown(unknown)).toEqual(shown(wrong));
});

test('the event of a failed sign-in names the user if it exists, and contains no other text of the field', async () => {
  await createUser('gus');
  await admin('POST', 'roles', { Name: 'gus-role' });
  await guesses('gus', 1);
  for (const name of [PASSWORD, 'gus-role', 'GUS', 'gus/', '../user/gus', '%', `gus' OR '1'='1`, 'x'.repeat(2048)])
    await guesses(name, 1);
  await service.app.get(AuditLog).flush();
  const events = await service.app.get(DataSource).query<{ identity: object; text: string }[]>(
    `SELECT event->'userIdentity' AS identity, event::text AS text FROM audit_events
      WHERE event->>'eventName' = 'CreateToken' AND event->>'errorCode' = 'NCERRUnauthorizedAccess'`,
  );
  const named = events.filter(({ identity }) => JSON.stringify(identity).includes('gus'));
  expect(named.map(({ identity }) => identity)).toEqual([{ type: 'Unknown', userName: 'gus' }]);
  expect(events.filter(({ text }) => text.includes(PASSWORD) || text.includes('gus-role'))).toEqual([]);
});

test('too many concurrent sign-ins are refused for a while, and other calls are served', async () => {
  await createUser('kay');
  const kay = await signIn('kay');
  const crowd = Array.from({ length: 40 }, () => guess('nobody', 'a wrong guess'));
  const meanwhile = kay.ok('GET', 'auth/self/user');
  const answers = (await Promise.all(crowd)).map(refusalOf);
  await meanwhile;
  const busy = '429 15 NCERRBadRequest: Bad HTTP request | ThrottlingException: Too many sign-ins wait to be checked.';
  expect(answers.filter((answer) => answer === WRONG).length).toBeGreaterThanOrEqual(16);
  expect(answers.filter((answer) => answer.startsWith(busy)).length).toBeGreaterThan(0);
  await signIn('kay');
});
