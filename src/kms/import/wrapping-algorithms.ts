import type { z } from 'zod';
import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import { KEY_SPECS, type KeySpec } from '../keys/key-specs.js';
import type {
  WrappingAlgorithm as WrappingAlgorithmSchema,
  WrappingKeySpec as WrappingKeySpecSchema,
} from './import.schema.js';

type GivenAlgorithm = z.infer<typeof WrappingAlgorithmSchema>;
type GivenKeySpec = z.infer<typeof WrappingKeySpecSchema>;

/** Wrapping algorithms, with the RSAES-OAEP variant that encrypts the material or the AES key that wraps it. */
export const WRAPPING_ALGORITHMS = {
  RSAES_OAEP_SHA_1: { padding: 'OAEP_SHA1', hasAesKey: false, kinds: ['aes', 'hmac', 'ec'] },
  RSAES_OAEP_SHA_256: { padding: 'OAEP_SHA256', hasAesKey: false, kinds: ['aes', 'hmac', 'ec'] },
  RSA_AES_KEY_WRAP_SHA_1: { padding: 'OAEP_SHA1', hasAesKey: true, kinds: ['rsa', 'ec'] },
  RSA_AES_KEY_WRAP_SHA_256: { padding: 'OAEP_SHA256', hasAesKey: true, kinds: ['rsa', 'ec'] },
} as const;
export type WrappingAlgorithm = keyof typeof WRAPPING_ALGORITHMS;

/** Bits of the modulus. */
const WRAPPING_KEY_SPECS = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 } as const;

/** The wrapping of key material that GetParametersForImport requests. */
export interface Wrapping {
  algorithm: WrappingAlgorithm;
  modulusBits: number;
}

/**
 * @throws KmsException UnsupportedOperationException for an algorithm or a wrapping key that this service doesn't
 *   support
 */
export function wrappingOf(algorithm: GivenAlgorithm, keySpec: GivenKeySpec): Wrapping {
  if (algorithm === 'RSAES_PKCS1_V1_5')
    throw new KmsException(
      'UnsupportedOperationException',
      'WrappingAlgorithm RSAES_PKCS1_V1_5 is no longer supported: use RSAES_OAEP_SHA_256.',
    );
  if (algorithm === 'SM2PKE' || keySpec === 'SM2')
    throw new KmsException(
      'UnsupportedOperationException',
      'WrappingAlgorithm SM2PKE and WrappingKeySpec SM2 are not supported outside of China Regions.',
    );
  return { algorithm, modulusBits: WRAPPING_KEY_SPECS[keySpec] };
}

/** Checks that material of a key spec can be wrapped in this way. @throws ValidationException */
export function requireFit(spec: KeySpec, { algorithm, modulusBits }: Wrapping): void {
  const { hasAesKey, kinds } = WRAPPING_ALGORITHMS[algorithm];
  if (!(kinds as readonly string[]).includes(KEY_SPECS[spec].kind))
    throw new ValidationException(
      `WrappingAlgorithm ${algorithm} is not valid for key material of KeySpec ${spec}: use ` +
        `${hasAesKey ? 'RSAES_OAEP_SHA_256' : 'RSA_AES_KEY_WRAP_SHA_256'}.`,
    );
  if (spec === 'ECC_NIST_P521' && !hasAesKey && modulusBits === 2048)
    throw new ValidationException(
      `WrappingKeySpec RSA_2048 is too short for key material of KeySpec ${spec} with WrappingAlgorithm ${algorithm}: ` +
        'use RSA_3072, or RSA_AES_KEY_WRAP_SHA_256.',
    );
}
