import { keyIdOf } from '../../../support/keys.js';
import { allow, type Caller, denied, IDENTITY_DENY, useKmsAccess } from '../../../support/kms-access.js';

const { call, done, user, newKey } = useKmsAccess();

let key: string;
let other: string;
let CiphertextBlob: string | undefined;
beforeAll(async () => {
  [key, other] = [await newKey(), await newKey()];
  await done('CreateAlias', { AliasName: 'alias/same', TargetKeyId: keyIdOf(key) });
  await done('CreateAlias', { AliasName: 'alias/other', TargetKeyId: keyIdOf(other) });
  ({ CiphertextBlob } = await done('Encrypt', { KeyId: key, Plaintext: 'AA==' }));
});

const reEncrypt = (DestinationKeyId: string, by: Caller, input: object = {}) =>
  call('ReEncrypt', { CiphertextBlob, DestinationKeyId, ...input }, by);
const sameKey = (isSame: boolean) => ({ Condition: { Bool: { 'kms:ReEncryptOnSameKey': isSame } } });

test('a caller who may only keep the key may change neither key, however it is named', async () => {
  const ann = await user(allow(['ReEncryptFrom', 'ReEncryptTo'], sameKey(true)));
  for (const same of [key, keyIdOf(key), 'alias/same', key.replace(`key/${keyIdOf(key)}`, 'alias/same')]) {
    expect(await reEncrypt(same, ann)).toBe('ok');
    expect(await reEncrypt(same, ann, { SourceKeyId: 'alias/same' })).toBe('ok');
  }
  for (const another of [other, keyIdOf(other), 'alias/other'])
    expect(await reEncrypt(another, ann, { SourceKeyId: key })).toBe(denied(ann.arn, 'ReEncryptFrom', key));
});

test('a Deny for another key applies to the destination', async () => {
  const bob = await user(allow(['ReEncryptFrom', 'ReEncryptTo']), {
    ...allow('ReEncryptTo', sameKey(false)),
    Effect: 'Deny',
  });
  expect(await reEncrypt(key, bob)).toBe('ok');
  expect(await reEncrypt('alias/other', bob)).toBe(denied(bob.arn, 'ReEncryptTo', other, IDENTITY_DENY));
});

test.each([
  ['alias/none', 'NotFoundException: Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.'],
  ['none', "NotFoundException: Invalid keyId 'none'"],
])('the destination %s is refused after the source is authorized', async (destination, refusal) => {
  const eve = await user(allow(['ReEncryptFrom', 'ReEncryptTo']));
  expect(await reEncrypt(destination, eve)).toBe(refusal);
});
