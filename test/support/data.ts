import type { KeyUsage, SymmetricKeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { algorithmOf, apiOf, CIPHER, useKnownKeys, useService } from './api.js';

/** Keys and calls that the specs of data encryption share. */

export const B0 = 'TR31_B0_BASE_DERIVATION_KEY';
export const D0 = 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY';
export const E1 = 'TR31_E1_EMV_MKEY_CONFIDENTIALITY';
export const E6 = 'TR31_E6_EMV_MKEY_OTHER';
export const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
export const K1 = 'TR31_K1_KEY_BLOCK_PROTECTION_KEY';
export const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';

export const TDES_KEY = '0123456789ABCDEFFEDCBA9876543210';
export const AES_KEY = '000102030405060708090A0B0C0D0E0F';
export const KSN = 'FFFF9876543210E00001';
export const AES_KSN = '123456789012345600000001';
export const ECB = { Symmetric: { Mode: 'ECB' } };
export const CBC = { Symmetric: { Mode: 'CBC' } };
export const BLOCK = '00'.repeat(16);

/** An encryption vector. */
export interface DataVector {
  mode: string;
  iv?: string;
  plaintext: string;
  expected: { ciphertext: string };
}

/** Matches a response with a ValidationException, by a part of its message. */
export const invalid = (message: string): unknown =>
  expect.objectContaining({ __type: 'ValidationException', message: expect.stringContaining(message) as unknown });

/**
 * Starts a service, and returns the calls that the specs of data encryption share. The calls return the JSON of any
 * response.
 */
export function useData(env?: NodeJS.ProcessEnv) {
  const service = useService(env);
  const keys = useKnownKeys(service);
  const { post } = apiOf(service);
  const call = async (path: string, input: object) => (await post(path, input)).json as Record<string, string>;
  const keyPath = (key: string, operation: string) => `keys/${encodeURIComponent(key)}/${operation}`;
  return {
    service,
    keys,
    dataKey: (clear: string, algorithm: SymmetricKeyAlgorithm, modes = CIPHER) =>
      keys.importKey({ clear, usage: D0, algorithm, modes }),
    bdk: (clear: string, cipher: 'TDES' | 'AES') =>
      keys.importKey({ clear, usage: B0, algorithm: algorithmOf(cipher, clear), modes: ['DeriveKey'] }),
    issuerKey: (clear: string, usage: KeyUsage = E1) =>
      keys.importKey({ clear, usage, algorithm: 'TDES_2KEY', modes: ['DeriveKey'] }),
    kekOf: (clear: string, algorithm: SymmetricKeyAlgorithm, modes = CIPHER, usage: KeyUsage = K0) =>
      keys.importKey({ clear, usage, algorithm, modes }),
    encrypt: (key: string, PlainText: string, EncryptionAttributes: object, WrappedKey?: object) =>
      call(keyPath(key, 'encrypt'), { PlainText, EncryptionAttributes, WrappedKey }),
    decrypt: (key: string, CipherText: string, DecryptionAttributes: object, WrappedKey?: object) =>
      call(keyPath(key, 'decrypt'), { CipherText, DecryptionAttributes, WrappedKey }),
    reEncrypt: (incoming: string, input: object) => call(keyPath(incoming, 'reencrypt'), input),
    translate: (incoming: object, outgoing: string, more: object = {}) =>
      call('keymaterial/translate', {
        IncomingKeyMaterial: { DiffieHellmanTr31KeyBlock: incoming },
        OutgoingKeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: outgoing } },
        ...more,
      }),
  };
}
