import { DecryptCommand, EncryptCommand, ListAliasesCommand } from '@aws-sdk/client-kms';
import { adminOf, statement } from '../../support/admin.js';
import { actionsOf, type CckmUser, useCckm, UUID } from '../../support/cckm.js';
import { kmsClient } from '../../support/kms.js';
import { addMaterial } from '../../support/kms-rows.js';

const { service, user } = useCckm();
const { caller } = adminOf(service);

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});
const { act, refused, get } = actionsOf(() => ann);

describe('rotation', () => {
  test('is turned on and off', async () => {
    const { id } = await ann.createKey();
    const on = await act(id, 'enable-auto-rotation', { rotation_period_in_days: 90 });
    expect(on.aws_param).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(await act(id, 'get-key-rotation-status')).toEqual(on);
    expect((await act(id, 'enable-auto-rotation')).aws_param['RotationPeriodInDays']).toBe(365);
    expect(
      (await act(id, 'enable-auto-rotation', { rotation_period_in_days: 0 })).aws_param['RotationPeriodInDays'],
    ).toBe(365);
    const off = await act(id, 'disable-auto-rotation');
    expect(off.aws_param['KeyRotationEnabled']).toBe(false);
    expect(off.aws_param).not.toHaveProperty('NextRotationDate');
  });

  test.each<[string, object, string]>([
    ['of 89 days', { rotation_period_in_days: 89 }, '400 9 NCERRInvalidParamValue'],
    ['of 2,561 days', { rotation_period_in_days: 2561 }, '400 9 NCERRInvalidParamValue'],
    ['of text', { rotation_period_in_days: 'x' }, '400 15 NCERRBadRequest'],
  ])('is not turned on with a period %s', async (_, body, message) => {
    const { id } = await ann.createKey();
    expect(await refused(id, 'enable-auto-rotation', body)).toContain(message);
  });

  test('is refused for a key pair, with the exception of KMS', async () => {
    const { id } = await ann.createKey({ CustomerMasterKeySpec: 'RSA_2048' });
    for (const action of ['enable-auto-rotation', 'disable-auto-rotation', 'rotate-material'])
      expect(await refused(id, action)).toBe(
        '400 15 NCERRBadRequest: Bad HTTP request | UnsupportedOperationException: ',
      );
    expect(await ann.refused('GET', `cckm/aws/keys/${id}/rotations`)).toContain('UnsupportedOperationException');
  });

  test('of the material keeps the key, and its materials are listed', async () => {
    const { id, aws_param } = await ann.createKey();
    const kms = kmsClient(service);
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: aws_param.KeyID, Plaintext: Buffer.from('before') }),
    );
    const rotated = await act(id, 'rotate-material', {});
    expect(rotated.aws_param['CurrentKeyMaterialId']).not.toBe(aws_param['CurrentKeyMaterialId']);
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(Plaintext!).toString()).toBe('before');

    const list = await ann.ok<{ resources: object[] }>('GET', `cckm/aws/keys/${id}/rotations?limit=-1`);
    expect(list).toMatchObject({ total: 2, skip: 0 });
    expect(list.resources).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        key_source: 'native',
        key_material_origin: 'native',
        aws_param: {
          KeyId: aws_param.KeyID,
          KeyMaterialId: aws_param['CurrentKeyMaterialId'],
          KeyMaterialState: 'NON_CURRENT',
        },
      }),
      expect.objectContaining({
        aws_param: {
          KeyId: aws_param.KeyID,
          KeyMaterialId: rotated.aws_param['CurrentKeyMaterialId'],
          KeyMaterialState: 'CURRENT',
          RotationDate: expect.stringMatching(/Z$/),
          RotationType: 'ON_DEMAND',
        },
      }),
    ]);
    const count = async (query: string) =>
      (await ann.ok<{ total: number }>('GET', `cckm/aws/keys/${id}/rotations?${query}`)).total;
    expect(await count('KeyMaterialState=CURRENT')).toBe(1);
    expect(await count('RotationType=ON_DEMAND')).toBe(1);
    expect(await count('RotationType=AUTOMATIC')).toBe(0);
    expect(await count(`KeyMaterialId=${String(aws_param['CurrentKeyMaterialId'])}`)).toBe(1);
    expect(await count('ImportState=IMPORTED')).toBe(0);
    expect(await count('key_source=local')).toBe(0);
    expect(await count('key_material_origin=native')).toBe(2);
  });

  test('by a new key moves the aliases, and both keys name each other', async () => {
    await user('usher');
    const old = await ann.createKey(
      { Alias: 'app', Tags: [{ TagKey: 'k', TagValue: 'v' }], Description: 'old' },
      { key_users: ['usher'] },
    );
    const next = await act(old.id, 'rotate', { description: 'new', retain_alias: true, disable_encrypt: true });
    expect(next).toMatchObject({
      rotated_from: old.id,
      key_users: ['usher'],
      aws_param: { Alias: ['alias/app'], Tags: [{ TagKey: 'k', TagValue: 'v' }], Description: 'new' },
    });
    expect(next.aws_param['Policy']).toEqual(old.aws_param['Policy']);
    expect(next.id).not.toBe(old.id);
    const before = await get(old.id);
    expect(before).toMatchObject({
      rotated_to: next.id,
      rotated_at: expect.stringMatching(/\.\d{6}Z$/),
      rotation_status: 'ROTATED',
      aws_param: { Alias: [expect.stringMatching(/^alias\/app-\d{14}$/)], KeyState: 'Enabled' },
    });
    const kms = kmsClient(service);
    await kms.send(new EncryptCommand({ KeyId: 'alias/app', Plaintext: Buffer.from('x') }));
    const client = kmsClient(service, { credentials: await caller('ann-keys', statement('kms:*')) });
    await expect(
      client.send(new EncryptCommand({ KeyId: old.aws_param.KeyID, Plaintext: Buffer.from('x') })),
    ).rejects.toThrow(/explicit deny/);
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: next.aws_param.KeyID }));
    expect(Aliases).toHaveLength(1);

    const plain = await act(next.id, 'rotate');
    expect(plain).toMatchObject({ rotated_from: next.id, aws_param: { Alias: ['alias/app'], Description: 'new' } });
    expect(plain).not.toHaveProperty('rotated_to');
  });

  test('by a new key, again, denies no encryption with the second new key', async () => {
    const old = await ann.createKey({ Description: 'old' });
    await act(old.id, 'rotate', { disable_encrypt: true });
    const second = await act(old.id, 'rotate', { description: '' });
    expect(second.aws_param).toMatchObject({ Description: 'old', Policy: old.aws_param['Policy'] });
    expect(JSON.stringify((await get(old.id)).aws_param['Policy'])).toContain('kms:ReEncryptTo');
  });

  test('by a new key is refused before it begins if a retained alias would be too long', async () => {
    const { id } = await ann.createKey({ Alias: 'a'.repeat(236) });
    const { total } = await ann.ok<{ total: number }>('GET', 'cckm/aws/keys?limit=0');
    expect(await refused(id, 'rotate', { retain_alias: true })).toMatch(
      /^400 9 NCERRInvalidParamValue \| An alias has/,
    );
    expect(await get(id)).toMatchObject({ rotation_status: '', aws_param: { Alias: [`alias/${'a'.repeat(236)}`] } });
    expect(await ann.ok('GET', 'cckm/aws/keys?limit=0')).toMatchObject({ total });
    await act(id, 'rotate');
  });

  test.each<[string, string, object, string]>([
    ['by a source key', 'rotate', { source_key_id: 'x' }, 'ImportKeyMaterial'],
    ['by a source key of an HSM', 'rotate', { source_key_tier: 'hsm-luna' }, 'ImportKeyMaterial'],
    [
      'of the material by a source key',
      'rotate-material',
      { source_key_identifier: 'x', source_key_tier: 'local' },
      'ImportKeyMaterial',
    ],
  ])('%s is not served, and the refusal says what is', async (_, action, body, instead) => {
    const { id } = await ann.createKey();
    const answer = await refused(id, action, body);
    expect(answer).toMatch(/^400 15 NCERRBadRequest: Bad HTTP request \| Keyblock doesn't serve this request\. /);
    expect(answer).toContain(instead);
  });

  test('keeps what a simultaneous policy change records, and vice versa', async () => {
    const { id } = await ann.createKey();
    await Promise.all([act(id, 'rotate'), act(id, 'policy', { key_admins: ['ann'] })]);
    expect(await get(id)).toMatchObject({
      key_admins: ['ann'],
      rotated_to: expect.stringMatching(UUID) as unknown,
      rotation_status: 'ROTATED',
    });
  });
});

describe('imported material', () => {
  test('is deleted, and the key waits for it again', async () => {
    const { id, aws_param } = await ann.createKey({ Origin: 'EXTERNAL' });
    await addMaterial(service, aws_param.Arn);
    expect(await act(id, 'enable')).toMatchObject({
      key_material_origin: 'cckm',
      aws_param: { KeyState: 'Enabled', ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
    });
    expect(await refused(id, 'delete-material', { key_material_id: 'a'.repeat(64) })).toMatch(/^404 16 /);
    expect(await refused(id, 'delete-material', { key_material_id: 'x' })).toMatch(/^400 9 /);
    expect((await act(id, 'delete-material')).aws_param).toMatchObject({ KeyState: 'PendingImport', Enabled: false });
    const list = await ann.ok('GET', `cckm/aws/keys/${id}/rotations?ImportState=PENDING_IMPORT`);
    expect(list).toMatchObject({ total: 1, resources: [{ key_source: 'external', key_material_origin: 'cckm' }] });
  });

  test('of a key that KMS made cannot be deleted', async () => {
    const { id } = await ann.createKey();
    expect(await refused(id, 'delete-material')).toMatch(/^400 15 NCERRBadRequest.*UnsupportedOperationException/);
  });
});
