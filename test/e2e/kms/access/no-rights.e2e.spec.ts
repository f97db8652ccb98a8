import { allow, type Caller, ROOT, UNKNOWN_ID, useKmsAccess } from '../../../support/kms-access.js';
import model from '../../../models/kms.service-2.json' with { type: 'json' };

/** Every operation of the model, by a user without permissions from any policy or grant. */
const { call, done, user, newKey, grant } = useKmsAccess();
let nobody: Caller;
let inputs: Record<string, object>;

beforeAll(async () => {
  nobody = await user();
  const other = await user(allow('*'));
  const KeyId = await newKey();
  const MultiRegionKey = { KeyId: await newKey({ MultiRegion: true }) };
  const { CiphertextBlob } = await done('Encrypt', { KeyId, Plaintext: 'AA==' });
  const { GrantId } = await grant(KeyId, other.arn, ['Encrypt']);
  const AliasName = 'alias/guarded';
  await done('CreateAlias', { AliasName, TargetKeyId: KeyId });
  const ofStore = { CustomKeyStoreId: 'cks-1234567890abcdef0' };
  const key = { KeyId };
  const dataKey = { KeyId: AliasName, KeySpec: 'AES_256' };
  const pair = { KeyId: AliasName, KeyPairSpec: 'ECC_NIST_P256' };
  const signed = { KeyId, Message: 'AA==', SigningAlgorithm: 'ECDSA_SHA_256' };
  const mac = { KeyId, Message: 'AA==', MacAlgorithm: 'HMAC_SHA_256' };
  inputs = {
    CancelKeyDeletion: key,
    ConnectCustomKeyStore: ofStore,
    CreateAlias: { AliasName: 'alias/new', TargetKeyId: KeyId },
    CreateCustomKeyStore: { CustomKeyStoreName: 'cluster' },
    CreateGrant: { KeyId, GranteePrincipal: nobody.arn, Operations: ['Decrypt'] },
    CreateKey: {},
    Decapsulate: { KeyId, SharedSecretCiphertextBlob: 'AA==', EncapsulationAlgorithm: 'ML_KEM' },
    Decrypt: { CiphertextBlob },
    DeleteAlias: { AliasName },
    DeleteCustomKeyStore: ofStore,
    DeleteImportedKeyMaterial: key,
    DeriveSharedSecret: { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: 'AA==' },
    DescribeCustomKeyStores: {},
    DescribeKey: { KeyId: AliasName },
    DisableKey: key,
    DisableKeyRotation: key,
    DisconnectCustomKeyStore: ofStore,
    EnableKey: key,
    EnableKeyRotation: key,
    Encapsulate: { KeyId, EncapsulationAlgorithm: 'ML_KEM' },
    Encrypt: { KeyId: AliasName, Plaintext: 'AA==' },
    GenerateDataKey: dataKey,
    GenerateDataKeyPair: pair,
    GenerateDataKeyPairWithoutPlaintext: pair,
    GenerateDataKeyWithoutPlaintext: dataKey,
    GenerateMac: mac,
    GenerateRandom: { NumberOfBytes: 1 },
    GetKeyLastUsage: key,
    GetKeyPolicy: key,
    GetKeyRotationStatus: key,
    GetParametersForImport: { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' },
    GetPublicKey: key,
    ImportKeyMaterial: {
      ...{ KeyId, ImportToken: 'AA==', EncryptedKeyMaterial: 'AA==' },
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    },
    ListAliases: key,
    ListGrants: key,
    ListKeyPolicies: key,
    ListKeyRotations: key,
    ListKeys: {},
    ListResourceTags: key,
    ListRetirableGrants: { RetiringPrincipal: ROOT },
    PutKeyPolicy: { KeyId, Policy: '{}' },
    ReEncrypt: { CiphertextBlob, DestinationKeyId: AliasName },
    ReplicateKey: { ...MultiRegionKey, ReplicaRegion: 'eu-west-1' },
    RetireGrant: { KeyId, GrantId },
    RevokeGrant: { KeyId, GrantId },
    RotateKeyOnDemand: key,
    ScheduleKeyDeletion: key,
    Sign: signed,
    TagResource: { KeyId, Tags: [{ TagKey: 'team', TagValue: '' }] },
    UntagResource: { KeyId, TagKeys: ['team'] },
    UpdateAlias: { AliasName, TargetKeyId: KeyId },
    UpdateCustomKeyStore: ofStore,
    UpdateKeyDescription: { KeyId, Description: '' },
    UpdatePrimaryRegion: { ...MultiRegionKey, PrimaryRegion: 'eu-west-1' },
    Verify: { ...signed, Signature: 'AA==' },
    VerifyMac: { ...mac, Mac: 'AA==' },
  };
});

test.each(Object.keys(model.operations))('%s is denied to a user without rights', async (operation) => {
  const input = inputs[operation] as Record<string, unknown>;
  expect(await call(operation, input, nobody)).toMatch(/^AccessDeniedException: /);
  // Neither can the user find out which keys exist.
  if ('KeyId' in input)
    expect(await call(operation, { ...input, KeyId: UNKNOWN_ID }, nobody)).toMatch(/^AccessDeniedException: /);
});
