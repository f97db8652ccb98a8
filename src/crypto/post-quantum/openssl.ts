import * as crypto from 'node:crypto';
import type { PostQuantum } from './implementation.js';
import { encodePublicKey, encodeSeed, type ParameterSet, PARAMETERS } from './parameter-sets.js';

/** Functions of node:crypto from Node.js 24.7 on. */
interface Encapsulating {
  encapsulate?: (key: crypto.KeyObject) => { sharedKey: Buffer; ciphertext: Buffer };
  decapsulate?: (key: crypto.KeyObject, ciphertext: Buffer) => Buffer;
}
const { encapsulate, decapsulate } = crypto as Encapsulating;

/** Node's own implementation, that of OpenSSL; undefined where Node has none. */
export const OPENSSL: PostQuantum | undefined = encapsulate &&
  decapsulate && {
    publicKey(set, seed) {
      const spki = crypto.createPublicKey(privateKey(set, seed)).export({ format: 'der', type: 'spki' });
      return spki.subarray(-PARAMETERS[set].publicKeyBytes);
    },
    sign: (set, seed, message) => crypto.sign(null, message, privateKey(set, seed)),
    verify: (set, bare, message, signature) => crypto.verify(null, message, publicKey(set, bare), signature),
    encapsulate(set, bare) {
      const { sharedKey, ciphertext } = encapsulate(publicKey(set, bare));
      return { sharedSecret: sharedKey, ciphertext };
    },
    decapsulate: (set, seed, ciphertext) => decapsulate(privateKey(set, seed), ciphertext),
  };

function privateKey(set: ParameterSet, seed: Buffer): crypto.KeyObject {
  const pkcs8 = encodeSeed(set, seed);
  try {
    return crypto.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } finally {
    pkcs8.fill(0);
  }
}

function publicKey(set: ParameterSet, bare: Buffer): crypto.KeyObject {
  return crypto.createPublicKey({ key: encodePublicKey(set, bare), format: 'der', type: 'spki' });
}
