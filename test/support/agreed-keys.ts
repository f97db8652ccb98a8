import { createCipheriv, createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { GetPublicKeyCertificateCommand } from '@aws-sdk/client-payment-cryptography';
import type { DeriveKeyUsage } from '../../src/payment/keys/key-attributes.js';
import ecdhExchange from '../vectors/ecdh-exchange.json' with { type: 'json' };
import { importRoot } from './import.js';
import { createKey } from './keys.js';
import { storePair } from './known-pairs.js';
import type { TestService } from './service.js';
import { hex, vectors } from './vectors.js';

/** Keys agreed by ECDH: published vectors, and the derivation with Node's own cryptography. */

export const CURVES = { ECC_NIST_P256: 'P-256', ECC_NIST_P384: 'P-384', ECC_NIST_P521: 'P-521' } as const;
export type Curve = keyof typeof CURVES;

export const KEY_BYTES = { TDES_2KEY: 16, TDES_3KEY: 24, AES_128: 16, AES_192: 24, AES_256: 32 } as const;
export type Derivable = keyof typeof KEY_BYTES;

export interface AgreementVector {
  why: string;
  inputs: Record<
    | 'keyAlgorithm'
    | 'servicePrivateKeyPem'
    | 'publicKeyCertificatePem'
    | 'certificateAuthority'
    | 'deriveKeyAlgorithm'
    | 'keyDerivationFunction'
    | 'keyDerivationHashAlgorithm'
    | 'sharedInformation'
    | 'wrappedKeyBlock',
    string
  >;
  expected: Record<'derivedKey' | 'derivedKeyCheckValue' | 'clearKey' | 'keyBlockHeader' | 'keyCheckValue', string>;
}

export const agreements = vectors<AgreementVector>('ecdh-exchange').filter(
  ({ inputs }) => 'servicePrivateKeyPem' in inputs,
);

export const base64 = (pem: string) => Buffer.from(pem).toString('base64');

/** Stores the key pair of a vector and imports its certificate authority. */
export async function partiesOf(service: TestService, { inputs }: AgreementVector, deriveKeyUsage: DeriveKeyUsage) {
  const arn = await storePair(service, {
    usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
    algorithm: inputs.keyAlgorithm as Curve,
    modes: ['DeriveKey'],
    deriveKeyUsage,
    privateKey: createPrivateKey(inputs.servicePrivateKeyPem).export({ format: 'der', type: 'pkcs8' }),
  });
  const pki: Partial<Record<string, { certificatePem?: string; privateKeyPem: string }>> = ecdhExchange.pki;
  // A self-signed certificate is its own authority.
  const authority = pki[inputs.certificateAuthority]?.certificatePem ?? inputs.publicKeyCertificatePem;
  return { pair: { arn }, ca: await importRoot(service, base64(authority)) };
}

/** Creates a key pair for key agreement. @returns its ARN and certificate */
export async function agreementPair(service: TestService, curve: Curve, derives?: DeriveKeyUsage) {
  const { KeyArn } = await createKey(service, {
    KeyAttributes: {
      KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      KeyClass: 'ASYMMETRIC_KEY_PAIR',
      KeyAlgorithm: curve,
      KeyModesOfUse: { DeriveKey: true },
    },
    DeriveKeyUsage: derives,
    Exportable: false,
  });
  const { KeyCertificate = '' } = await service.controlPlane.send(
    new GetPublicKeyCertificateCommand({ KeyIdentifier: KeyArn }),
  );
  return { arn: KeyArn, certificate: KeyCertificate };
}

export interface Derivation {
  kdf: string;
  hash: string;
  sharedInfo: Buffer;
  bytes: number;
}

/**
 * Derives a key by the one-step KDF of NIST SP 800-56C or that of ANSI X9.63.
 *
 * @param privateKey PKCS#8, DER
 * @param certificate the peer's, in base64 of PEM
 */
export function derive(privateKey: Buffer, certificate: string, { kdf, hash, sharedInfo, bytes }: Derivation): Buffer {
  const z = diffieHellman({
    privateKey: createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey(Buffer.from(certificate, 'base64')),
  });
  const blocks = [1, 2].map((i) => {
    const counter = Buffer.from([0, 0, 0, i]);
    const input = kdf === 'NIST_SP800' ? [counter, z, sharedInfo] : [z, counter, sharedInfo];
    return createHash(hash.replace('_', '').toLowerCase()).update(Buffer.concat(input)).digest();
  });
  return Buffer.concat(blocks).subarray(0, bytes);
}

/** Encrypts in ECB with OpenSSL. @param data hexadecimal, whole blocks */
export function ecb(algorithm: Derivable, key: Buffer, data: string): string {
  const [name, whole] = algorithm.startsWith('AES')
    ? [`aes-${8 * key.length}-ecb`, key]
    : ['des-ede3', Buffer.concat([key, key]).subarray(0, 24)];
  return createCipheriv(name, whole, null).setAutoPadding(false).update(hex(data)).toString('hex').toUpperCase();
}
