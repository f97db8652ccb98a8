import { GetKeyCommand, ListKeysCommand, ListTagsForResourceCommand } from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { DEMO_KEYS } from '../../../src/cli/demo-keys.js';
import { DEMO_KMS_KEYS } from '../../../src/cli/demo-kms-keys.js';
import { DEMO_KMS_ALIAS, DEMO_KMS_KEY_ID, demoGrantId, demoKmsAlias, demoKmsKeyId } from '../../../src/kms/fields.js';
import { EXAMPLES } from '../../fuzz/examples.js';
import { useService } from '../../support/api.js';
import { runKeyblock } from '../../support/cli.js';
import { rebind } from '../../support/database.js';
import { callKms } from '../../support/kms.js';
import { send, serviceEnv, TestClock } from '../../support/service.js';

const REGIONS = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const service = useService(REGIONS);
const environment = { ...process.env };
beforeAll(() => void Object.assign(process.env, serviceEnv(service.store), REGIONS));
afterAll(() => void (process.env = environment));

const stateOf = async (name: string) => {
  const { Key } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: `alias/demo/${name}` }));
  return [Key?.KeyState, Key?.Enabled];
};

test('keyblock demo makes every key once, with a tag and in the state of its example', async () => {
  for (let run = 0; run < 2; run++) {
    const { exitCode, stdout, stderr } = await runKeyblock(['demo']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`${DEMO_KEYS.length + DEMO_KMS_KEYS.length} keys`)]);
    expect(stderr).toContain('The key material is public.');
    const { Keys = [] } = await service.controlPlane.send(new ListKeysCommand({ MaxResults: 100 }));
    expect(Keys).toHaveLength(DEMO_KEYS.length);
  }
  for (const { name, state } of DEMO_KEYS)
    expect([name, ...(await stateOf(name))]).toEqual([
      name,
      state === 'pending' ? 'DELETE_PENDING' : 'CREATE_COMPLETE',
      state === undefined,
    ]);
  const { Key } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: 'alias/demo/mac' }));
  const { Tags } = await service.controlPlane.send(new ListTagsForResourceCommand({ ResourceArn: Key?.KeyArn }));
  expect(Tags).toEqual([{ Key: 'demo', Value: 'public-test-key' }]);
});

/**
 * Examples of KMS, except ImportKeyMaterial, whose token differs each time, and operations that need resources that the
 * service lacks.
 */
const KMS_EXAMPLES = EXAMPLES.filter(
  ({ name, service: signedFor }) =>
    signedFor === 'kms' && name !== 'ImportKeyMaterial' && !name.includes('CustomKeyStore'),
);

test('every example of KMS works after keyblock demo, and again after the next one', async () => {
  for (let run = 0; run < 2; run++) {
    expect(await runKeyblock(['demo'])).toMatchObject({ exitCode: 0 });
    for (const { name, path, body } of KMS_EXAMPLES) {
      const { status, json } = await service.send({ service: 'kms', path, body: JSON.stringify(body) });
      expect({ name, status, json }).toEqual({ name, status: 200, json });
    }
  }
});

test('keyblock demo does not touch unchanged KMS keys', async () => {
  expect(await runKeyblock(['demo'])).toMatchObject({ exitCode: 0 });
  const events = () =>
    service.app
      .get(DataSource)
      .query(`SELECT count(*)::int AS count FROM audit_events WHERE event::jsonb->>'eventSource' LIKE 'kms.%'`);
  const before: unknown = await events();
  expect(await runKeyblock(['demo'])).toMatchObject({ exitCode: 0 });
  expect(await events()).toEqual(before);
});

test('a KMS demo key that lost its material, its state, an alias or a grant has them again after keyblock demo', async () => {
  const call = (operation: string, input: object) => callKms(service, operation, input);
  await call('DisableKey', { KeyId: DEMO_KMS_KEY_ID });
  await call('DeleteAlias', { AliasName: demoKmsAlias('mac') });
  await call('DeleteImportedKeyMaterial', { KeyId: demoKmsKeyId('erase') });
  await call('RevokeGrant', { KeyId: demoKmsKeyId('grant'), GrantId: demoGrantId('revoke') });
  expect(await runKeyblock(['demo'])).toMatchObject({ exitCode: 0 });
  await call('Encrypt', { KeyId: DEMO_KMS_ALIAS, Plaintext: 'YQ==' });
  await call('GenerateMac', { KeyId: demoKmsAlias('mac'), Message: 'YQ==', MacAlgorithm: 'HMAC_SHA_256' });
  await call('Encrypt', { KeyId: demoKmsAlias('erase'), Plaintext: 'YQ==' });
  await call('RevokeGrant', { KeyId: demoKmsKeyId('grant'), GrantId: demoGrantId('revoke') });
});

test('keyblock demo does not restore a destroyed key', async () => {
  const database = service.app.get(DataSource);
  const destroyed = `arn LIKE '%:key/demo000000delete'`;
  await database.query(`UPDATE aliases SET key_arn = NULL WHERE key_${destroyed}`);
  await database.query(`UPDATE keys SET state = 'DELETE_COMPLETE', enabled = false, sealed = NULL WHERE ${destroyed}`);
  await rebind(database);
  await database.query('UPDATE change_epoch SET n = n + 1');
  expect(await runKeyblock(['demo'])).toMatchObject({ exitCode: 0 });
  expect(await database.query(`SELECT state, sealed FROM keys WHERE ${destroyed}`)).toEqual([
    { state: 'DELETE_COMPLETE', sealed: null },
  ]);
});

test('the access keys of the examples cannot sign requests', async () => {
  for (const accessKeyId of ['AKIADEMO000000UPDATE', 'AKIADEMO000000ROTATE', 'AKIADEMO000000DELETE'])
    for (const secretAccessKey of ['', accessKeyId, 'keyblock demo']) {
      const credentials = { accessKeyId, secretAccessKey };
      const { status } = await send(service.url, new TestClock(), { path: '/mac/generate', credentials });
      expect(status).toBe(403);
    }
});

test('keyblock demo audits every change', async () => {
  const found = await service.app.get(DataSource).query(
    `SELECT event::jsonb->>'eventName' AS name, count(*)::int AS count FROM audit_events
       WHERE event::jsonb->>'userAgent' = 'keyblock demo' GROUP BY 1 ORDER BY 1`,
  );
  expect(found).toEqual(
    expect.arrayContaining([
      { name: 'ImportKey', count: DEMO_KEYS.length },
      { name: 'CreatePrincipal', count: 4 },
      { name: 'CreateTeam', count: 1 },
      { name: 'CreateAccessKey', count: 3 },
    ]),
  );
});

test('keyblock demo accepts no argument', async () => {
  expect(await runKeyblock(['demo', 'now'])).toMatchObject({ exitCode: 2, stdout: '' });
});
