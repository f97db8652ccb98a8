import { OPERATIONS } from '../../../src/http/operation.js';
import { KMS } from '../../../src/kms/api.js';
import { useService } from '../../support/api.js';
import { addMaterial, addReplica, changeKey, removeMaterials } from '../../support/kms-rows.js';
import { callKms, createKmsKey, describeKmsKey, type KmsRefusal, sendKms } from '../../support/kms.js';

const service = useService({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1,eu-central-1' });

const STATES = [
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
  'Creating',
  'Updating',
] as const;
type State = (typeof STATES)[number];

/** Names that test titles use for states that no call reaches. */
const IN_ROW: Partial<Record<State, string>> = { Creating: ', set in its row', Updating: ', set in its row' };

/** A key in a state. */
interface KeyInState {
  arn: string;
  region: string;
  /** The output of `make`. */
  made: Record<string, unknown>;
}

interface Row {
  /** The cells of the table in the states above; `-` for a state that such a key can't have. */
  cells: string;
  input?: (key: KeyInState) => object;
  /** Attributes of the key; a symmetric encryption key by default. */
  key?: Parameters<typeof createKmsKey>[1];
  isMultiRegion?: true;
  /** A call made with the key while it is enabled. */
  make?: [operation: string, input: object];
}

const PLAINTEXT = { Plaintext: 'YQ==' };
const MAC_KEY = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } as const;
const SIGNING_KEY = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
const AGREEMENT_KEY = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' } as const;
const ENCAPSULATION_KEY = { KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' } as const;
const SIGN = { Message: 'YQ==', SigningAlgorithm: 'ECDSA_SHA_256' };
const ENCAPSULATE = { EncapsulationAlgorithm: 'ML_KEM' };
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { AWS: '000000000000' }, Action: 'kms:*', Resource: '*' },
});
const GRANT = { GranteePrincipal: 'arn:aws:iam::000000000000:root', Operations: ['Decrypt'] };
const MAC = { Message: 'YQ==', MacAlgorithm: 'HMAC_SHA_256' };
const ALIAS = 'alias/states';

/** Names the key, with further members, and members of the created resource. */
const named =
  (members: object, ...names: string[]) =>
  ({ arn, made }: KeyInState) => ({
    ...{ KeyId: arn, ...members },
    ...Object.fromEntries(names.map((name) => [name, made[name] ?? 'YQ=='])),
  });
const aliasOf = ({ arn }: KeyInState) => ({ AliasName: ALIAS, TargetKeyId: arn });

/**
 * States by operations, as the developer guide has them. Y: works; D: is disabled; P: is pending deletion; I: is pending
 * import; C: is creating; G: is updating; N: is not pending deletion; O: the origin, here EXTERNAL, is not valid; A: the
 * origin, here AWS_KMS, is not valid.
 */
const TABLE: Record<string, Row> = {
  CancelKeyDeletion: { cells: 'N N Y Y N N N' },
  CreateAlias: { cells: 'Y Y P P Y Y Y', input: aliasOf },
  CreateGrant: { cells: 'Y D P P I C Y', input: named(GRANT) },
  Encrypt: { cells: 'Y D P P I C Y', input: named(PLAINTEXT) },
  Decrypt: { cells: 'Y D P P I C Y', input: named({}, 'CiphertextBlob') },
  ReEncrypt: {
    cells: 'Y D P P I C Y',
    input: ({ arn, made }) => ({ CiphertextBlob: made['CiphertextBlob'], DestinationKeyId: arn }),
  },
  GenerateDataKey: { cells: 'Y D P P I C Y', input: named({ KeySpec: 'AES_256' }) },
  GenerateDataKeyWithoutPlaintext: { cells: 'Y D P P I C Y', input: named({ KeySpec: 'AES_256' }) },
  GenerateDataKeyPair: { cells: 'Y D P P I C Y', input: named({ KeyPairSpec: 'ECC_NIST_P256' }) },
  GenerateDataKeyPairWithoutPlaintext: { cells: 'Y D P P I C Y', input: named({ KeyPairSpec: 'ECC_NIST_P256' }) },
  Sign: { cells: 'Y D P P I C Y', input: named(SIGN), key: SIGNING_KEY },
  Verify: { cells: 'Y D P P I C Y', input: named(SIGN, 'Signature'), key: SIGNING_KEY, make: ['Sign', SIGN] },
  GenerateMac: { cells: 'Y D P P I C Y', input: named(MAC), key: MAC_KEY },
  VerifyMac: { cells: 'Y D P P I C Y', input: named(MAC, 'Mac'), key: MAC_KEY, make: ['GenerateMac', MAC] },
  DeriveSharedSecret: {
    cells: 'Y D P P I C Y',
    input: named({ KeyAgreementAlgorithm: 'ECDH' }, 'PublicKey'),
    key: AGREEMENT_KEY,
    make: ['GetPublicKey', {}],
  },
  Encapsulate: { cells: 'Y D P P - C Y', input: named(ENCAPSULATE), key: ENCAPSULATION_KEY },
  Decapsulate: {
    cells: 'Y D P P - C Y',
    input: named(ENCAPSULATE, 'SharedSecretCiphertextBlob'),
    key: ENCAPSULATION_KEY,
    make: ['Encapsulate', ENCAPSULATE],
  },
  GetPublicKey: { cells: 'Y Y P P I C Y', key: SIGNING_KEY },
  DescribeKey: { cells: 'Y Y Y Y Y Y Y' },
  GetKeyLastUsage: { cells: 'Y Y Y Y Y Y Y' },
  EnableKey: { cells: 'Y Y P P I C G' },
  DisableKey: { cells: 'Y Y P P I C G' },
  EnableKeyRotation: { cells: 'Y D P P O C Y' },
  DisableKeyRotation: { cells: 'Y D P P O C Y' },
  GetKeyRotationStatus: { cells: 'Y Y Y Y O Y Y' },
  ListKeyRotations: { cells: 'Y Y Y Y Y Y Y' },
  GetParametersForImport: {
    cells: 'A A A A Y A A',
    input: named({ WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }),
  },
  ImportKeyMaterial: {
    cells: 'A A A A - A A',
    input: named({
      ImportToken: 'YQ==',
      EncryptedKeyMaterial: 'YQ==',
      ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    }),
  },
  DeleteImportedKeyMaterial: { cells: 'A A A A Y A A' },
  RotateKeyOnDemand: { cells: 'Y D P P I C G' },
  GetKeyPolicy: { cells: 'Y Y Y Y Y Y Y' },
  PutKeyPolicy: { cells: 'Y Y Y Y Y Y Y', input: named({ Policy: POLICY }) },
  ListKeyPolicies: { cells: 'Y Y Y Y Y Y Y' },
  ListGrants: { cells: 'Y Y Y Y Y Y Y' },
  RetireGrant: { cells: 'Y Y Y Y - - Y', input: named({}, 'GrantId'), make: ['CreateGrant', GRANT] },
  RevokeGrant: { cells: 'Y Y Y Y - - Y', input: named({}, 'GrantId'), make: ['CreateGrant', GRANT] },
  ListResourceTags: { cells: 'Y Y Y Y Y Y Y' },
  // A key that is being created is a replica, and these two operations refuse replicas in any state.
  ReplicateKey: { cells: 'Y D P P I - G', input: named({ ReplicaRegion: 'eu-central-1' }), isMultiRegion: true },
  UpdatePrimaryRegion: { cells: 'Y D P P I - Y', input: named({ PrimaryRegion: 'eu-west-1' }), isMultiRegion: true },
  ScheduleKeyDeletion: { cells: 'Y Y P P Y Y G' },
  TagResource: { cells: 'Y Y P P Y Y Y', input: named({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }) },
  UntagResource: { cells: 'Y Y P P Y Y Y', input: named({ TagKeys: ['a'] }) },
  UpdateKeyDescription: { cells: 'Y Y P P Y Y Y', input: named({ Description: 'new' }) },
};

/** The exceptions of the cells, with the ARN of the key. */
const REFUSALS: Record<string, (arn: string) => KmsRefusal> = {
  D: (arn) => ({ name: 'DisabledException', message: `${arn} is disabled.` }),
  P: (arn) => ({ name: 'KMSInvalidStateException', message: `${arn} is pending deletion.` }),
  I: (arn) => ({ name: 'KMSInvalidStateException', message: `${arn} is pending import.` }),
  C: (arn) => ({ name: 'KMSInvalidStateException', message: `${arn} is creating.` }),
  G: (arn) => ({ name: 'KMSInvalidStateException', message: `${arn} is updating.` }),
  N: (arn) => ({ name: 'KMSInvalidStateException', message: `${arn} is not pending deletion.` }),
  A: (arn) => ({
    name: 'UnsupportedOperationException',
    message: `${arn} origin is AWS_KMS which is not valid for this operation.`,
  }),
  O: (arn) => ({
    name: 'UnsupportedOperationException',
    message: `${arn} origin is EXTERNAL which is not valid for this operation.`,
  }),
};

/**
 * Creates a key in a state. A key is Creating or Updating for about a second only, so these two states are set in its row, for an
 * hour; test/e2e/kms/multi-region.e2e.spec.ts sees them come and go by calls. The material of a PendingImport key is put into its
 * row and removed from it. All other states are reached by calls.
 */
async function inState(state: State, { key, isMultiRegion, make = ['Encrypt', PLAINTEXT] }: Row): Promise<KeyInState> {
  const isExternal = state === 'PendingImport';
  const MultiRegion = isMultiRegion ?? ['PendingReplicaDeletion', 'Creating', 'Updating'].includes(state);
  const { Arn: arn } = await createKmsKey(service, { MultiRegion, ...(isExternal && { Origin: 'EXTERNAL' }), ...key });
  // Only symmetric keys are made with a material here and lose it; others never had one.
  if (isExternal && !key) await addMaterial(service, arn);
  const [operation, input] = make;
  const canMake = key ? operation !== 'Encrypt' && !isExternal : true;
  const made = canMake ? await callKms(service, operation, { KeyId: arn, ...input }) : {};
  const replica = MultiRegion && state !== 'PendingDeletion' ? await addReplica(service, arn, 'eu-west-1') : arn;
  const soon = new Date(Date.now() + 3_600_000);
  if (state === 'Disabled') await callKms(service, 'DisableKey', { KeyId: arn });
  if (state.endsWith('Deletion')) await callKms(service, 'ScheduleKeyDeletion', { KeyId: arn });
  if (isExternal) await removeMaterials(service, arn);
  if (state === 'Updating') await changeKey(service, arn, { updatingUntil: soon });
  if (state !== 'Creating') return { arn, region: 'us-east-1', made };
  await changeKey(service, replica, { creatingUntil: soon });
  return { arn: replica, region: 'eu-west-1', made };
}

const SERVED = new Map(
  OPERATIONS.filter(({ document }) => document.api === KMS).map(({ document }) => [document.name, document.resource]),
);

test('every operation on a key has a row', () => {
  const names = [...SERVED].filter(([, resource]) => resource === 'key').map(([name]) => name);
  expect(names.filter((name) => !TABLE[name])).toEqual([]);
});

describe.each(Object.entries(TABLE).filter(([name]) => SERVED.has(name)))('%s', (operation, row) => {
  const { cells, input = named({}) } = row;
  const cases = STATES.map((state, i) => ({ state, set: IN_ROW[state] ?? '', cell: cells.split(' ')[i] ?? '' }));
  afterEach(() => sendKms(service, 'DeleteAlias', { AliasName: ALIAS }));

  test.each(cases.filter(({ cell }) => cell !== '-'))(
    'of a key in state $state$set: $cell',
    async ({ state, cell }) => {
      const key = await inState(state, row);
      const { arn, region } = key;
      const { status, json } = await sendKms(service, operation, input(key), { region });
      const refusal = REFUSALS[cell]?.(arn);
      if (!refusal) {
        expect({ status, json }).toEqual({ status: 200, json });
        return;
      }
      expect({ status, ...json }).toEqual({ status: 400, __type: refusal.name, message: refusal.message });
      expect((await describeKmsKey(service, arn, { region })).KeyState).toBe(state);
    },
  );
});
