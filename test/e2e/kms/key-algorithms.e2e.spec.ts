import { type KeySpec, type KeyUsageType, type KMSClient } from '@aws-sdk/client-kms';
import {
  EncryptionAlgorithm,
  KeySpec as KeySpecs,
  KeyUsage,
  MacAlgorithm,
  SigningAlgorithm,
} from '../../../src/kms/fields.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

type Algorithms = Partial<Record<KeyUsageType, readonly string[]>>;

const RSA: Algorithms = {
  ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  SIGN_VERIFY: ['256', '384', '512'].flatMap((bits) => [`RSASSA_PKCS1_V1_5_SHA_${bits}`, `RSASSA_PSS_SHA_${bits}`]),
};

/** Algorithms of each key spec, as the documentation of KMS lists them. */
const TABLE: Record<Exclude<KeySpec, 'SM2'>, Algorithms> = {
  SYMMETRIC_DEFAULT: { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] },
  RSA_2048: RSA,
  RSA_3072: RSA,
  RSA_4096: RSA,
  ECC_NIST_P256: { SIGN_VERIFY: ['ECDSA_SHA_256'], KEY_AGREEMENT: ['ECDH'] },
  ECC_NIST_P384: { SIGN_VERIFY: ['ECDSA_SHA_384'], KEY_AGREEMENT: ['ECDH'] },
  ECC_NIST_P521: { SIGN_VERIFY: ['ECDSA_SHA_512'], KEY_AGREEMENT: ['ECDH'] },
  ECC_SECG_P256K1: { SIGN_VERIFY: ['ECDSA_SHA_256'] },
  ECC_NIST_EDWARDS25519: { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
  HMAC_224: { GENERATE_VERIFY_MAC: ['HMAC_SHA_224'] },
  HMAC_256: { GENERATE_VERIFY_MAC: ['HMAC_SHA_256'] },
  HMAC_384: { GENERATE_VERIFY_MAC: ['HMAC_SHA_384'] },
  HMAC_512: { GENERATE_VERIFY_MAC: ['HMAC_SHA_512'] },
  ML_DSA_44: { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] },
  ML_DSA_65: { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] },
  ML_DSA_87: { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] },
  ML_KEM_512: { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] },
  ML_KEM_768: { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] },
  ML_KEM_1024: { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] },
};
const SPECS = Object.keys(TABLE) as (keyof typeof TABLE)[];

const BYTES = base64(Buffer.alloc(64, 1));

interface Call {
  operation: string;
  usage: KeyUsageType;
  algorithms: readonly string[];
  input: (algorithm: string) => object;
}

const CALLS: Call[] = [
  {
    operation: 'Encrypt',
    usage: 'ENCRYPT_DECRYPT',
    algorithms: EncryptionAlgorithm.options,
    input: (EncryptionAlgorithm) => ({ Plaintext: BYTES, EncryptionAlgorithm }),
  },
  {
    operation: 'Decrypt',
    usage: 'ENCRYPT_DECRYPT',
    // The ciphertext of a symmetric key names its key.
    algorithms: EncryptionAlgorithm.options.filter((name) => name !== 'SYMMETRIC_DEFAULT'),
    input: (EncryptionAlgorithm) => ({ CiphertextBlob: BYTES, EncryptionAlgorithm }),
  },
  {
    operation: 'Sign',
    usage: 'SIGN_VERIFY',
    algorithms: SigningAlgorithm.options,
    input: (SigningAlgorithm) => ({ Message: BYTES, SigningAlgorithm, MessageType: typeOf(SigningAlgorithm) }),
  },
  {
    operation: 'Verify',
    usage: 'SIGN_VERIFY',
    algorithms: SigningAlgorithm.options,
    input: (SigningAlgorithm) => ({
      Message: BYTES,
      Signature: BYTES,
      SigningAlgorithm,
      MessageType: typeOf(SigningAlgorithm),
    }),
  },
  {
    operation: 'GenerateMac',
    usage: 'GENERATE_VERIFY_MAC',
    algorithms: MacAlgorithm.options,
    input: (MacAlgorithm) => ({ Message: BYTES, MacAlgorithm }),
  },
  {
    operation: 'VerifyMac',
    usage: 'GENERATE_VERIFY_MAC',
    algorithms: MacAlgorithm.options,
    input: (MacAlgorithm) => ({ Message: BYTES, Mac: BYTES, MacAlgorithm }),
  },
  {
    operation: 'DeriveSharedSecret',
    usage: 'KEY_AGREEMENT',
    algorithms: ['ECDH'],
    input: (KeyAgreementAlgorithm) => ({ PublicKey: BYTES, KeyAgreementAlgorithm }),
  },
  {
    operation: 'Encapsulate',
    usage: 'ENCAPSULATE_DECAPSULATE',
    algorithms: ['ML_KEM'],
    input: (EncapsulationAlgorithm) => ({ EncapsulationAlgorithm }),
  },
  {
    operation: 'Decapsulate',
    usage: 'ENCAPSULATE_DECAPSULATE',
    algorithms: ['ML_KEM'],
    input: (EncapsulationAlgorithm) => ({ SharedSecretCiphertextBlob: BYTES, EncapsulationAlgorithm }),
  },
];

function typeOf(algorithm: string): string {
  return algorithm === 'ED25519_PH_SHA_512' ? 'DIGEST' : 'RAW';
}

/** DryRun shows that all checks passed; some operations have a check of their data before it. */
const PASSED: Record<string, string> = {
  Decrypt: 'InvalidCiphertextException',
  Verify: 'KMSInvalidSignatureException',
  VerifyMac: 'KMSInvalidMacException',
  DeriveSharedSecret: 'ValidationException',
  Decapsulate: 'InvalidCiphertextException',
};

describe.each(SPECS)('%s', (spec) => {
  const usages = Object.keys(TABLE[spec]) as KeyUsageType[];

  test.each(usages)('with %s works with its own algorithms only', async (usage) => {
    const KeyId = await keys.arn(spec, usage);
    for (const { operation, algorithms, input } of CALLS.filter((call) => call.usage === usage))
      for (const algorithm of algorithms) {
        const response = await sendKms(service, operation, { KeyId, DryRun: true, ...input(algorithm) });
        if (!TABLE[spec][usage]?.includes(algorithm))
          expectKmsError(
            response,
            'InvalidKeyUsageException',
            `Algorithm ${algorithm} is incompatible with key spec ${spec}.`,
          );
        else expect(response.json['__type']).toBe(PASSED[operation] ?? 'DryRunOperationException');
      }
  });

  test.each(usages)('with %s is refused by the operations of other usages', async (usage) => {
    const KeyId = await keys.arn(spec, usage);
    for (const { operation, algorithms, input } of CALLS.filter((call) => call.usage !== usage))
      expectKmsError(
        await sendKms(service, operation, { KeyId, ...input(algorithms.at(-1) ?? '') }),
        'InvalidKeyUsageException',
        `${KeyId} key usage is ${usage} which is not valid for ${operation}.`,
      );
  });

  test('can be created with no other usage', async () => {
    for (const usage of KeyUsage.options.filter((each) => !usages.includes(each)))
      expectKmsError(
        await sendKms(service, 'CreateKey', { KeySpec: spec, KeyUsage: usage }),
        'ValidationException',
        `KeyUsage ${usage} is not compatible with KeySpec ${spec}`,
      );
  });
});

test('the table has every spec but SM2, of which no key can be created', async () => {
  expect([...SPECS, 'SM2'].sort()).toEqual([...KeySpecs.options].sort());
  for (const KeyUsage of ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'KEY_AGREEMENT'])
    expectKmsError(
      await sendKms(service, 'CreateKey', { KeySpec: 'SM2', KeyUsage }),
      'UnsupportedOperationException',
      'KeySpec SM2 is not supported outside of China Regions.',
    );
});
