import { rootCall } from '../../../test/support/call.js';
import { requestOf } from '../../access/authorize.js';
import type { Principal } from '../../call.js';
import { Statements } from '../../policy/policy.js';
import { KMS } from '../api.js';
import { kmsKeyArn } from '../keys/key-id.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { type Authorized, type KeyFacts, resourceOf } from './authorize.js';

const SCOPE = { accountId: '000000000000', region: 'us-east-1' };
const key: NewKmsKey = {
  ...SCOPE,
  arn: kmsKeyArn(SCOPE, '11111111-2222-3333-4444-555555555555'),
  keyId: '11111111-2222-3333-4444-555555555555',
  spec: 'ECC_NIST_P256',
  usage: 'SIGN_VERIFY',
  origin: 'EXTERNAL',
  description: '',
  enabled: true,
  customKeyStoreId: null,
  xksKeyId: null,
  policy: '',
  createdAt: new Date(),
  primaryRegion: null,
  deletionDate: null,
  pendingWindowDays: null,
  creatingUntil: null,
  updatingUntil: null,
  rotationPeriodDays: null,
  nextRotationAt: null,
  publicKey: null,
};
const facts = (changes: Partial<NewKmsKey> = {}, more: Partial<KeyFacts> = {}): KeyFacts => ({
  key: { ...key, ...changes },
  tags: [],
  aliases: [],
  policy: new Statements([]),
  ...more,
});

interface Asked {
  operation: string;
  input?: object;
  principal?: Partial<Principal>;
  authorized?: Partial<Authorized>;
}

/** Returns the values of a condition key, as policies see them. */
function valuesOf(name: string, { operation, input, principal, authorized }: Asked): readonly string[] | undefined {
  const call = { ...rootCall(operation), api: KMS };
  if (input) call.record.reads(input, input);
  Object.assign(call.principal, principal);
  return requestOf(call, resourceOf(call, { resource: '*', ...authorized })).context(name.toLowerCase());
}

const withKey = (changes?: Partial<NewKmsKey>, more?: Partial<KeyFacts>) => ({ key: facts(changes, more) });
const CONTEXT = { Table: 'orders', row: '12' };
const TAGS = [
  { TagKey: 'Team', TagValue: 'pin' },
  { TagKey: 'line', TagValue: '' },
];

type Row = [name: string, asked: Asked, values: readonly string[] | undefined];

describe('Facts of the request', () => {
  test.each<Row>([
    ['kms:CallerAccount', { operation: 'Encrypt' }, ['000000000000']],
    ['kms:ViaService', { operation: 'Encrypt' }, undefined],
    ['aws:PrincipalArn', { operation: 'Encrypt' }, ['arn:aws:iam::000000000000:root']],
    ['aws:SourceIp', { operation: 'Encrypt' }, ['127.0.0.1']],
    ['aws:SourceArn', { operation: 'Encrypt' }, undefined],
    ['aws:PrincipalTag/team', { operation: 'Encrypt' }, undefined],
    ['aws:ResourceTag/team', { operation: 'Encrypt', authorized: withKey() }, undefined],
    [
      'aws:ResourceTag/team',
      { operation: 'Encrypt', authorized: withKey({}, { tags: [{ key: 'Team', value: 'pin' }] }) },
      ['pin'],
    ],
    ['aws:RequestTag/team', { operation: 'TagResource', input: { Tags: TAGS } }, ['pin']],
    ['aws:RequestTag/line', { operation: 'CreateKey', input: { Tags: TAGS } }, ['']],
    ['aws:RequestTag/other', { operation: 'TagResource', input: { Tags: TAGS } }, undefined],
    ['aws:TagKeys', { operation: 'TagResource', input: { Tags: TAGS } }, ['Team', 'line']],
    ['aws:TagKeys', { operation: 'UntagResource', input: { TagKeys: ['line'] } }, ['line']],
    ['aws:TagKeys', { operation: 'Encrypt', input: {} }, undefined],
    ['kms:RequestAlias', { operation: 'Encrypt', authorized: { requestAlias: 'alias/disk' } }, ['alias/disk']],
    ['kms:RequestAlias', { operation: 'Encrypt', authorized: withKey({}, { aliases: ['alias/disk'] }) }, undefined],
    ['kms:Other', { operation: 'Encrypt', input: { Other: 'x' } }, undefined],
    ['kms:constructor', { operation: 'Encrypt', input: {} }, undefined],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});

describe('The encryption context of a call, or the one that a new grant requires', () => {
  const grant = (Constraints: object): Asked => ({ operation: 'CreateGrant', input: { Constraints } });
  test.each<Row>([
    ['kms:EncryptionContext:table', { operation: 'Encrypt', authorized: { encryptionContext: CONTEXT } }, ['orders']],
    ['kms:EncryptionContext:ROW', { operation: 'Encrypt', authorized: { encryptionContext: CONTEXT } }, ['12']],
    ['kms:EncryptionContext:none', { operation: 'Encrypt', authorized: { encryptionContext: CONTEXT } }, undefined],
    ['kms:EncryptionContext:table', { operation: 'Encrypt' }, undefined],
    [
      'kms:EncryptionContext:a',
      { operation: 'Encrypt', authorized: { encryptionContext: { a: '1', A: '2' } } },
      ['1', '2'],
    ],
    [
      'kms:EncryptionContextKeys',
      { operation: 'Encrypt', authorized: { encryptionContext: CONTEXT } },
      ['Table', 'row'],
    ],
    ['kms:EncryptionContextKeys', { operation: 'Encrypt' }, undefined],
    ['kms:EncryptionContext:table', grant({ EncryptionContextSubset: CONTEXT }), ['orders']],
    ['kms:EncryptionContext:table', grant({ EncryptionContextEquals: CONTEXT }), ['orders']],
    [
      'kms:EncryptionContextKeys',
      grant({ EncryptionContextSubset: { a: '1' }, EncryptionContextEquals: CONTEXT }),
      ['a', 'Table', 'row'],
    ],
    ['kms:EncryptionContextKeys', grant({ EncryptionContextSubset: {} }), undefined],
    ['kms:EncryptionContextKeys', grant({ SourceArn: 'arn:aws:s3:::bucket' }), undefined],
    ['kms:EncryptionContextKeys', { operation: 'CreateGrant', input: {} }, undefined],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});

describe('Algorithms and other members of cryptographic calls', () => {
  test.each<Row>([
    ['kms:EncryptionAlgorithm', { operation: 'Encrypt', input: {} }, ['SYMMETRIC_DEFAULT']],
    ['kms:EncryptionAlgorithm', { operation: 'GenerateDataKey', input: {} }, ['SYMMETRIC_DEFAULT']],
    [
      'kms:EncryptionAlgorithm',
      { operation: 'Decrypt', input: { EncryptionAlgorithm: 'RSAES_OAEP_SHA_1' } },
      ['RSAES_OAEP_SHA_1'],
    ],
    [
      'kms:EncryptionAlgorithm',
      {
        operation: 'ReEncrypt',
        authorized: { operation: 'ReEncryptFrom' },
        input: { SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1', DestinationEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' },
      },
      ['RSAES_OAEP_SHA_1'],
    ],
    [
      'kms:EncryptionAlgorithm',
      {
        operation: 'ReEncrypt',
        authorized: { operation: 'ReEncryptTo' },
        input: { SourceEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' },
      },
      ['SYMMETRIC_DEFAULT'],
    ],
    ['kms:EncryptionAlgorithm', { operation: 'DescribeKey', input: {} }, undefined],
    ['kms:ReEncryptOnSameKey', { operation: 'ReEncrypt', authorized: { isOnSameKey: true } }, ['true']],
    ['kms:ReEncryptOnSameKey', { operation: 'ReEncrypt', authorized: { isOnSameKey: false } }, ['false']],
    ['kms:ReEncryptOnSameKey', { operation: 'Encrypt' }, undefined],
    ['kms:SigningAlgorithm', { operation: 'Sign', input: { SigningAlgorithm: 'ECDSA_SHA_256' } }, ['ECDSA_SHA_256']],
    ['kms:MacAlgorithm', { operation: 'VerifyMac', input: { MacAlgorithm: 'HMAC_SHA_256' } }, ['HMAC_SHA_256']],
    [
      'kms:KeyAgreementAlgorithm',
      { operation: 'DeriveSharedSecret', input: { KeyAgreementAlgorithm: 'ECDH' } },
      ['ECDH'],
    ],
    ['kms:MessageType', { operation: 'Sign', input: { MessageType: 'DIGEST' } }, ['DIGEST']],
    ['kms:MessageType', { operation: 'Verify', input: {} }, ['RAW']],
    ['kms:MessageType', { operation: 'GenerateMac', input: {} }, undefined],
    ['kms:DataKeyPairSpec', { operation: 'GenerateDataKeyPair', input: { KeyPairSpec: 'RSA_2048' } }, ['RSA_2048']],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});

describe('Properties of the key, or of the key that CreateKey is to create', () => {
  const create = (input: object): Asked => ({ operation: 'CreateKey', input });
  const sign = (changes?: Partial<NewKmsKey>): Asked => ({ operation: 'Sign', authorized: withKey(changes) });
  test.each<Row>([
    ['kms:KeySpec', sign(), ['ECC_NIST_P256']],
    ['kms:KeySpec', create({ KeySpec: 'HMAC_256' }), ['HMAC_256']],
    ['kms:KeySpec', create({}), ['SYMMETRIC_DEFAULT']],
    ['kms:KeySpec', { operation: 'GenerateDataKey', input: { KeySpec: 'AES_128' } }, undefined],
    ['kms:CustomerMasterKeySpec', create({ CustomerMasterKeySpec: 'RSA_2048' }), ['RSA_2048']],
    ['kms:KeyUsage', sign(), ['SIGN_VERIFY']],
    ['kms:KeyUsage', create({}), ['ENCRYPT_DECRYPT']],
    ['kms:CustomerMasterKeyUsage', create({ KeyUsage: 'GENERATE_VERIFY_MAC' }), ['GENERATE_VERIFY_MAC']],
    ['kms:KeyOrigin', sign(), ['EXTERNAL']],
    ['kms:KeyOrigin', create({}), ['AWS_KMS']],
    ['kms:MultiRegion', sign(), ['false']],
    ['kms:MultiRegion', sign({ primaryRegion: 'us-east-1' }), ['true']],
    ['kms:MultiRegion', create({ MultiRegion: true }), ['true']],
    ['kms:MultiRegionKeyType', sign(), undefined],
    ['kms:MultiRegionKeyType', sign({ primaryRegion: 'us-east-1' }), ['PRIMARY']],
    ['kms:MultiRegionKeyType', sign({ primaryRegion: 'eu-west-1' }), ['REPLICA']],
    ['kms:MultiRegionKeyType', create({}), undefined],
    ['kms:MultiRegionKeyType', create({ MultiRegion: true }), ['PRIMARY']],
    [
      'kms:ResourceAliases',
      { operation: 'Sign', authorized: withKey({}, { aliases: ['alias/a', 'alias/b'] }) },
      ['alias/a', 'alias/b'],
    ],
    ['kms:PrimaryRegion', { operation: 'UpdatePrimaryRegion', input: { PrimaryRegion: 'eu-west-1' } }, ['eu-west-1']],
    ['kms:ReplicaRegion', { operation: 'ReplicateKey', input: { ReplicaRegion: 'eu-west-1' } }, ['eu-west-1']],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});

describe('Grants', () => {
  const grant = (input: object): Asked => ({ operation: 'CreateGrant', input });
  const ANN = 'arn:aws:iam::000000000000:user/ann';
  test.each<Row>([
    ['kms:GrantOperations', grant({ Operations: ['Encrypt', 'Decrypt'] }), ['Encrypt', 'Decrypt']],
    ['kms:GranteePrincipal', grant({ GranteePrincipal: ANN }), [ANN]],
    ['kms:GranteePrincipal', { operation: 'ListGrants', input: { GranteePrincipal: ANN } }, undefined],
    ['kms:RetiringPrincipal', grant({ RetiringPrincipal: ANN }), [ANN]],
    ['kms:RetiringPrincipal', { operation: 'ListRetirableGrants', input: { RetiringPrincipal: ANN } }, undefined],
    [
      'kms:GrantConstraintType',
      grant({ Constraints: { EncryptionContextSubset: CONTEXT } }),
      ['EncryptionContextSubset'],
    ],
    [
      'kms:GrantConstraintType',
      grant({ Constraints: { EncryptionContextSubset: {}, EncryptionContextEquals: CONTEXT, SourceArn: ANN } }),
      ['EncryptionContextEquals', 'SourceArn'],
    ],
    ['kms:GrantConstraintType', grant({}), undefined],
    ['kms:GrantIsForAWSResource', grant({}), ['false']],
    ['kms:GrantIsForAWSResource', { operation: 'RevokeGrant', input: {} }, undefined],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});

describe('Administration of keys', () => {
  test.each<Row>([
    ['kms:BypassPolicyLockoutSafetyCheck', { operation: 'PutKeyPolicy', input: {} }, ['false']],
    [
      'kms:BypassPolicyLockoutSafetyCheck',
      { operation: 'CreateKey', input: { BypassPolicyLockoutSafetyCheck: true } },
      ['true'],
    ],
    ['kms:BypassPolicyLockoutSafetyCheck', { operation: 'GetKeyPolicy', input: {} }, undefined],
    ['kms:ScheduleKeyDeletionPendingWindowInDays', { operation: 'ScheduleKeyDeletion', input: {} }, ['30']],
    [
      'kms:ScheduleKeyDeletionPendingWindowInDays',
      { operation: 'ScheduleKeyDeletion', input: { PendingWindowInDays: 7 } },
      ['7'],
    ],
    ['kms:ScheduleKeyDeletionPendingWindowInDays', { operation: 'DisableKey', input: {} }, undefined],
    ['kms:RotationPeriodInDays', { operation: 'EnableKeyRotation', input: {} }, ['365']],
    ['kms:RotationPeriodInDays', { operation: 'EnableKeyRotation', input: { RotationPeriodInDays: 90 } }, ['90']],
    ['kms:RotationPeriodInDays', { operation: 'RotateKeyOnDemand', input: {} }, undefined],
    [
      'kms:ExpirationModel',
      { operation: 'ImportKeyMaterial', input: { ExpirationModel: 'KEY_MATERIAL_EXPIRES' } },
      ['KEY_MATERIAL_EXPIRES'],
    ],
    ['kms:ExpirationModel', { operation: 'ImportKeyMaterial', input: {} }, ['KEY_MATERIAL_EXPIRES']],
    ['kms:ExpirationModel', { operation: 'DeleteImportedKeyMaterial', input: {} }, undefined],
    ['kms:ValidTo', { operation: 'ImportKeyMaterial', input: { ValidTo: 1669973196.214 } }, ['1669973196.214']],
    ['kms:ValidTo', { operation: 'ImportKeyMaterial', input: {} }, undefined],
    [
      'kms:WrappingAlgorithm',
      { operation: 'GetParametersForImport', input: { WrappingAlgorithm: 'RSAES_OAEP_SHA_256' } },
      ['RSAES_OAEP_SHA_256'],
    ],
    [
      'kms:WrappingKeySpec',
      { operation: 'GetParametersForImport', input: { WrappingKeySpec: 'RSA_4096' } },
      ['RSA_4096'],
    ],
  ])('%s of %j', (name, asked, values) => expect(valuesOf(name, asked)).toEqual(values));
});
