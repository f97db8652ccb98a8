import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ExportKeyCommand, ListKeysCommand, StopKeyUsageCommand } from '@aws-sdk/client-payment-cryptography';
import { altered } from '../../test/support/altered.js';
import { useService } from '../../test/support/api.js';
import { runKeyblock } from '../../test/support/cli.js';
import { createKeyOf, MISSING_KEY } from '../../test/support/keys.js';
import { CREDENTIALS, serviceEnv } from '../../test/support/service.js';
import { wrapKeyBlock } from '../crypto/tr31/wrap.js';

const service = useService();
const FIELD = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const OTHER_FIELD = 'BAB32D775A38E4AB';
const ZPK = {
  usage: 'TR31_P0_PIN_ENCRYPTION_KEY',
  algorithm: 'TDES_2KEY',
  modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
};
let folder: string;
let table: string;
const environment = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-key-table-'));
  table = join(folder, 'keys.yaml');
  Object.assign(process.env, serviceEnv(service.store), {
    AWS_ENDPOINT_URL: service.url,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

afterAll(() => void (process.env = environment));

const keys = (...args: string[]) => runKeyblock(['payshield', 'keys', ...args]);
const add = (field: string, key: string, ...more: string[]) => keys('add', field, key, '--table', table, ...more);

test('add appends rows, and verify looks up their keys', async () => {
  const { arn, kcv } = await createKeyOf(service, ZPK);
  expect(await add(FIELD, arn)).toMatchObject({ exitCode: 0, stdout: `${kcv}  ${arn}  ${FIELD}\n` });
  expect(await add(OTHER_FIELD, arn, '--commands', 'CA', 'CC')).toMatchObject({ exitCode: 0 });
  expect(readFileSync(table, 'utf8')).toBe(
    `keys:\n  - match: "${FIELD}"\n    key: ${arn}\n` +
      `  - match: "${OTHER_FIELD}"\n    key: ${arn}\n    usage: ['CA', 'CC']\n`,
  );
  expect(await keys('verify', '--table', table)).toMatchObject({
    exitCode: 0,
    stdout: `${kcv}  ${arn}  ${FIELD}\n${kcv}  ${arn}  ${OTHER_FIELD}\n`,
  });
  await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: arn }));
  const { exitCode, stdout, stderr } = await keys('verify', '--table', table);
  expect([exitCode, stdout.startsWith(`-       ${arn}  ${FIELD}: `)]).toEqual([1, true]);
  expect(stderr).toContain("2 of 2 keys can't be used.");
});

test('add refuses a key that does not exist and a duplicate field, and leaves the table unchanged', async () => {
  const { arn } = await createKeyOf(service, ZPK);
  for (const key of [MISSING_KEY, 'alias/missing']) expect((await add(FIELD, key)).exitCode).not.toBe(0);
  expect(() => readFileSync(table)).toThrow('ENOENT');
  expect((await add(FIELD, arn)).exitCode).toBe(0);
  const before = readFileSync(table, 'utf8');
  expect((await add(FIELD, arn)).exitCode).not.toBe(0);
  expect((await add('with space', arn)).exitCode).not.toBe(0);
  expect(readFileSync(table, 'utf8')).toBe(before);
});

describe('import', () => {
  const take = (field: string, ...more: string[]) => keys('import', field, ...more, '--table', table);
  const KEK = { usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY', algorithm: 'AES_256', modes: ZPK.modes };
  const countKeys = async () => (await service.controlPlane.send(new ListKeysCommand({}))).Keys?.length;
  let kek: string;
  let block: string;
  let kcv: string;
  beforeAll(async () => {
    kek = (await createKeyOf(service, KEK)).arn;
    const zpk = await createKeyOf(service, ZPK);
    kcv = zpk.kcv;
    const { WrappedKey } = await service.controlPlane.send(
      new ExportKeyCommand({
        ExportKeyIdentifier: zpk.arn,
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek } },
      }),
    );
    block = WrappedKey?.KeyMaterial ?? '';
  });

  test('imports a key block, and appends a row with the new key', async () => {
    for (const [field, sent] of [
      [FIELD, block],
      [OTHER_FIELD, `R${block}\n`],
    ] as const) {
      const { exitCode, stdout } = await take(field, sent, '--under', kek, '--commands', 'CC');
      expect([exitCode, stdout]).toEqual([0, expect.stringMatching(`^${kcv}  arn:aws:\\S+:key/\\w{16}  ${field}\n$`)]);
    }
    expect((await keys('verify', '--table', table)).stdout.match(new RegExp(kcv, 'g'))).toHaveLength(2);
    const json = await take('Z0123456789ABCDEF', block, '--under', kek, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ Match: 'Z0123456789ABCDEF', KeyCheckValue: kcv });
  });

  test('imports nothing if the block, the wrapping key, the row or the credentials are invalid', async () => {
    expect((await take(FIELD, block, '--under', kek)).exitCode).toBe(0);
    const before = [await countKeys(), readFileSync(table, 'utf8')];
    const refused: [field: string, key: string, ...more: string[]][] = [
      [OTHER_FIELD, altered(block), '--under', kek],
      [OTHER_FIELD, block.slice(0, 40), '--under', kek],
      [OTHER_FIELD, 'alias/zpk', '--under', kek],
      [OTHER_FIELD, block, '--under', 'alias/none'],
      [OTHER_FIELD, block, '--under', MISSING_KEY],
      [OTHER_FIELD, block],
      [OTHER_FIELD, '--under', kek],
      [FIELD, block, '--under', kek],
      ['with space', block, '--under', kek],
      [OTHER_FIELD, block, '--under', kek, '--commands', 'ca'],
    ];
    for (const args of refused) expect((await take(...args)).exitCode).not.toBe(0);
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another secret';
    expect((await take(OTHER_FIELD, block, '--under', kek)).exitCode).toBe(3);
    expect([await countKeys(), readFileSync(table, 'utf8')]).toEqual(before);
  });

  test('reports which key it has imported if the table cannot be written', async () => {
    const { exitCode, stderr } = await keys(
      'import',
      FIELD,
      block,
      '--under',
      kek,
      '--table',
      join(folder, 'no', 'keys'),
    );
    expect([exitCode, stderr]).toEqual([5, expect.stringMatching(/imported as arn:\S+, but \S+ can't be written/)]);
  });
});

test('verify refuses a file that is not a table', async () => {
  expect((await keys('verify', '--table', table)).exitCode).not.toBe(0);
  writeFileSync(table, 'keys:\n  - match: 0406\n    key: alias/zpk\n');
  const { exitCode, stderr } = await keys('verify', '--table', table);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${table} is not usable: line 2`)]);
});

test('suggest lists the keys with the check value of a key block', async () => {
  const { arn, kcv } = await createKeyOf(service, ZPK);
  const block = (data: string) =>
    wrapKeyBlock({
      kbpk: { algorithm: 'AES', key: Buffer.alloc(32, 1) },
      header: {
        ...{ versionId: 'D', keyUsage: 'P0', algorithm: 'T', modeOfUse: 'B' },
        ...{ keyVersionNumber: '00', exportability: 'E', keyContext: '0' },
      },
      optionalBlocks: data === '' ? [] : [{ id: 'KC', data }],
      key: Buffer.alloc(16, 1),
    });
  expect(await keys('suggest', block(`00${kcv}`))).toMatchObject({ exitCode: 0, stdout: `${kcv}  ${arn}\n` });
  expect(await keys('suggest', `R${block(`00${kcv}`)}`)).toMatchObject({ exitCode: 0, stdout: `${kcv}  ${arn}\n` });
  expect(await keys('suggest', block(''))).toMatchObject({ exitCode: 0, stdout: '' });
  expect((await keys('suggest', 'D0001')).exitCode).not.toBe(0);
});
