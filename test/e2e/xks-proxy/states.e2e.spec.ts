import { DataSource } from 'typeorm';
import { sendKms } from '../../support/kms.js';
import { tamper } from '../../support/database.js';
import { rotate } from '../../support/master-key.js';
import {
  decryptBody,
  encryptBody,
  expectXksError,
  healthBody,
  newCredential,
  outputOf,
  requestMetadata,
  sendXks,
  useXks,
  xksDone,
} from '../../support/xks.js';

const { service, set, call, release, encrypt, kms, until } = useXks();
const metadataBody = { requestMetadata: requestMetadata('DescribeKey') };
const database = () => service.app.get(DataSource);

/** Expects every call with a key to be refused. */
async function expectRefused(name: string, sealed: Record<string, unknown>, status: number, error: string) {
  expectXksError(await call(`keys/${name}/encrypt`, encryptBody()), status, error);
  expectXksError(await call(`keys/${name}/decrypt`, decryptBody(sealed)), status, error);
}

describe('a released key', () => {
  test('that is disabled neither encrypts nor decrypts, until it is enabled', async () => {
    const KeyId = await release('disabled');
    const sealed = await encrypt('disabled');
    await kms('DisableKey', { KeyId });
    await expectRefused('disabled', sealed, 400, 'InvalidStateException');
    expect(outputOf(await call('keys/disabled/metadata', metadataBody))).toMatchObject({ keyStatus: 'DISABLED' });
    await kms('EnableKey', { KeyId });
    outputOf(await call('keys/disabled/decrypt', decryptBody(sealed)));
    expect(outputOf(await call('keys/disabled/metadata', metadataBody))).toMatchObject({ keyStatus: 'ENABLED' });
  });

  test('that is pending deletion neither encrypts nor decrypts', async () => {
    const KeyId = await release('pending');
    const sealed = await encrypt('pending');
    await kms('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await expectRefused('pending', sealed, 400, 'InvalidStateException');
    expect(outputOf(await call('keys/pending/metadata', metadataBody))).toMatchObject({ keyStatus: 'DISABLED' });
  });

  test('that is withdrawn is not found, and opens its ciphertexts when it is released again', async () => {
    const arn = await release('withdrawn');
    const sealed = await encrypt('withdrawn');
    await xksDone(service, 'withdraw', '/stores/orders', 'withdrawn');
    await until('keys/withdrawn/metadata', metadataBody, 404);
    await expectRefused('withdrawn', sealed, 404, 'KeyNotFoundException');
    await xksDone(service, 'release', 'stores/orders', arn, '--as', 'again');
    outputOf(await call('keys/again/decrypt', decryptBody(sealed)));
    expectXksError(await call('keys/withdrawn/decrypt', decryptBody(sealed)), 404, 'KeyNotFoundException');
  });

  test('in another Region is used like one in the default Region', async () => {
    const created = await sendKms(service, 'CreateKey', {}, { region: 'eu-west-1' });
    const { Arn } = created.json['KeyMetadata'] as { Arn: string };
    await xksDone(service, 'release', 'stores/orders', Arn, '--as', 'ireland');
    outputOf(await call('keys/ireland/decrypt', decryptBody(await encrypt('ireland'))));
  });

  test('is used whatever its key policy says: the release is the permission', async () => {
    const KeyId = await release('guarded');
    const root = { AWS: 'arn:aws:iam::000000000000:root' };
    const allow = { Effect: 'Allow', Principal: root, Action: 'kms:PutKeyPolicy', Resource: '*' };
    const deny = { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'kms:Decrypt', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allow, deny] });
    await kms('PutKeyPolicy', { KeyId, Policy });
    outputOf(await call('keys/guarded/decrypt', decryptBody(await encrypt('guarded'))));
    const { status } = await sendKms(service, 'Encrypt', { KeyId, Plaintext: 'AAAA' });
    expect(status).toBe(400);
  });

  test('shows its last use by AWS KMS in GetKeyLastUsage', async () => {
    const KeyId = await release('used');
    await encrypt('used');
    expect(await kms('GetKeyLastUsage', { KeyId })).toMatchObject({ KeyLastUsage: { Operation: 'Encrypt' } });
  });
});

describe('an attacker who writes to the database', () => {
  const forgotten = () => database().query('UPDATE change_epoch SET n = n + 1');

  test.each([
    ['gives a key another usage', 'UPDATE xks_keys SET can_decrypt = true WHERE xks_key_id = $1', 'decrypt'],
    ['moves a release to another key', `UPDATE xks_keys SET key_arn = key_arn || 'x' WHERE xks_key_id = $1`, 'encrypt'],
  ])('%s, and the release is refused', async (what, sql, operation) => {
    const name = what.replaceAll(' ', '-');
    await release(name, ['--usage', 'ENCRYPT']);
    const sealed = await encrypt(name);
    await tamper(database(), sql, [name]);
    await forgotten();
    await until(`keys/${name}/metadata`, metadataBody, 500);
    const body = operation === 'encrypt' ? encryptBody() : decryptBody(sealed);
    expectXksError(await call(`keys/${name}/${operation}`, body), 500, 'InternalException');
    expect(service.log.findLast(({ level }) => level === 50)).toMatchObject({ error: { name: 'BoundRowError' } });
    await tamper(database(), 'DELETE FROM xks_keys WHERE xks_key_id = $1', [name]);
  });

  test('releases a key by a row without a MAC, or with that of another row, and the proxy does not use it', async () => {
    const arn = await release('real');
    for (const [name, mac] of [
      ['no-mac', 'NULL'],
      ['copied-mac', 'mac'],
    ])
      await tamper(
        database(),
        `INSERT INTO xks_keys SELECT account_id, prefix, $1, key_arn || $1, can_encrypt, can_decrypt, created_at, ${mac}
           FROM xks_keys WHERE key_arn = $2`,
        [name, arn],
      );
    for (const name of ['no-mac', 'copied-mac'])
      expectXksError(await call(`keys/${name}/encrypt`, encryptBody()), 500, 'InternalException');
    await tamper(database(), `DELETE FROM xks_keys WHERE xks_key_id LIKE '%-mac'`);
  });

  test('moves a credential to another prefix, and it signs nothing', async () => {
    const { credentials } = await newCredential(service, 'moved');
    await tamper(database(), 'UPDATE xks_credentials SET prefix = $1 WHERE access_key_id = $2', [
      'stores/orders',
      credentials.accessKeyId,
    ]);
    expectXksError(await call('health', healthBody, { credentials }), 500, 'InternalException');
    const other = await sendXks(service, 'moved/kms/xks/v1/health', healthBody, { credentials });
    expectXksError(other, 500, 'InternalException');
    await tamper(database(), 'DELETE FROM xks_credentials WHERE access_key_id = $1', [credentials.accessKeyId]);
  });

  test('does not find the secret', async () => {
    const { secretAccessKey } = set.credentials;
    const rows = await database().query<object[]>('SELECT * FROM xks_credentials');
    expect(rows.length).toBeGreaterThan(0);
    const text = rows.map((row) =>
      Object.values(row)
        .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
        .join(),
    );
    expect(text.join()).not.toContain(secretAccessKey);
    expect(text.join()).not.toContain(Buffer.from(secretAccessKey, 'base64').toString('latin1'));
  });
});

test('a rotation of the master key changes nothing for AWS KMS', async () => {
  await release('resealed');
  const sealed = await encrypt('resealed');
  await rotate(service.store);
  await database().query('UPDATE change_epoch SET n = n + 1');
  outputOf(await call('keys/resealed/decrypt', decryptBody(sealed)));
  outputOf(
    await call('health', healthBody, { credentials: (await newCredential(service, 'stores/orders')).credentials }),
  );
});
