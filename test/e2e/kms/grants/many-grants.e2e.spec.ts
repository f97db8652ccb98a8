import { DataSource } from 'typeorm';
import { Changes } from '../../../../src/changes/changes.js';
import { KmsGrant } from '../../../../src/kms/grants/kms-grant.entity.js';
import { sendKms } from '../../../support/kms.js';
import { allow, type Caller, denied, useKmsAccess } from '../../../support/kms-access.js';

const { service, call, user, newKey, grant } = useKmsAccess();

/** Gives a user more grants of a key than are tried one by one, none of which allows a call of these tests. */
async function addGrants(keyArn: string, { arn }: Caller): Promise<void> {
  const constraints = JSON.stringify({ EncryptionContextEquals: { nobody: 'has this' } });
  await service.app.get(Changes).ownTransaction(async (manager, changed) => {
    const rows = Array.from({ length: 300 }, (_, i) => ({
      ...{ keyArn, grantId: String(i).padStart(64, '0'), name: null, granteePrincipal: arn, retiringPrincipal: null },
      ...{ operations: ['Encrypt', 'CreateGrant'], constraints, createdAt: new Date() },
    }));
    await manager.insert(KmsGrant, manager.create(KmsGrant, rows));
    changed(keyArn);
  });
}

const TABLE = { table: 'orders' };
const OTHER = 'arn:aws:iam::000000000000:user/other';

describe.each([
  ['few', false],
  ['many', true],
])('With %s grants to a principal', (_, areMany) => {
  let ann: Caller;
  let KeyId: string;
  beforeEach(async () => {
    [ann, KeyId] = [await user(), await newKey()];
    if (areMany) await addGrants(KeyId, ann);
  });
  const encrypt = (EncryptionContext?: object) => call('Encrypt', { KeyId, Plaintext: 'AA==', EncryptionContext }, ann);
  const describeKey = () => call('DescribeKey', { KeyId }, ann);
  const create = (Operations: string[], Constraints?: object) =>
    call('CreateGrant', { KeyId, GranteePrincipal: OTHER, Operations, Constraints }, ann);
  const refused = (operation: string) => denied(ann.arn, operation, KeyId);

  test('a call that none allows is refused', async () => {
    expect(await encrypt()).toBe(refused('Encrypt'));
    expect(await encrypt(TABLE)).toBe(refused('Encrypt'));
    expect(await describeKey()).toBe(refused('DescribeKey'));
    expect(await create(['Encrypt'])).toBe(refused('CreateGrant'));
  });

  test('one without constraints allows its operations and no others', async () => {
    await grant(KeyId, ann.arn, ['Encrypt', 'DescribeKey']);
    expect([await encrypt(), await encrypt(TABLE), await describeKey()]).toEqual(['ok', 'ok', 'ok']);
    expect(await call('Decrypt', { KeyId, CiphertextBlob: 'AA==' }, ann)).not.toBe('ok');
    expect(await create(['Encrypt'])).toBe(refused('CreateGrant'));
  });

  test.each<[constraint: string, context: object | undefined, isAllowed: boolean]>([
    ['EncryptionContextSubset', undefined, false],
    ['EncryptionContextSubset', { table: 'Orders' }, false],
    ['EncryptionContextSubset', { Table: 'orders' }, false],
    ['EncryptionContextSubset', TABLE, true],
    ['EncryptionContextSubset', { ...TABLE, row: '1' }, true],
    ['EncryptionContextEquals', undefined, false],
    ['EncryptionContextEquals', { table: 'orders ' }, false],
    ['EncryptionContextEquals', TABLE, true],
    ['EncryptionContextEquals', { ...TABLE, row: '1' }, false],
  ])('one with %s decides about the context %j: %s', async (constraint, context, isAllowed) => {
    await grant(KeyId, ann.arn, ['Encrypt', 'DescribeKey'], { Constraints: { [constraint]: TABLE } });
    expect(await encrypt(context)).toBe(isAllowed ? 'ok' : refused('Encrypt'));
    expect(await describeKey()).toBe('ok');
  });

  test('one on behalf of a resource allows nothing', async () => {
    const SourceArn = 'arn:aws:s3:us-east-1:000000000000:bucket';
    await grant(KeyId, ann.arn, ['Encrypt', 'DescribeKey'], { Constraints: { SourceArn } });
    expect([await encrypt(), await describeKey()]).toEqual([refused('Encrypt'), refused('DescribeKey')]);
  });

  test.each<[given: object | undefined, child: object | undefined, operations: string[], isAllowed: boolean]>([
    [undefined, undefined, ['Encrypt'], true],
    [undefined, undefined, ['Encrypt', 'CreateGrant'], true],
    [undefined, undefined, ['Encrypt', 'DescribeKey'], false],
    [undefined, { EncryptionContextEquals: TABLE }, ['Encrypt'], true],
    [{ EncryptionContextSubset: TABLE }, undefined, ['Encrypt'], false],
    [{ EncryptionContextSubset: TABLE }, { EncryptionContextSubset: { row: '1' } }, ['Encrypt'], false],
    [{ EncryptionContextSubset: TABLE }, { EncryptionContextSubset: { ...TABLE, row: '1' } }, ['Encrypt'], true],
    [{ EncryptionContextSubset: TABLE }, { EncryptionContextEquals: TABLE }, ['Encrypt'], true],
    [{ EncryptionContextEquals: TABLE }, { EncryptionContextSubset: TABLE }, ['Encrypt'], false],
    [{ EncryptionContextEquals: TABLE }, { EncryptionContextEquals: { ...TABLE, row: '1' } }, ['Encrypt'], false],
    [{ EncryptionContextEquals: TABLE }, { EncryptionContextEquals: TABLE }, ['Encrypt'], true],
  ])(
    'one with the constraints %j lets its grantee grant %j for %j: %s',
    async (given, child, operations, isAllowed) => {
      await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant'], { Constraints: given });
      expect(await create(operations, child)).toBe(isAllowed ? 'ok' : refused('CreateGrant'));
    },
  );

  test('a policy allows what no grant does', async () => {
    const bob = await user(allow('Encrypt'));
    if (areMany) await addGrants(await newKey(), bob);
    expect(await call('Encrypt', { KeyId, Plaintext: 'AA==' }, bob)).toBe('ok');
  });
});

test('a grant that was modified in the database allows nothing, even among many', async () => {
  const [ann, KeyId] = [await user(), await newKey()];
  await addGrants(KeyId, ann);
  await service.app
    .get(DataSource)
    .query(`UPDATE kms_grants SET constraints = NULL WHERE key_arn = $1 AND grant_id = $2`, [
      KeyId,
      '7'.padStart(64, '0'),
    ]);
  const calls: [string, object][] = [
    ['CreateGrant', { KeyId, GranteePrincipal: OTHER, Operations: ['Encrypt'] }],
    ['Encrypt', { KeyId, Plaintext: 'AA==' }],
  ];
  for (const [operation, input] of calls)
    expect(await sendKms(service, operation, input, { credentials: ann.credentials })).toMatchObject({
      status: 500,
      json: { __type: 'KMSInternalException' },
    });
});
