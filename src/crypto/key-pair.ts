import { generateKeyPair } from 'node:crypto';
import { BusyError } from './errors.js';

/** A new key pair in DER. */
export interface KeyPair {
  /** PKCS#8 (RFC 5208); the caller's to zeroize. */
  privateKey: Buffer;
  /** SubjectPublicKeyInfo (RFC 5280 section 4.1). */
  publicKey: Buffer;
}

const DER = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const;

type Done = (error: Error | null, publicKey: Buffer, privateKey: Buffer) => void;

/**
 * Maximum number of RSA key pairs that are generated at the same time. A long one keeps a thread of Node's pool busy
 * for seconds, and the pool has four, which also look up host names, read files and generate other key pairs.
 */
const RSA_AT_ONCE = 2;
/** Maximum number of RSA key pairs that wait for the others: some ten seconds of work if all of them have 4096 bits. */
export const MAX_WAITING = 32;
let generating = 0;
const waiting: (() => void)[] = [];

/**
 * Generates an RSA key pair with the public exponent 65537, on another thread, once fewer than RSA_AT_ONCE others are generated.
 *
 * @throws BusyError if MAX_WAITING others wait
 */
export async function generateRsaPair(modulusLength: number): Promise<KeyPair> {
  if (waiting.length >= MAX_WAITING) throw new BusyError(`${MAX_WAITING} RSA key pairs wait to be generated`);
  if (generating < RSA_AT_ONCE) generating++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await generated((done) => generateKeyPair('rsa', { modulusLength, ...DER }, done));
  } finally {
    const next = waiting.shift();
    if (next) next();
    else generating--;
  }
}

/** Generates an elliptic curve key pair on another thread. @param namedCurve OpenSSL's name of the curve */
export function generateEcPair(namedCurve: string): Promise<KeyPair> {
  return generated((done) => generateKeyPair('ec', { namedCurve, ...DER }, done));
}

/** Generates an Ed25519 key pair (RFC 8032, RFC 8410) on another thread. */
export function generateEd25519Pair(): Promise<KeyPair> {
  return generated((done) => generateKeyPair('ed25519', DER, done));
}

function generated(generate: (done: Done) => void): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generate((error, publicKey, privateKey) => (error ? reject(error) : resolve({ privateKey, publicKey })));
  });
}
