import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GetKeyCommand, paginateListKeys } from '@aws-sdk/client-payment-cryptography';
import { useService } from '../../support/api.js';
import { CREDENTIALS, REGION } from '../../support/service.js';

const service = useService();

/** Runs a built example in a separate process, as its npm script does. */
function start(name: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const script = fileURLToPath(new URL(`../../../dist-examples/examples/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      PATH: process.env['PATH'],
      KEYBLOCK_URL: service.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      ...env,
    },
  });
  const text = { output: '', stdout: '' };
  child.stdout.on('data', (data: Buffer) => (text.stdout += data.toString()));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text.output += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({ code: (code ?? signal) as number | string, ...text }));
  return { child, ended };
}

async function keysByState(): Promise<Record<string, number>> {
  const states: Record<string, number> = {};
  for await (const { Keys = [] } of paginateListKeys({ client: service.controlPlane }, {}))
    for (const { KeyState = '' } of Keys) states[KeyState] = (states[KeyState] ?? 0) + 1;
  return states;
}

/** Replaces what differs in each run: the service's address, the ARNs and the check value of the KEK. */
const withoutOwn = (transcript: string) =>
  transcript
    .replace(/http:\/\/127\.0\.0\.1:\d+/, '(url)')
    .replace(/arn:[^\s,]+/g, '(arn)')
    .replace(/(KEK \(K0\).*check value) [0-9A-F]{6}/, '$1 (kcv)');

test.each([
  { name: 'acquirer', keys: 4 },
  { name: 'issuer', keys: 6 },
])('the $name example prints what docs/examples.md shows, and deletes its keys', async ({ name, keys }) => {
  const shown = readFileSync('docs/examples.md', 'utf8').match(new RegExp(`\`\`\`\\n(An ${name}, [^]+?)\`\`\``))?.[1];
  const before = await keysByState();
  const { code, stdout } = await start(name).ended;
  expect(withoutOwn(stdout)).toBe(withoutOwn(shown!));
  expect(code).toBe(0);
  expect(await keysByState()).toEqual({ ...before, DELETE_PENDING: (before['DELETE_PENDING'] ?? 0) + keys });
});

test('an example fails when no service answers or the access key is wrong', async () => {
  const [unsigned, silent] = await Promise.all([
    start('acquirer', [], { AWS_SECRET_ACCESS_KEY: 'another secret' }).ended,
    start('issuer', [], { KEYBLOCK_URL: 'http://127.0.0.1:1' }).ended,
  ]);
  expect(unsigned).toMatchObject({ code: 1, output: expect.stringContaining('Failed: The request signature') });
  expect(silent).toMatchObject({ code: 1, output: expect.stringContaining('Failed: connect ECONNREFUSED') });
});

describe('The personalization example', () => {
  const CARDS = 60;
  let folder: string;
  const inFolder = (name: string) => join(folder, name);
  const lines = (name: string) => readFileSync(inFolder(name), 'utf8').trimEnd().split('\n').slice(1);
  beforeEach(() => {
    folder = join(service.store.env.KEYBLOCK_DATA_DIR, randomUUID());
  });
  const make = (cards: number) => start('personalize', ['--folder', folder, '--cards', String(cards)]).ended;

  test('continues after it was killed: no card is lost or duplicated, and all values are right', async () => {
    const killed = start('personalize', ['--folder', folder, '--cards', String(CARDS), '--concurrency', '1']);
    const size = () => (existsSync(inFolder('results.csv')) ? statSync(inFolder('results.csv')).size : 0);
    while (size() < 1000 && killed.child.exitCode === null) await sleep(2);
    killed.child.kill('SIGKILL');
    expect((await killed.ended).code).toBe('SIGKILL');
    const finished = lines('results.csv');
    expect(finished.length).toBeLessThan(CARDS);
    truncateSync(inFolder('results.csv'), size() - 7);

    const { code, output } = await make(CARDS);
    expect(output).toContain(`${CARDS} cards, ${finished.length - 1} of them finished before`);
    expect(output).toContain(`${CARDS} of ${CARDS} cards verified: PIN, CVV, CVV2 and iCVV are right.`);
    expect(code).toBe(0);

    const rows = lines('results.csv');
    expect(rows.slice(0, finished.length - 1)).toEqual(finished.slice(0, -1));
    expect(rows.map((row) => row.split(',').slice(0, 3).join(','))).toEqual(lines('cards.csv'));
    expect(new Set(lines('cards.csv')).size).toBe(CARDS);
    await verifyAll(rows);
    expect(statSync(inFolder('results.csv')).mode & 0o777).toBe(0o600);
  });

  test('makes no card when all are finished, and detects a wrong value', async () => {
    await make(2);
    const right = readFileSync(inFolder('results.csv'), 'utf8');
    const lastDigit = Number(right.at(-2));
    const wrong = `${right.slice(0, -2)}${(lastDigit + 1) % 10}\n`;
    writeFileSync(inFolder('results.csv'), wrong);
    const { code, output } = await start('personalize', ['--folder', folder]).ended;
    expect(output).toContain('0 cards in');
    expect(output).toContain('results.csv, line 3: Card validation data verification failed.');
    expect(code).toBe(1);
    expect(readFileSync(inFolder('results.csv'), 'utf8')).toBe(wrong);
  });

  test('rejects a number of cards that differs from that of the first run', async () => {
    await make(2);
    const { code, output } = await make(3);
    expect(output).toContain('has 2 cards already');
    expect(code).toBe(1);
  });

  async function verifyAll(rows: string[]): Promise<void> {
    const { pek, pvk, cvk } = JSON.parse(readFileSync(inFolder('keys.json'), 'utf8')) as Record<string, string>;
    const { Key } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: pek }));
    expect(Key!.KeyAttributes!.KeyAlgorithm).toBe('AES_256');
    for (const row of rows) {
      const [pan, expiry, serviceCode, pinBlock, pvv, cvv, cvv2, icvv] = row.split(',') as [string, ...string[]];
      await service.dataPlane
        .verifyPinData({
          VerificationKeyIdentifier: pvk!,
          EncryptionKeyIdentifier: pek!,
          PrimaryAccountNumber: pan,
          PinBlockFormat: 'ISO_FORMAT_4',
          EncryptedPinBlock: pinBlock!,
          PinDataLength: 4,
          VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: 1, VerificationValue: pvv! } },
        })
        .promise();
      const values = [
        [{ CardVerificationValue1: { CardExpiryDate: expiry!, ServiceCode: serviceCode! } }, cvv],
        [{ CardVerificationValue2: { CardExpiryDate: expiry! } }, cvv2],
        [{ CardVerificationValue1: { CardExpiryDate: expiry!, ServiceCode: '999' } }, icvv],
      ] as const;
      for (const [VerificationAttributes, ValidationData] of values)
        await service.dataPlane
          .verifyCardValidationData({
            KeyIdentifier: cvk!,
            PrimaryAccountNumber: pan,
            VerificationAttributes,
            ValidationData: ValidationData!,
          })
          .promise();
    }
  }
});
