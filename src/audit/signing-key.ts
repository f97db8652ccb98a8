import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { hashOf } from './chain.js';

/** The public half of an Ed25519 key that signs what leaves the audit log. */
export interface AuditPublicKey {
  /** The first 32 hexadecimal digits of the SHA-256 of the public key. */
  readonly id: string;
  /** Number of the key in its deployment, from 1. */
  readonly number: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  /** Signature of the previous key over `successionOf` this one, 64 bytes; null for the first key. */
  readonly signature: Buffer | null;
}

/** The key of a deployment that signs exports and checkpoints of the audit log: Ed25519, RFC 8032. */
export class AuditSigningKey {
  readonly #keys: readonly AuditPublicKey[];
  readonly #current: AuditPublicKey;
  readonly #privateKey: KeyObject;

  /** @param keys the public halves of all keys of the deployment in the order of their numbers, `privateKey`'s last */
  constructor(keys: readonly AuditPublicKey[], privateKey: KeyObject) {
    const current = keys.at(-1);
    if (!current) throw new Error('A signing key needs its public half');
    this.#keys = keys;
    this.#current = current;
    this.#privateKey = privateKey;
  }

  get keyId(): string {
    return this.#current.id;
  }

  /** Signs bytes. @returns 64 bytes */
  sign(bytes: Buffer): Buffer {
    return sign(null, bytes, this.#privateKey);
  }

  /** The public halves of this key and of those that it succeeded, the oldest first. */
  publicKeys(): readonly AuditPublicKey[] {
    return this.#keys;
  }
}

/** The public keys that a verifier trusts: given ones, and those that they have signed as their successors. */
export class TrustedAuditKeys {
  readonly #keys = new Map<string, KeyObject>();

  /**
   * @param pem text with one or more public keys in PEM; text around them is ignored
   * @throws Error if there is none, or one isn't an Ed25519 key
   */
  constructor(pem: string) {
    const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
    if (blocks.length === 0) throw new Error('it has no public key in PEM');
    for (const block of blocks) this.#add(createPublicKey(block));
  }

  /** Adds the successors of trusted keys to the trusted keys. @param keys in the order of their numbers */
  accept(keys: readonly AuditPublicKey[]): void {
    for (const [i, key] of keys.entries()) {
      const previous = keys[i - 1];
      if (!previous || !key.signature || previous.number !== key.number - 1) continue;
      if (this.verifies(previous.id, successionOf(key), key.signature))
        this.#add(createPublicKey({ key: key.publicKey, format: 'der', type: 'spki' }));
    }
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** @returns false for a signature that isn't of the trusted key with this id, and for an id that isn't trusted */
  verifies(id: string, bytes: Buffer, signature: Buffer): boolean {
    const key = this.#keys.get(id);
    return key !== undefined && verify(null, bytes, key, signature);
  }

  #add(key: KeyObject): void {
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('it has a public key that is not of Ed25519');
    this.#keys.set(auditKeyId(key.export({ format: 'der', type: 'spki' })), key);
  }
}

/** The id of a public key. @param publicKey SubjectPublicKeyInfo in DER */
export function auditKeyId(publicKey: Buffer): string {
  return hashOf(publicKey).slice(0, 32);
}

/**
 * The bytes by whose signature a key makes another its successor. A JSON array, unlike anything else that is signed.
 */
export function successionOf({ number, publicKey }: Pick<AuditPublicKey, 'number' | 'publicKey'>): Buffer {
  return Buffer.from(JSON.stringify(['audit signing key', number, publicKey.toString('base64')]));
}

/** Formats a public key in PEM, with a line break at its end. */
export function pemOf({ publicKey }: Pick<AuditPublicKey, 'publicKey'>): string {
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  return key.export({ format: 'pem', type: 'spki' }).toString();
}
