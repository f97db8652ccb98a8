import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CreateKeyCommand, EncryptCommand, GenerateMacCommand, VerifyMacCommand } from '@aws-sdk/client-kms';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { HostRecorder } from '../../../src/cli/compare/recorder.js';
import { runKeyblock } from '../../support/cli.js';
import { listener, payshieldFile, useHostCommands } from '../../support/host-listeners.js';
import { createKeyOf } from '../../support/keys.js';
import { kmsClient } from '../../support/kms.js';
import { PayshieldClient } from '../../support/payshield-client.js';
import { CREDENTIALS } from '../../support/service.js';

const CVV = 'CWU9B4934384B19946B040CD702B4D581454123456789012345;8701101';
const PAYSHIELD = { keyNames: true, listeners: [listener()] };

const service = useHostCommands(PAYSHIELD);
const folder = mkdtempSync(join(tmpdir(), 'keyblock-compare-'));
const before = { ...process.env };
let mac: string;
let port: number;
beforeAll(async () => {
  const attributes = { usage: 'TR31_M6_ISO_9797_5_CMAC_KEY', algorithm: 'AES_128', modes: ['Generate', 'Verify'] };
  mac = (await createKeyOf(service, attributes)).arn;
  port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[0]!;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: service.url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    ...payshieldFile(PAYSHIELD, folder),
  });
});
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
});

type Line = Record<string, unknown>;

/** Writes a file of recorded calls. @returns its path */
function recorded(...lines: (Line | string)[]): string {
  const path = join(folder, 'calls.jsonl');
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}

const replay = (path: string, ...options: string[]) =>
  runKeyblock(['compare', 'replay', path, '--to', `127.0.0.1:${port}`, ...options]);
const comparison = async (path: string, ...options: string[]) => {
  const { exitCode, stdout, stderr } = await replay(path, '--json', ...options);
  return { exitCode, ...(stdout === '' ? { stderr } : (JSON.parse(stdout) as Line)) };
};
const post = async (path: string, input: object) => {
  const { status, json } = await service.send({ path, body: JSON.stringify(input) });
  expect({ status, json }).toEqual({ status: 200, json });
  return json;
};
const dataCall = (operation: string, input: object, answer: object): Line => ({
  ...{ service: 'payment-cryptography-data', operation, input },
  ...answer,
});
const MESSAGE = { MessageData: '3132333435363738' };
const generate = { ...MESSAGE, GenerationAttributes: { Algorithm: 'CMAC' } };
const generated = () => post('/mac/generate', { KeyIdentifier: mac, ...generate });

test('recorded host commands are repeated with the same replies', async () => {
  const path = join(folder, 'commands.jsonl');
  const recorder = new HostRecorder({ host: '127.0.0.1', port }, 4, path);
  const host = await PayshieldClient.connect({ port: await recorder.listen({ host: '127.0.0.1', port: 0 }) });
  const replies = [await host.ask(CVV), await host.ask('B20004\0\xff\\x'), await host.ask('ZZ')];
  host.close();
  await recorder.close();
  expect(replies[0]).toBe('CX00561');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  ).toMatchObject([
    { command: CVV, reply: 'CX00561' },
    { command: 'B20004\\x00\\xff\\x', reply: 'B300\\x00\\xff\\x' },
    { command: 'ZZ', reply: 'Z[68' },
  ]);
  expect(await comparison(path)).toMatchObject({ exitCode: 0, Compared: 3, Differences: [] });
});

test('the first difference of each kind is reported, without its value', async () => {
  const path = recorded(
    { command: CVV, reply: 'CX00561' },
    { command: CVV, reply: 'CX00562', latencyMs: 0.0001 },
    { command: CVV, reply: 'CX00999' },
    { command: CVV, reply: 'CX01' },
    { command: CVV, reply: 'CX10' },
    { command: 'ZZ', reply: 'Z[00' },
  );
  const { exitCode, stdout } = await replay(path);
  expect(exitCode).toBe(1);
  expect(stdout.replaceAll(/[\d.]+ ms/g, 'N ms')).toBe(`6 calls compared

Differences
  verdict  1 call, first line 4, CW: 01 was recorded, the service answers served
  error    2 calls, first line 5, CW: 10 was recorded, the service answers served
  value    2 calls, first line 2, CW: CVV differs from character 3 on (3 recorded, 3 answered)
  latency  median N ms (recorded N ms), 99th percentile N ms (recorded N ms)
  slower   first line 2, CW: N ms, recorded N ms
`);
});

test('calls of the data plane are signed and repeated with other key ARNs', async () => {
  const output = await generated();
  const aws = 'arn:aws:payment-cryptography:us-east-1:111122223333:key/abcdefghijklmnop';
  const other = { ...output, KeyArn: aws };
  const names = join(folder, 'names.json');
  writeFileSync(names, JSON.stringify({ [aws]: mac }));
  const verify = { KeyIdentifier: aws, ...MESSAGE, VerificationAttributes: { Algorithm: 'CMAC' } };
  const path = recorded(
    dataCall('GenerateMac', { KeyIdentifier: aws, ...generate }, { output: { $metadata: {}, ...other } }),
    dataCall(
      'VerifyMac',
      { ...verify, Mac: output['Mac'] },
      { output: { KeyArn: aws, KeyCheckValue: output['KeyCheckValue'] } },
    ),
    dataCall('VerifyMac', { ...verify, Mac: '00000000' }, { error: { name: 'VerificationFailedException' } }),
    dataCall(
      'EncryptData',
      { KeyIdentifier: aws, PlainText: '00'.repeat(16), EncryptionAttributes: { Symmetric: { Mode: 'CBC' } } },
      { error: { name: 'ValidationException' } },
    ),
  );
  expect(await comparison(path, '--names', names)).toMatchObject({ exitCode: 0, Compared: 4, Differences: [] });
  const without = await comparison(path);
  expect(without).toMatchObject({ exitCode: 1, Differences: [{ Kind: 'error', Calls: 4, First: { Line: 1 } }] });
});

test('a verification that fails on one side only counts as a different verdict', async () => {
  const verify = { KeyIdentifier: mac, ...MESSAGE, Mac: '00000000', VerificationAttributes: { Algorithm: 'CMAC' } };
  expect(await comparison(recorded(dataCall('VerifyMac', verify, { output: {} })))).toMatchObject({
    exitCode: 1,
    Differences: [
      {
        Kind: 'verdict',
        First: { Line: 1, Operation: 'VerifyMac', Recorded: 'served', Answered: 'VerificationFailedException' },
      },
    ],
  });
});

test('calls in a recording by the documented recorder are repeated, except those that change something', async () => {
  const module = join(folder, 'record-calls.mjs');
  const document = readFileSync('docs/migrating.md', 'utf8');
  writeFileSync(module, /```js\n(import \{ appendFileSync[^]+?)```/.exec(document)![1]!);
  const { recordCalls } = (await import(pathToFileURL(module).href)) as {
    recordCalls: (client: object, service: string, file: string) => void;
  };
  const kms = kmsClient(service);
  const path = join(folder, 'kms.jsonl');
  recordCalls(kms, 'kms', path);
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeyUsage: 'GENERATE_VERIFY_MAC', KeySpec: 'HMAC_256' }),
  );
  const { KeyMetadata: cipher } = await kms.send(new CreateKeyCommand({}));
  const call = { KeyId: KeyMetadata!.KeyId, Message: Buffer.from('m'), MacAlgorithm: 'HMAC_SHA_256' as const };
  const { Mac } = await kms.send(new GenerateMacCommand(call));
  await kms.send(new VerifyMacCommand({ ...call, Mac }));
  await expect(kms.send(new VerifyMacCommand({ ...call, Mac: Buffer.alloc(32) }))).rejects.toThrow();
  await kms.send(new EncryptCommand({ KeyId: cipher!.KeyId, Plaintext: Buffer.from('secret') }));

  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await comparison(path)).toEqual({
    exitCode: 0,
    Compared: 4,
    Skipped: 2,
    // Each encryption has its own ciphertext.
    Random: 1,
    Differences: [],
    Latency: expect.objectContaining({ RecordedMedianMs: expect.any(Number) as number }) as object,
  });
});

describe('refuses', () => {
  const BAD = { command: CVV, reply: 'CX00561' };

  test.each([
    ['no JSON', '{"command": "CW', 'Line 2 is not JSON.'],
    [
      'another service',
      { service: 's3', operation: 'GetObject', input: {}, output: {} },
      'Line 2 is not a recorded call: service',
    ],
    ['an operation with a path', dataCall('../admin', {}, { output: {} }), 'Line 2 is not a recorded call: operation'],
    ['no answer', dataCall('GenerateMac', {}, {}), 'a call has either output or error'],
    [
      'two answers',
      dataCall('GenerateMac', {}, { output: {}, error: { name: 'X' } }),
      'a call has either output or error',
    ],
    ['an unknown member', { ...BAD, header: '0000' }, 'Line 2 is not a recorded call'],
    ['an unknown operation', dataCall('Guess', {}, { output: {} }), 'The data plane has no operation Guess.'],
    ['a line that is too long', `{"command": "${'0'.repeat(1_048_576)}"}`, 'Line 2 has more than 1048576 characters.'],
  ])('%s', async (_, line, message) => {
    const { exitCode, stdout, stderr } = await replay(recorded(BAD, line));
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
    expect(stderr).not.toContain('4123456789012345');
  });

  test('an empty file and a missing one', async () => {
    expect(await replay(recorded())).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('has no recorded call') as string,
    });
    expect(await replay(join(folder, 'none'))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("can't be read") as string,
    });
  });

  test('a service and a listener that cannot be reached', async () => {
    const path = recorded(BAD);
    expect((await runKeyblock(['compare', 'replay', path, '--to', '127.0.0.1:1'])).exitCode).toBe(5);
    const call = recorded(dataCall('GenerateMac', { KeyIdentifier: mac }, { output: {} }));
    expect((await replay(call, '--endpoint', 'http://127.0.0.1:1')).exitCode).toBe(5);
  });
});
