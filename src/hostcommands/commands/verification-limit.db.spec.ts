import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { rootCall } from '../../../test/support/call.js';
import { type DatabaseStore, newStore } from '../../../test/support/database.js';
import { runCommand } from '../../../test/support/host-commands.js';
import { AuditLog } from '../../audit/audit-log.js';
import { Changes } from '../../changes/changes.js';
import { Clock } from '../../clock.js';
import { connect } from '../../database/database.js';
import { VerificationFailedException } from '../../errors/exceptions.js';
import { Metrics } from '../../http/metrics.js';
import { VerificationLimit } from '../../payment/dataplane/verification/verification-limit.js';
import { Verifications } from '../../payment/dataplane/verification/verifications.js';
import { PIN_COMMANDS } from './pin-commands.js';

const LIMIT = 3;
const SECRET = Buffer.alloc(32, 7);
const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const PVK = 'X367930344805B1FAD6146EF4ED7502B3';
const BLOCK = '91DDDA0A7C12CFAA';
const ACCOUNT = '550000025321';

let store: DatabaseStore;
let database: DataSource;
let limit: VerificationLimit;
let verifications: Verifications;
beforeAll(async () => {
  store = await newStore();
  database = await connect(store.env.DATABASE_URL);
});
afterAll(async () => {
  await database.destroy();
  await store.remove();
});
beforeEach(async () => {
  await database.query('TRUNCATE verification_failures');
  // The window of a day begins at midnight UTC.
  const clock = Object.assign(new Clock(), { now: () => new Date('2026-02-14T11:12:13Z') });
  const logger = pino({ level: 'silent' });
  const home = { accountId: '111122223333', region: 'us-east-1' };
  const audit = new AuditLog({ database, secret: SECRET, clock, logger, home });
  const changes = new Changes(database, audit, clock, logger);
  const pan = { failures: LIMIT, seconds: 86_400 };
  limit = new VerificationLimit({ pan }, Buffer.from(SECRET), database, changes, clock, logger);
  verifications = new Verifications(new Metrics(), limit);
});
afterEach(() => limit.onApplicationShutdown());

const run = (text: string) => runCommand(PIN_COMMANDS, text, {}, { verifications });
const ec = (rest: string, block = BLOCK) => run(`EC${ZPK}${PVK}${block}01${ACCOUNT}${rest}`);

/** Fails as VerifyPinData does for a PAN. */
async function failByApi(pan: string): Promise<void> {
  const wrong = () => {
    throw new VerificationFailedException('Pin block verification failed.', 'INVALID_PIN');
  };
  await expect(
    (async () => verifications.attempt(rootCall('VerifyPinData'), { keyArns: [], pan }, wrong))(),
  ).rejects.toThrow();
}

const subjects = async () =>
  database.query<{ subject: string; failures: number }[]>('SELECT subject, failures FROM verification_failures');

test('a PAN and its 12 account digits are one subject', async () => {
  await failByApi(`4000${ACCOUNT}8`);
  expect(await ec('14403')).toBe('ED01');
  await failByApi(`${ACCOUNT}3`);
  expect(await subjects()).toEqual([{ subject: expect.stringMatching(/^pan:/) as string, failures: LIMIT }]);
  expect(await ec('14402')).toBe('ED41');
});

test.each<[string, string]>([
  ['a wrong PVV', `EC${ZPK}${PVK}${BLOCK}01${ACCOUNT}14403`],
  ['a block without a PIN to verify', `EC${ZPK}${PVK}0123456789ABCDEF01${ACCOUNT}14402`],
  ['a block without a PIN to translate', `CC${ZPK}${ZPK}120123456789ABCDEF0101${ACCOUNT}`],
  ['a block without a PIN for the LMK', `JE${ZPK}0123456789ABCDEF01${ACCOUNT}`],
  ['a block without a PIN for a PVV', `FW001${ZPK}${PVK}0123456789ABCDEF01${ACCOUNT}1`],
  ['a wrong old PVV', `CU001${ZPK}${PVK}${BLOCK}01${ACCOUNT}14403${BLOCK}`],
  ['a new block without a PIN', `CU001${ZPK}${PVK}${BLOCK}01${ACCOUNT}144020123456789ABCDEF`],
])('%s counts', async (_, request) => {
  for (let i = 0; i < LIMIT; i++) expect(await run(request)).toMatch(/^..(01|20)$/);
  expect(await run(request)).toMatch(/^..41$/);
  expect(await ec('14402')).toBe('ED41');
});

test('the account of the PVV and that of the PIN block count', async () => {
  const other = '400000123456';
  expect(await ec(`;${other}14402`)).toBe('ED01');
  expect(await subjects()).toHaveLength(2);
  expect(await ec(`;${ACCOUNT}14403`)).toBe('ED01');
  const counts = (await subjects()).map(({ failures }) => failures);
  expect(counts.sort()).toEqual([1, 2]);
});

test('success does not count', async () => {
  for (let i = 0; i <= LIMIT; i++) expect(await ec('14402')).toBe('ED00');
  expect(await subjects()).toEqual([]);
});
