import {
  CreateKeyCommand,
  GetKeyCommand,
  GetParametersForImportCommand,
  ImportKeyCommand,
  InternalServerException,
} from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { MAX_STALE_MS } from '../changes/change-epoch.js';
import { MasterKeyError } from './master-key-check.js';
import { MasterKey, SealError } from './master-key.js';
import { serviceSecret } from './service-secret.js';
import { storeRoot } from '../../test/support/known-pairs.js';
import { rebind, tamper } from '../../test/support/database.js';
import { startOn, startTestService, type TestService } from '../../test/support/service.js';

let service: TestService;
let database: DataSource;
beforeAll(async () => {
  service = await startTestService();
  database = service.app.get(DataSource);
});
afterAll(() => service.stop());

async function createKey() {
  const { Key: key } = await service.controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_M3_ISO_9797_3_MAC_KEY',
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: 'TDES_2KEY',
        KeyModesOfUse: { Generate: true },
      },
      Exportable: false,
    }),
  );
  return key!.KeyArn!;
}

const mac = (KeyIdentifier: string, Algorithm = 'ISO9797_ALGORITHM3') =>
  service.dataPlane
    .generateMac({ KeyIdentifier, MessageData: '0102030405060708', GenerationAttributes: { Algorithm } })
    .promise();
/** Clears the caches of the nodes, as an operator who edits rows does, and waits until they are cleared. */
async function untilForgotten(): Promise<void> {
  await database.query('UPDATE change_epoch SET n = n + 1');
  await new Promise((resolve) => setTimeout(resolve, MAX_STALE_MS));
}

const ALGORITHM_3 = 'ISO9797_ALGORITHM3';
/** Edited columns, each with the MAC algorithm that would then accept the key. */
const EDITS: [what: string, sql: string, algorithm: string][] = [
  ['usage', `usage = 'TR31_M1_ISO_9797_1_MAC_KEY'`, 'ISO9797_ALGORITHM1'],
  ['algorithm', `algorithm = 'TDES_3KEY'`, ALGORITHM_3],
  ['modes of use', `modes = 'Generate,Verify'`, ALGORITHM_3],
  ['class', `class = 'ASYMMETRIC_KEY_PAIR'`, ALGORITHM_3],
  ['exportability', 'exportable = true', ALGORITHM_3],
  ['check value', `kcv = '000000'`, ALGORITHM_3],
  ['algorithm of the check value', `kcv_algorithm = 'CMAC'`, ALGORITHM_3],
  ['usage of derived keys', `derive_key_usage = 'TR31_P0_PIN_ENCRYPTION_KEY'`, ALGORITHM_3],
  ['a bit of the material', 'sealed = set_bit(sealed, 8 * 30, 1 - get_bit(sealed, 8 * 30))', ALGORITHM_3],
  ['the id of the master key', 'sealed = set_bit(sealed, 9, 1 - get_bit(sealed, 9))', ALGORITHM_3],
  ['the length of the material', 'sealed = substring(sealed from 1 for 20)', ALGORITHM_3],
];

describe('a row edited in the database', () => {
  const arns = new Map<string, string>();
  beforeAll(async () => {
    for (const [what, sql] of EDITS) {
      const arn = await createKey();
      await mac(arn);
      await tamper(database, `UPDATE keys SET ${sql} WHERE arn = $1`, [arn]);
      arns.set(what, arn);
    }
    // Renews the MACs of the rows, so that only the associated data of the material protects it.
    await rebind(database);
    await untilForgotten();
  });

  test.each(EDITS)('no longer opens: %s', async (what, _, algorithm) => {
    await expect(mac(arns.get(what)!, algorithm)).rejects.toMatchObject({
      code: 'InternalServerException',
      statusCode: 500,
    });
    expect(service.log.at(-2)).toMatchObject({ level: 50, error: { name: 'SealError' } });
  });

  test('does not open with the material of another key', async () => {
    const [one, other] = [await createKey(), await createKey()];
    await database.query('UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE arn = $2) WHERE arn = $1', [
      one,
      other,
    ]);
    await expect(mac(one)).rejects.toMatchObject({ code: 'InternalServerException' });
    await mac(other);
  });

  test('cannot be used from either account when its key is moved to another', async () => {
    const arn = await createKey();
    const moved = arn.replace('000000000000', '111111111111');
    await database.query('UPDATE keys SET arn = $2 WHERE arn = $1', [arn, moved]);
    await expect(mac(arn)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await expect(mac(moved)).rejects.toMatchObject({ code: 'AccessDeniedException' });
  });
});

test('a private key no longer opens once its certificate is replaced', async () => {
  await storeRoot(service);
  const parameters = () =>
    service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_3072' }),
    );
  const { ImportToken } = await parameters();
  const { ImportToken: another } = await parameters();
  const importKey = () =>
    service.controlPlane
      .send(
        new ImportKeyCommand({
          KeyMaterial: {
            KeyCryptogram: {
              KeyAttributes: {
                KeyUsage: 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY',
                KeyClass: 'SYMMETRIC_KEY',
                KeyAlgorithm: 'AES_128',
                KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
              },
              Exportable: true,
              ImportToken,
              WrappedKeyCryptogram: 'AB'.repeat(384),
              WrappingSpec: 'RSA_OAEP_SHA_256',
            },
          },
        }),
      )
      .catch((error: unknown) => error);
  expect(await importKey()).toHaveProperty(
    'message',
    expect.stringMatching('not a key of this KeyAlgorithm under the wrapping key'),
  );
  await database.query(
    'UPDATE exchange_tokens SET certificate = (SELECT certificate FROM exchange_tokens WHERE id = $1) WHERE id = $2',
    [another, ImportToken],
  );
  expect(await importKey()).toBeInstanceOf(InternalServerException);
});

test('a stopped or renamed key is refused within a second on a node that caches it', async () => {
  const arn = await createKey();
  await database.query(
    `INSERT INTO aliases (account_id, region, name, key_arn) VALUES ('000000000000', 'us-east-1', 'alias/till', $1)`,
    [arn],
  );
  await rebind(database);
  await mac(arn);
  expect((await mac('alias/till')).KeyArn).toBe(arn);
  await database.query('UPDATE keys SET enabled = false WHERE arn = $1', [arn]);
  await database.query('UPDATE aliases SET key_arn = NULL');
  await rebind(database);
  await untilForgotten();
  await expect(mac(arn)).rejects.toMatchObject({ code: 'ValidationException' });
  await expect(mac('alias/till')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});

test('an alias is also found by its ARN, with slashes, by control plane and data plane', async () => {
  const arn = await createKey();
  const alias = 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/shop/till/7';
  await database.query(
    `INSERT INTO aliases (account_id, region, name, key_arn) VALUES ('000000000000', 'us-east-1', 'alias/shop/till/7', $1)`,
    [arn],
  );
  await rebind(database);
  expect((await mac(alias)).KeyArn).toBe(arn);
  const { Key: key } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: alias }));
  expect(key!.KeyArn).toBe(arn);
});

test('stores sealed material in exactly the bytes of its layout', async () => {
  const rows = await database.query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE length(sealed) > 20 LIMIT 2');
  // Version, id of the master key, nonce, 16 bytes of key, tag.
  for (const { sealed } of rows) expect([sealed[0], sealed.length]).toEqual([1, 1 + 8 + 12 + 16 + 16]);
});

test('is ready only with the database and the master key that sealed it', async () => {
  const ready = () => fetch(`${service.url}/readyz`).then(({ status }) => status);
  expect(await ready()).toBe(200);
  await database.query('UPDATE master_key SET check_value = set_bit(check_value, 400, 1 - get_bit(check_value, 400))');
  expect(await ready()).toBe(503);
  await database.query('UPDATE master_key SET check_value = set_bit(check_value, 400, 1 - get_bit(check_value, 400))');
  expect(await ready()).toBe(200);
});

test('refuses another master key at start, and changes nothing', async () => {
  const before = await database.query('SELECT * FROM master_key');
  const other = startOn(service.store, { KEYBLOCK_MASTER_KEY: 'ff'.repeat(32) });
  await expect(other).rejects.toThrow(MasterKeyError);
  await expect(other).rejects.toThrow(/sealed under master key [0-9a-f]{16}, but the master key given is [0-9a-f]{16}/);
  expect(await database.query('SELECT * FROM master_key')).toEqual(before);
});

describe('a secret of the service', () => {
  const secret = () => serviceSecret(database.manager, service.app.get(MasterKey), 'page tokens');

  test('is generated once, even for concurrent callers', async () => {
    await database.query('DELETE FROM service_secrets');
    const secrets = await Promise.all(Array.from({ length: 5 }, secret));
    expect(new Set(secrets.map((found) => found.toString('hex'))).size).toBe(1);
    expect(secrets[0]).toHaveLength(32);
  });

  test('cannot be replaced with the secret of another purpose', async () => {
    const masterKey = service.app.get(MasterKey);
    const sealed = masterKey.seal(Buffer.from('["service secret","another"]'), Buffer.alloc(32));
    await database.query('UPDATE service_secrets SET sealed = $1', [sealed]);
    await expect(secret()).rejects.toThrow(SealError);
  });
});
