import type { z } from 'zod';
import type {
  EncapsulationAlgorithm,
  EncryptionAlgorithm,
  KeyAgreementAlgorithm,
  KeySpec as KeySpecSchema,
  KeyUsage as KeyUsageSchema,
  MacAlgorithm,
  Origin,
  SigningAlgorithm,
} from '../fields.js';

export type KeySpec = z.infer<typeof KeySpecSchema>;
export type KeyUsage = z.infer<typeof KeyUsageSchema>;
export type KeyOrigin = z.infer<typeof Origin>;
export type Algorithm = z.infer<
  | typeof EncryptionAlgorithm
  | typeof SigningAlgorithm
  | typeof MacAlgorithm
  | typeof KeyAgreementAlgorithm
  | typeof EncapsulationAlgorithm
>;

/** The kind of a key's material, which determines its generation, encoding and use. */
export type MaterialKind = 'aes' | 'hmac' | 'rsa' | 'ec' | 'ed25519' | 'ml-dsa' | 'ml-kem' | 'sm2';

interface Spec {
  readonly kind: MaterialKind;
  /** Algorithms by usage, in the order in which KMS lists them. */
  readonly usages: Partial<Record<KeyUsage, readonly Algorithm[]>>;
  /** True if keys of Origin EXTERNAL may have it. */
  readonly isImportable: boolean;
  /** Bits of an RSA modulus or of a MAC key. */
  readonly bits?: number;
  /** OpenSSL's name of the curve. */
  readonly curve?: string;
}

const RSA: Spec['usages'] = {
  ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  SIGN_VERIFY: [
    'RSASSA_PKCS1_V1_5_SHA_256',
    'RSASSA_PKCS1_V1_5_SHA_384',
    'RSASSA_PKCS1_V1_5_SHA_512',
    'RSASSA_PSS_SHA_256',
    'RSASSA_PSS_SHA_384',
    'RSASSA_PSS_SHA_512',
  ],
};
const rsa = (bits: number): Spec => ({ kind: 'rsa', usages: RSA, isImportable: true, bits });
const nist = (curve: string, algorithm: Algorithm): Spec => ({
  kind: 'ec',
  usages: { SIGN_VERIFY: [algorithm], KEY_AGREEMENT: ['ECDH'] },
  isImportable: true,
  curve,
});
const mac = (bits: number, algorithm: Algorithm): Spec => ({
  kind: 'hmac',
  usages: { GENERATE_VERIFY_MAC: [algorithm] },
  isImportable: true,
  bits,
});
const ML_DSA: Spec = { kind: 'ml-dsa', usages: { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] }, isImportable: false };
const ML_KEM: Spec = { kind: 'ml-kem', usages: { ENCAPSULATE_DECAPSULATE: ['ML_KEM'] }, isImportable: false };

/** The key specs of KMS, with their algorithms and properties. */
export const KEY_SPECS: Readonly<Record<KeySpec, Spec>> = {
  SYMMETRIC_DEFAULT: { kind: 'aes', usages: { ENCRYPT_DECRYPT: ['SYMMETRIC_DEFAULT'] }, isImportable: true },
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: nist('prime256v1', 'ECDSA_SHA_256'),
  ECC_NIST_P384: nist('secp384r1', 'ECDSA_SHA_384'),
  ECC_NIST_P521: nist('secp521r1', 'ECDSA_SHA_512'),
  ECC_SECG_P256K1: { kind: 'ec', usages: { SIGN_VERIFY: ['ECDSA_SHA_256'] }, isImportable: true, curve: 'secp256k1' },
  ECC_NIST_EDWARDS25519: {
    kind: 'ed25519',
    usages: { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
    isImportable: false,
  },
  HMAC_224: mac(224, 'HMAC_SHA_224'),
  HMAC_256: mac(256, 'HMAC_SHA_256'),
  HMAC_384: mac(384, 'HMAC_SHA_384'),
  HMAC_512: mac(512, 'HMAC_SHA_512'),
  ML_DSA_44: ML_DSA,
  ML_DSA_65: ML_DSA,
  ML_DSA_87: ML_DSA,
  ML_KEM_512: ML_KEM,
  ML_KEM_768: ML_KEM,
  ML_KEM_1024: ML_KEM,
  SM2: {
    kind: 'sm2',
    usages: { ENCRYPT_DECRYPT: ['SM2PKE'], SIGN_VERIFY: ['SM2DSA'], KEY_AGREEMENT: ['ECDH'] },
    isImportable: false,
  },
};

/** Members of responses that list a key's algorithms, by usage. */
export const ALGORITHM_MEMBERS = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
  ENCAPSULATE_DECAPSULATE: 'EncapsulationAlgorithms',
} as const satisfies Record<KeyUsage, string>;

/** Returns the algorithms of a key, in KMS's order. */
export function algorithmsOf({ spec, usage }: { spec: KeySpec; usage: KeyUsage }): readonly Algorithm[] {
  return KEY_SPECS[spec].usages[usage] ?? [];
}

/** True for a symmetric encryption key, the only one with several materials, an encryption context and rotation. */
export function isSymmetric({ spec }: { spec: KeySpec }): boolean {
  return spec === 'SYMMETRIC_DEFAULT';
}

/** True for a key pair. */
export function isAsymmetric({ spec }: { spec: KeySpec }): boolean {
  const { kind } = KEY_SPECS[spec];
  return kind !== 'aes' && kind !== 'hmac';
}
