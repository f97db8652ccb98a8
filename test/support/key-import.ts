import { DataSource } from 'typeorm';
import { toHex } from '../../src/crypto/bytes.js';
import { unwrapKeyBlock } from '../../src/crypto/tr31/unwrap.js';
import { Key } from '../../src/payment/keys/key.entity.js';
import type { SymmetricKeyAlgorithm } from '../../src/payment/keys/key-attributes.js';
import { CIPHER, useKnownKeys, useService } from './api.js';
import { importMaterial, type KeyToImport, type Material } from './import.js';

/** Keys and calls that the specs of ImportKey share. */

export const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
export const TDES_KEY = '0123456789ABCDEFFEDCBA9876543210';
export const PIN_KEY: KeyToImport = {
  clear: TDES_KEY,
  usage: 'TR31_P0_PIN_ENCRYPTION_KEY',
  algorithm: 'TDES_2KEY',
  modes: CIPHER,
};
export const YEAR_MS = 365 * 86_400_000;

/** Encodes a certificate for the wire: base64 of PEM. */
export const pem = (text: string) => Buffer.from(text).toString('base64');

/** Returns a copy whose last byte has one bit flipped. */
export function changed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

/** Starts a service, and returns the calls that the specs of ImportKey share. */
export function useImports(env?: NodeJS.ProcessEnv) {
  const service = useService(env);
  const keys = useKnownKeys(service);
  const countKeys = () => service.app.get(DataSource).manager.count(Key);
  return {
    service,
    keys,
    /** Imports a KEK with a known value. */
    kek: (algorithm: SymmetricKeyAlgorithm, clear: string) =>
      keys.importKey({ usage: K0, algorithm, modes: CIPHER, clear }),
    /** Returns the key in a key block under `keys.kek`, in hexadecimal. */
    opened: (block: string) => toHex(unwrapKeyBlock({ algorithm: 'AES', key: keys.kek.clear }, block).key),
    /** Expects ImportKey to fail and to store nothing. @returns the message of the exception */
    async refusal(material: Material, name = 'ValidationException'): Promise<string> {
      const before = await countKeys();
      const error: Error = await importMaterial(service, material).then(
        () => new Error('ImportKey succeeded'),
        (thrown: unknown) => thrown as Error,
      );
      expect(error).toMatchObject({ name });
      expect(await countKeys()).toBe(before);
      return error.message;
    },
    /** Expects that no log record of the spec file contains the clear TDES_KEY or KEK. */
    expectNoKeyLogged() {
      const log = JSON.stringify(service.log).toUpperCase();
      for (const secret of [TDES_KEY, keys.kek.clear.toString('hex').toUpperCase()]) expect(log).not.toContain(secret);
    },
  };
}
