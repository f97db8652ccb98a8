import { z } from 'zod';
import { map, MAX_MEMBERS } from '../http/bounds.js';
import { sensitive, wellFormed } from '../http/fields.js';

/** Wire types of KMS that several operations share. */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Binary data of `min` to `max` bytes, in base64 with padding. As in AWS's parser, other text has the wrong type, and
 * the bounds apply to bytes.
 */
export const blob = (min: number, max: number) =>
  z
    .string()
    .max(4 * Math.ceil(max / 3) + 4)
    .check((context) => {
      const { value, issues } = context;
      // The text's own limit is only for the OpenAPI document; a blob that is too long is reported once, by its bytes.
      issues.length = 0;
      const bytes = Buffer.byteLength(value, 'base64');
      if (!BASE64.test(value)) issues.push({ code: 'invalid_type', expected: 'base64' as 'string', input: value });
      else if (bytes < min)
        issues.push({ code: 'too_small', minimum: min, origin: 'string', inclusive: true, input: value });
      else if (bytes > max)
        issues.push({ code: 'too_big', maximum: max, origin: 'string', inclusive: true, input: value });
    })
    .meta({ contentEncoding: 'base64' });

/** Binary data that an operation returns. */
export const Blob = z.string().meta({ contentEncoding: 'base64' });

export const KeyId = z
  .string()
  .min(1)
  .max(2048)
  .meta({ description: 'Key id or key ARN; where the operation allows it, also alias name or alias ARN.' });
export const AliasName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[a-zA-Z0-9:/_-]+$/);
export const Limit = z.int().min(1).max(1000);
export const Marker = z
  .string()
  .min(1)
  .max(1024)
  .regex(/[\u0020-\u00FF]*/);
export const RegionName = z
  .string()
  .min(1)
  .max(32)
  .regex(/^([a-z]+-){2,3}\d+$/);
export const Description = wellFormed(z.string().min(0).max(8192));
export const GrantTokens = z.array(z.string().min(1).max(8192)).min(0).max(10);
export const GrantId = z.string().min(1).max(128);
export const PolicyText = z
  .string()
  .min(1)
  .max(131_072)
  // The model's characters are tab, line feed, carriage return and U+0020 to U+00FF.
  .regex(/^[\t\n\r\u0020-\u00FF]+$/);
export const CustomKeyStoreId = wellFormed(z.string().min(1).max(64));
export const KeyMaterialId = z
  .string()
  .min(64)
  .max(64)
  .regex(/^[a-f0-9]+$/);

/** Maximum number of characters of all names and values in an encryption context. Policies may compare each with many patterns. */
const CONTEXT_CHARACTERS = 8192;
const ContextText = wellFormed(z.string().max(CONTEXT_CHARACTERS));
export const EncryptionContext = map(ContextText, ContextText, MAX_MEMBERS).refine(
  (context) =>
    Object.entries(context).reduce((sum, [name, value]) => sum + name.length + value.length, 0) <= CONTEXT_CHARACTERS,
  `must have at most ${CONTEXT_CHARACTERS} characters in all names and values`,
);
export type EncryptionContext = z.infer<typeof EncryptionContext>;

export const Plaintext = sensitive(blob(1, 4096));
export const CiphertextBlob = blob(1, 6144);
export const DryRun = z.boolean();
export const DryRunModifiers = z.array(z.enum(['IGNORE_CIPHERTEXT'])).max(MAX_MEMBERS);

export const Recipient = z
  .object({
    KeyEncryptionAlgorithm: z.enum(['RSAES_OAEP_SHA_256']).optional(),
    AttestationDocument: blob(1, 262_144).optional(),
  })
  .meta({ id: 'RecipientInfo' });

const TagKey = wellFormed(z.string().min(1).max(128));
export const Tag = z.object({ TagKey, TagValue: wellFormed(z.string().min(0).max(256)) }).meta({ id: 'Tag' });
export type Tag = z.infer<typeof Tag>;
export const Tags = z.array(Tag).max(MAX_MEMBERS);
export const TagKeys = z.array(TagKey).max(MAX_MEMBERS);

export const KeySpec = z.enum([
  'SYMMETRIC_DEFAULT',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'ECC_NIST_EDWARDS25519',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
  'SM2',
]);
export const CustomerMasterKeySpec = z.enum([
  'SYMMETRIC_DEFAULT',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
  'HMAC_224',
  'HMAC_256',
  'HMAC_384',
  'HMAC_512',
  'SM2',
]);
export const KeyUsage = z.enum([
  'ENCRYPT_DECRYPT',
  'SIGN_VERIFY',
  'GENERATE_VERIFY_MAC',
  'KEY_AGREEMENT',
  'ENCAPSULATE_DECAPSULATE',
]);
export const Origin = z.enum(['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM', 'EXTERNAL_KEY_STORE']);
export const KeyState = z.enum([
  'Creating',
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingImport',
  'PendingReplicaDeletion',
  'Unavailable',
  'Updating',
]);
export const EncryptionAlgorithm = z.enum(['SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE']);
export const SigningAlgorithm = z.enum([
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
  'SM2DSA',
  'ML_DSA_SHAKE_256',
  'ED25519_SHA_512',
  'ED25519_PH_SHA_512',
]);
export const MacAlgorithm = z.enum(['HMAC_SHA_224', 'HMAC_SHA_256', 'HMAC_SHA_384', 'HMAC_SHA_512']);
export const KeyAgreementAlgorithm = z.enum(['ECDH']);
export const EncapsulationAlgorithm = z.enum(['ML_KEM']);

/** Cryptographic operations, the last of which is tracked for each key. */
export const TrackedOperation = z.enum([
  'Decrypt',
  'DeriveSharedSecret',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'Sign',
  'Verify',
  'VerifyMac',
  'Encapsulate',
  'Decapsulate',
]);
export type TrackedOperation = z.infer<typeof TrackedOperation>;

/** The symmetric encryption key that `keyblock demo` creates for the examples, and its alias. */
export const DEMO_KMS_KEY_ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
export const DEMO_KMS_ALIAS = 'alias/demo/kms';

/**
 * Returns the alias of another KMS key that `keyblock demo` creates.
 *
 * @param name at most six letters
 */
export const demoKmsAlias = (name: string): string => `${DEMO_KMS_ALIAS}-${name}`;
/**
 * Returns the fixed id of such a key, for the examples of operations that don't accept an alias. Its last digits spell
 * the name.
 */
export const demoKmsKeyId = (name: string): string => `1234abcd-12ab-34cd-56ef-${spelled(name, 12)}`;
/** Returns the fixed id of a multi-Region key that `keyblock demo` creates. */
export const demoMultiRegionKeyId = (name: string): string => `mrk-${demoKmsKeyId(name).replaceAll('-', '')}`;
/** Returns the fixed id of a grant that `keyblock demo` creates. */
export const demoGrantId = (name: string): string => spelled(name, 64);

function spelled(name: string, digits: number): string {
  return Buffer.from(name).toString('hex').padStart(digits, '0');
}
