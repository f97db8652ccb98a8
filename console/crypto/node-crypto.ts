/**
 * The part of node:crypto that src/crypto uses, for the browser: the build replaces node:crypto with this file. Calls
 * are synchronous like Node's, so they can't use WebCrypto. For test keys only: nothing here runs in constant time.
 */
import { ecb } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { desBlock, desSchedule } from './des.js';

export interface KeyObject {
  export(): Buffer;
}

export function createSecretKey(key: Buffer): KeyObject {
  const copy = Buffer.from(key);
  return { export: () => Buffer.from(copy) };
}

type Direction = 'encrypt' | 'decrypt';
type Block = (block: Uint8Array, direction: Direction) => Uint8Array;

const HASHES = { sha1, sha224, sha256, sha384, sha512 };

export function createHash(name: string) {
  return digesting(hashOf(name).create());
}

export function createHmac(name: string, key: KeyObject) {
  return digesting(hmac.create(hashOf(name), key.export()));
}

function hashOf(name: string) {
  const hash = HASHES[name.toLowerCase() as keyof typeof HASHES] as (typeof HASHES)['sha256'] | undefined;
  return hash ?? unavailable(name);
}

function digesting(state: { update(data: Uint8Array): unknown; digest(): Uint8Array }) {
  return {
    update(data: Uint8Array) {
      state.update(data);
      return this;
    },
    digest: () => Buffer.from(state.digest()),
  };
}

export function createCipheriv(name: string, key: KeyObject, iv: Buffer | null): BlockMode {
  return new BlockMode(name, key, iv, 'encrypt');
}

export function createDecipheriv(name: string, key: KeyObject, iv: Buffer | null): BlockMode {
  return new BlockMode(name, key, iv, 'decrypt');
}

/** ECB without an initialization vector, CBC with one; whole blocks only. */
class BlockMode {
  readonly #block: Block;
  readonly #blockBytes: number;
  #chained: Uint8Array | undefined;

  constructor(
    name: string,
    key: KeyObject,
    iv: Buffer | null,
    private readonly direction: Direction,
  ) {
    if (!/^(des-ede3?|aes-\d+)(-ecb|-cbc)?$/.test(name)) unavailable(name);
    this.#blockBytes = name.startsWith('des') ? 8 : 16;
    this.#block = name.startsWith('des') ? tdesBlock(key.export()) : aesBlock(key.export());
    this.#chained = iv === null ? undefined : Buffer.from(iv);
  }

  /** Blocks are never padded: src/crypto always switches Node's padding off. */
  setAutoPadding(): this {
    return this;
  }

  update(data: Uint8Array): Buffer {
    const output = Buffer.alloc(data.length);
    for (let at = 0; at < data.length; at += this.#blockBytes)
      output.set(this.#next(Buffer.from(data.subarray(at, at + this.#blockBytes))), at);
    return output;
  }

  final(): Buffer {
    return Buffer.alloc(0);
  }

  #next(input: Uint8Array): Uint8Array {
    const chained = this.#chained;
    if (chained === undefined) return this.#block(input, this.direction);
    if (this.direction === 'encrypt') return (this.#chained = this.#block(xor(input, chained), 'encrypt'));
    this.#chained = Buffer.from(input);
    return xor(this.#block(input, 'decrypt'), chained);
  }
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] ?? 0));
}

function aesBlock(key: Uint8Array): Block {
  return (block, direction) => ecb(key, { disablePadding: true })[direction](block);
}

/** Encrypts, decrypts and encrypts under three keys; the first one is also the third of a double-length key. */
function tdesBlock(key: Uint8Array): Block {
  const [first, second, third = first] = Array.from({ length: key.length / 8 }, (_, part) =>
    desSchedule(key.subarray(8 * part, 8 * part + 8)),
  );
  if (first === undefined || second === undefined || third === undefined) return unavailable('single DES');
  return (block, direction) => {
    const other = direction === 'encrypt' ? 'decrypt' : 'encrypt';
    desBlock(direction === 'encrypt' ? first : third, block, direction);
    desBlock(second, block, other);
    desBlock(direction === 'encrypt' ? third : first, block, direction);
    return block;
  };
}

export function randomFillSync(buffer: Uint8Array<ArrayBuffer>): Uint8Array {
  return crypto.getRandomValues(buffer);
}

export function randomBytes(length: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(length)));
}

/** @param below a power of two that divides 2^32, so that the remainder has no bias */
export function randomInt(below: number): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % below;
}

export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.every((byte, index) => byte === other[index]);
}

export const createPrivateKey = () => unavailable('RSA and elliptic curves');
export const createPublicKey = createPrivateKey;
/** Only its name is used, by code that the workbench doesn't call. */
export class X509Certificate {}

function unavailable(what: string): never {
  throw new Error(`${what}: not available in the browser`);
}
