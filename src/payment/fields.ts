import { z } from 'zod';
import { MAX_MEMBERS } from '../http/bounds.js';
import { digits, EXAMPLE_SCOPE, hex, hexBytes, sensitive, Timestamp, union, wellFormed } from '../http/fields.js';
import { keyArn } from './keys/arn.js';
import {
  DERIVE_KEY_USAGES,
  KEY_ALGORITHMS,
  KEY_CHECK_VALUE_ALGORITHMS,
  KEY_CLASSES,
  KEY_ORIGINS,
  KEY_STATES,
  KEY_USAGES,
  SYMMETRIC_KEY_ALGORITHMS,
} from './keys/key-attributes.js';

/** Wire types that several operations of AWS Payment Cryptography share, named as in the service models. */

/**
 * Returns the alias of a key that `keyblock demo` creates for the examples.
 *
 * @param name lower-case letters and digits
 */
export const demoAlias = (name: string): string => `alias/demo/${name}`;
/** Returns the fixed id of a demo key, for the examples of operations that accept only a key ARN. */
export const demoKeyId = (name: string): string => `demo${name.padStart(12, '0')}`;
/** Returns the ARN of a demo key in the account and Region of the examples. */
export const demoKeyArn = (name: string): string => keyArn(EXAMPLE_SCOPE, demoKeyId(name));

export const KeyArn = z
  .string()
  .min(70)
  .max(150)
  .regex(
    /^arn:aws:payment-cryptography:[a-z]{2}-[a-z]{1,16}-[0-9]+:[0-9]{12}:key\/[0-9a-zA-Z]{16,64}$/,
    'must be a key ARN',
  );

export const KeyArnOrKeyAlias = z
  .string()
  .min(7)
  .max(322)
  .regex(
    /^(?:arn:aws:payment-cryptography:[a-z]{2}-[a-z]{1,16}-[0-9]+:[0-9]{12}:(?:key\/[0-9a-zA-Z]{16,64}|alias\/[a-zA-Z0-9/_-]+)|alias\/[a-zA-Z0-9/_-]+)$/,
    'must be a key ARN, an alias ARN or an alias name alias/…',
  )
  .meta({ description: 'Identifies a key by its ARN, by the ARN of an alias or by the name of an alias.' });

export const Region = z
  .string()
  .max(32)
  .regex(/^[a-z]{2}-[a-z]{1,16}-[0-9]+$/, 'must be a Region name');
export const Regions = z.array(Region).max(MAX_MEMBERS);

export const KeyClass = z.enum(KEY_CLASSES);
export const KeyUsage = z.enum(KEY_USAGES);
export const DeriveKeyUsage = z.enum(DERIVE_KEY_USAGES);
export const KeyAlgorithm = z.enum(KEY_ALGORITHMS);
export const KeyState = z.enum(KEY_STATES);
export const KeyOrigin = z.enum(KEY_ORIGINS);
export const KeyCheckValueAlgorithm = z.enum(KEY_CHECK_VALUE_ALGORITHMS);
export const KeyCheckValue = hex(4, 16);

const mode = z.boolean().default(false);
export const KeyModesOfUse = z
  .object({
    Encrypt: mode,
    Decrypt: mode,
    Wrap: mode,
    Unwrap: mode,
    Generate: mode,
    Sign: mode,
    Verify: mode,
    DeriveKey: mode,
    NoRestrictions: mode,
  })
  .meta({ id: 'KeyModesOfUse' });

export const KeyAttributes = z
  .object({ KeyUsage, KeyClass, KeyAlgorithm, KeyModesOfUse })
  .meta({ id: 'KeyAttributes' });

export const TagKey = wellFormed(z.string().min(1).max(128));
export const Tag = z
  .object({
    Key: TagKey,
    // AWS accepts an empty value although its model, and so the OpenAPI document, requires one character.
    Value: wellFormed(z.string().max(256)).meta({ minLength: 1 }),
  })
  .meta({ id: 'Tag' });
export const Tags = z.array(Tag).min(0).max(200);

/** Status of a multi-party approval. */
export const MpaStatus = z
  .object({
    MpaSessionArn: z.string(),
    Status: z.enum(['PENDING', 'APPROVED', 'FAILED', 'CANCELLED']),
    InitiationDate: Timestamp,
    StatusMessage: z.string().optional(),
  })
  .meta({ id: 'MpaStatus' });
export type MpaStatus = z.infer<typeof MpaStatus>;

export const PrimaryAccountNumber = sensitive(digits(12, 19));
export const PanSequenceNumber = digits(2, 2);
export const ApplicationTransactionCounter = hex(4, 4);
export const ApplicationCryptogram = sensitive(hex(16, 16));
export const KeySerialNumber = z
  .string()
  .min(16)
  .max(24)
  .regex(/^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{20}|[0-9a-fA-F]{24})$/, 'must be 16, 20 or 24 hexadecimal digits');
export const DukptDerivationType = z.enum(['TDES_2KEY', 'TDES_3KEY', 'AES_128', 'AES_192', 'AES_256']);
export const DukptKeyVariant = z.enum(['BIDIRECTIONAL', 'REQUEST', 'RESPONSE']);
export const MajorKeyDerivationMode = z.enum(['EMV_OPTION_A', 'EMV_OPTION_B']);
export const InitializationVector = sensitive(
  z
    .string()
    .min(16)
    .max(32)
    .regex(/^(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/, 'must be 16 or 32 hexadecimal digits'),
);

/** Certificate or certificate chain, in requests and responses. */
export const CertificateText = z
  .string()
  .min(1)
  .max(32768)
  .regex(/^[^[;\]<>]+$/, 'must be a certificate in PEM or base64 of PEM');
export const SymmetricKeyAlgorithm = z.enum(SYMMETRIC_KEY_ALGORITHMS);
export const KeyDerivationFunction = z.enum(['NIST_SP800', 'ANSI_X963']);
export const KeyDerivationHashAlgorithm = z.enum(['SHA_256', 'SHA_384', 'SHA_512']);
export const SharedInformation = hexBytes(2, 2048);
export const Tr31WrappedKeyBlock = sensitive(
  z
    .string()
    .min(56)
    .max(9984)
    .regex(/^[0-9a-zA-Z]+$/, 'must be letters and digits'),
);

const EcdhDerivationAttributes = z
  .object({
    CertificateAuthorityPublicKeyIdentifier: KeyArnOrKeyAlias,
    PublicKeyCertificate: CertificateText,
    KeyAlgorithm: SymmetricKeyAlgorithm,
    KeyDerivationFunction,
    KeyDerivationHashAlgorithm,
    SharedInformation,
  })
  .meta({ id: 'EcdhDerivationAttributes' });

/** Working key sent with the request: wrapped under the key that the request names, or derived with it by ECDH. */
export const WrappedKey = z
  .object({
    WrappedKeyMaterial: union('WrappedKeyMaterial', {
      Tr31KeyBlock: Tr31WrappedKeyBlock,
      DiffieHellmanSymmetricKey: EcdhDerivationAttributes,
    }),
    KeyCheckValueAlgorithm: KeyCheckValueAlgorithm.optional(),
  })
  .meta({ id: 'WrappedKey' });
