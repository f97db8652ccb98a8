import { createSecretKey, type KeyObject } from 'node:crypto';
import { readPublicKey } from '../../crypto/asymmetric-key.js';
import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { KmsException } from '../exceptions.js';
import { KEY_SPECS, type KeySpec } from '../keys/key-specs.js';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { currentMaterial } from './current-material.js';

/**
 * Returns the private key of a pair, for the crypto thread and OpenSSL. For a post-quantum pair, which not every
 * version of Node supports, it is the seed.
 */
export function privateKeyOf(provider: CryptoProvider, known: KnownKey): KeyObject {
  const held = provider.hold(currentMaterial(known));
  return isPostQuantum(known.key.spec) ? held.keyObject : held.privateKey;
}

const PUBLIC_KEYS = new WeakMap<NewKmsKey, KeyObject>();

/**
 * Returns the public key of a pair, for as long as the key is cached. For a post-quantum pair, it is the DER encoding.
 */
export function publicKeyOf(key: NewKmsKey): KeyObject {
  let publicKey = PUBLIC_KEYS.get(key);
  if (!publicKey) {
    const spki = encodedPublicKey(key);
    publicKey = isPostQuantum(key.spec) ? createSecretKey(spki) : readPublicKey(spki);
    PUBLIC_KEYS.set(key, publicKey);
  }
  return publicKey;
}

/** Returns the public key of a pair: SubjectPublicKeyInfo in DER. Every key pair with material has one. */
export function encodedPublicKey({ arn, publicKey }: NewKmsKey): Buffer {
  if (!publicKey) throw new KmsException('KMSInternalException', `${arn} has no public key.`);
  return publicKey;
}

/** True if the private operation of an RSA key takes so long that it is computed on the crypto thread. */
export function isLongRsa(spec: KeySpec): boolean {
  const { kind, bits = 0 } = KEY_SPECS[spec];
  return kind === 'rsa' && bits > 2048;
}

function isPostQuantum(spec: KeySpec): boolean {
  const { kind } = KEY_SPECS[spec];
  return kind === 'ml-dsa' || kind === 'ml-kem';
}
