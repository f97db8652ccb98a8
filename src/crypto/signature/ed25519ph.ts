import type { KeyObject } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import { exportPublicKey } from '../asymmetric-key.js';

/** Length in bytes of a seed, and of a public key: RFC 8032 section 5.1.5. They end PKCS#8 and SubjectPublicKeyInfo, RFC 8410. */
const KEY_BYTES = 32;

/**
 * Signs with Ed25519ph, which hashes the message with SHA-512 first, with an empty context: RFC 8032 section 5.1. It is
 * written in JavaScript, because Node lacks it; its duration depends on the key.
 *
 * @param privateKey Ed25519
 */
export function ed25519phSign(privateKey: KeyObject, message: Buffer): Buffer {
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    return Buffer.from(ed25519ph.sign(message, pkcs8.subarray(-KEY_BYTES)));
  } finally {
    pkcs8.fill(0);
  }
}

/** Verifies a signature of `ed25519phSign`, as RFC 8032 section 5.1.7 specifies. @param publicKey Ed25519 */
export function ed25519phVerify(publicKey: KeyObject, message: Buffer, signature: Buffer): boolean {
  try {
    return ed25519ph.verify(signature, message, exportPublicKey(publicKey).subarray(-KEY_BYTES), { zip215: false });
  } catch {
    // The signature doesn't have the length of an Ed25519 signature.
    return false;
  }
}
