import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { padded, retailMac } from './card-oracle.js';
import { hex } from './vectors.js';

/**
 * Computes as a host does, to check the replies to host commands. These functions are written from the standards with
 * OpenSSL's ciphers alone, and use none of the service's code. Keys are clear bytes; fields of messages are text.
 */

/** Encodes bytes as hexadecimal digits in upper case, as messages do. */
export const upper = (bytes: Buffer) => bytes.toString('hex').toUpperCase();

export const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

/** Sets the lowest bit of each byte so that the byte has odd parity (ANSI X3.92). */
export const oddParity = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes.map((byte) => {
      const ones = byte.toString(2).slice(0, -1).replaceAll('0', '').length;
      return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
    }),
  );

/** Returns a DES key that is always the same for a name. */
export const keyOf = (name: string, bytes: 8 | 16 | 24 = 16): Buffer =>
  oddParity(createHash('sha256').update(name).digest().subarray(0, bytes));

/** Repeats the parts of a key of one or two parts until it has three (ANSI X9.52, keying options 2 and 3). */
const threeParts = (key: Buffer) => Buffer.concat([key, key, key]).subarray(0, 24);

/** Encrypts in a mode of TDES (NIST SP 800-38A) without padding. */
export function tdesIn(
  mode: 'ecb' | 'cbc' | 'cfb' | 'cfb8',
  key: Buffer,
  data: Buffer,
  iv: Buffer = Buffer.alloc(8),
): Buffer {
  const cipher = createCipheriv(`des-ede3-${mode}`, threeParts(key), mode === 'ecb' ? null : iv).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

export const tdes = (key: Buffer, data: Buffer) => tdesIn('ecb', key, data);

export function tdesDecrypt(key: Buffer, data: Buffer): Buffer {
  const decipher = createDecipheriv('des-ede3-ecb', threeParts(key), null).setAutoPadding(false);
  return Buffer.concat([decipher.update(data), decipher.final()]);
}

/** Check value of a DES key (ANSI X9.24-1, annex A): the encryption of zeros. */
export const checkValue = (key: Buffer, digits: 6 | 16 = 6) => upper(tdes(key, Buffer.alloc(8))).slice(0, digits);

/** The public test LMK: pairs by the last two digits of the key types that they protect. */
const PAIRS: Record<string, string> = {
  '00': '40404040404040405151515151515151',
  '01': '61616161616161617070707070707070',
  '02': 'E0E0010101010101F1F1010101010101',
  '03': '1C587F1C13924FEF0101010101010101',
  '08': '16161616161616161919191919191919',
  '09': '1A1A1A1A1A1A1A1A1C1C1C1C1C1C1C1C',
  '0A': '23232323232323232525252525252525',
  '0B': '26262626262626262929292929292929',
};
/** Bytes with which the first digit of a key type changes the pair. */
const TYPE_VARIANTS = [0, 0xa6, 0x5a, 0x6a, 0xde, 0x2b, 0x50, 0x74, 0x9c, 0xfa];
/** Bytes with which the schemes U and T change the key above each part of 8 bytes. */
const SCHEME_VARIANTS: Record<string, number[]> = { U: [0xa6, 0x5a], T: [0x6a, 0xde, 0x2b] };

function pairOf(type: string): Buffer {
  const pair = hex(PAIRS[type.slice(1)]!);
  pair[0]! ^= TYPE_VARIANTS[Number(type[0])]!;
  return pair;
}

/** Enciphers each part of 8 bytes under a double-length key whose right half has the scheme's variant. */
function inScheme(scheme: string, above: Buffer, bytes: Buffer, cipher: typeof tdes): Buffer {
  const parts = Array.from({ length: bytes.length / 8 }, (_, part) => {
    const key = Buffer.from(above);
    key[8]! ^= SCHEME_VARIANTS[scheme]?.[part] ?? 0;
    return cipher(key, bytes.subarray(8 * part, 8 * part + 8));
  });
  return Buffer.concat(parts);
}

const schemeFor = (key: Buffer) => ({ 8: '', 16: 'U', 24: 'T' })[key.length]!;

/** Returns a key under a ZMK or TMK: its scheme's letter (none for a single-length key) and its parts. */
export const underKey = (above: Buffer, key: Buffer, scheme = schemeFor(key)): string =>
  `${scheme}${upper(inScheme(scheme, above, key, tdes))}`;

/** Returns a key of a type under the public test LMK. */
export const underLmk = (type: string, key: Buffer, scheme?: string): string => underKey(pairOf(type), key, scheme);

/** Returns the clear key of a field under the public test LMK. */
export function fromLmk(type: string, field: string): Buffer {
  const [, scheme = '', parts = ''] = /^([UTXYZ]?)(.*)$/.exec(field) ?? [];
  return inScheme(scheme, pairOf(type), hex(parts), tdesDecrypt);
}

/** Encrypts a PIN in format 0 of ISO 9564-1 (9.3.2). The account is 12 digits without the check digit. */
export function pinBlock(key: Buffer, pin: string, account: string): string {
  const pinField = hex(`0${pin.length.toString(16)}${pin.padEnd(14, 'F')}`);
  return upper(tdes(key, xor(pinField, hex(`0000${account}`))));
}

const DERIVATION_MASK = hex('C0C0C0C000000000C0C0C0C000000000');
const maskOf = (half: string) => hex(half + half);

/** Derives the key of a transaction from a BDK and a KSN of 20 digits (TDES DUKPT: ANSI X9.24-1:2009, annex A). */
export function dukptKey(bdk: Buffer, ksnDigits: string): Buffer {
  const ksn = hex(ksnDigits.padStart(20, 'F'));
  const counter = ksn.readUIntBE(7, 3) & 0x1fffff;
  ksn.writeUIntBE(ksn.readUIntBE(7, 3) & 0xe00000, 7, 3);
  const device = ksn.subarray(0, 8);
  let key: Buffer = Buffer.concat([tdes(bdk, device), tdes(xor(bdk, DERIVATION_MASK), device)]);
  const register = ksn.subarray(2);
  for (let bit = 0x100000; bit > 0; bit >>= 1) {
    if ((counter & bit) === 0) continue;
    register.writeUIntBE(register.readUIntBE(5, 3) | bit, 5, 3);
    const half = (k: Buffer) => xor(tdes(k.subarray(0, 8), xor(register, k.subarray(8))), k.subarray(8));
    key = Buffer.concat([half(xor(key, DERIVATION_MASK)), half(key)]);
  }
  return key;
}

/** The PIN key of a transaction. */
export const dukptPinKey = (bdk: Buffer, ksn: string) => xor(dukptKey(bdk, ksn), maskOf('00000000000000FF'));
/** The key for MACs of requests. */
export const dukptMacKey = (bdk: Buffer, ksn: string) => xor(dukptKey(bdk, ksn), maskOf('000000000000FF00'));
/** The key for data of requests, which has one step more than the others: each half is encrypted under the whole. */
export function dukptDataKey(bdk: Buffer, ksn: string): Buffer {
  const variant = xor(dukptKey(bdk, ksn), maskOf('0000000000FF0000'));
  return tdes(variant, variant);
}

/** Computes a PVV by the method of Visa: digits of the encryption first, then its letters less ten. */
export function pvv(pvk: Buffer, account: string, index: string, pin: string): string {
  const encrypted = upper(tdes(pvk, hex(account.slice(-11) + index + pin.slice(0, 4))));
  const letters = encrypted.replace(/[0-9]/g, '').replace(/[A-F]/g, (letter) => String(parseInt(letter, 16) - 10));
  return (encrypted.replace(/[A-F]/g, '') + letters).slice(0, 4);
}

/** The inputs of the IBM 3624 method. `N` in the data stands for the last five digits of the account. */
export interface IbmInputs {
  table: string;
  data: string;
  account: string;
}

/** Computes the offset of a PIN by the method of IBM 3624, as messages have it: filled with F to 12 digits. */
export function ibmOffset(pvk: Buffer, { table, data, account }: IbmInputs, pin: string): string {
  const validation = data.replace('N', account.slice(-5)).padEnd(16, 'F');
  const natural = Array.from(upper(tdes(pvk, hex(validation))), (digit) => Number(table[parseInt(digit, 16)]));
  const offset = Array.from(pin, (digit, i) => (Number(digit) + 10 - natural[i]!) % 10);
  return offset.join('').padEnd(12, 'F');
}

/** Padding method 1 of ISO/IEC 9797-1 (6.3.2). */
export const zeroPadded = (data: Buffer) => Buffer.concat([data, Buffer.alloc((8 - (data.length % 8)) % 8)]);

/** MAC algorithm 1 of ISO/IEC 9797-1 (7.2) over whole blocks; TDES is the block cipher under a double-length key. */
export const cbcMac = (key: Buffer, data: Buffer) => tdesIn('cbc', key, data).subarray(-8);

/** MAC algorithms of the commands M6 and M8 by their digits, with the padding methods by theirs. */
export const macOf = {
  '1': (key: Buffer, data: Buffer, padding: string) => cbcMac(key, PADDINGS[padding]!(data)),
  // Algorithm 3 (7.4) under a double-length key.
  '3': (key: Buffer, data: Buffer, padding: string) => retailMac(key, PADDINGS[padding]!(data)),
  '6': (key: Buffer, data: Buffer) => tdesCmac(key, data),
};

const PADDINGS: Record<string, (data: Buffer) => Buffer> = {
  '0': (data) => data,
  '1': zeroPadded,
  '2': padded,
  // Method 3 (6.3.4): a block with the length in bits goes first.
  '3': (data) => Buffer.concat([hex((8 * data.length).toString(16).padStart(16, '0')), zeroPadded(data)]),
};

/** CMAC over TDES: NIST SP 800-38B, 6.2. */
export function tdesCmac(key: Buffer, data: Buffer): Buffer {
  const doubled = (block: Buffer) => {
    const shifted = block.readBigUInt64BE() << 1n;
    const result = Buffer.alloc(8);
    result.writeBigUInt64BE(BigInt.asUintN(64, shifted) ^ (shifted >> 64n === 1n ? 0x1bn : 0n));
    return result;
  };
  const first = doubled(tdes(key, Buffer.alloc(8)));
  const isWhole = data.length > 0 && data.length % 8 === 0;
  const whole = isWhole ? data : padded(data);
  const last = xor(whole.subarray(-8), isWhole ? first : doubled(first));
  return cbcMac(key, Buffer.concat([whole.subarray(0, -8), last]));
}
