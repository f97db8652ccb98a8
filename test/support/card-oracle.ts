import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/**
 * A second implementation of the card schemes' computations, written step by step from their descriptions with
 * OpenSSL's ciphers only. Specs compare the service with it where no published vectors exist.
 */

/** Encrypts with TDES in ECB under two keys of 8 bytes. */
function tdes(key: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv('des-ede', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

const des = (key: Buffer, block: Buffer) => tdes(Buffer.concat([key, key]), block);

function desDecrypt(key: Buffer, block: Buffer): Buffer {
  const decipher = createDecipheriv('des-ede', Buffer.concat([key, key]), null).setAutoPadding(false);
  return Buffer.concat([decipher.update(block), decipher.final()]);
}

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

/** Splits data into blocks of 8 bytes, the last padded with zeros. */
const blocks = (data: Buffer): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / 8) }, (_, i) =>
    Buffer.concat([data.subarray(8 * i), Buffer.alloc(8)]).subarray(0, 8),
  );

/** Computes ISO/IEC 9797-1 MAC algorithm 3 with padding method 1. */
export function retailMac(key: Buffer, data: Buffer): Buffer {
  const [left, right] = [key.subarray(0, 8), key.subarray(8)];
  const chained = blocks(data).reduce<Buffer>((chain, block) => des(left, xor(block, chain)), Buffer.alloc(8));
  return des(left, desDecrypt(right, chained));
}

/** Applies padding method 2 of ISO/IEC 9797-1. */
export const padded = (data: Buffer) => {
  const with80 = Buffer.concat([data, Buffer.of(0x80)]);
  return Buffer.concat([with80, Buffer.alloc((8 - (with80.length % 8)) % 8)]);
};

/** Encrypts with TDES in CBC from an initialization vector of zeros. */
export function tdesCbc(key: Buffer, data: Buffer): Buffer {
  const cipher = createCipheriv('des-ede-cbc', key, Buffer.alloc(8)).setAutoPadding(false);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

export const tdesEcb = tdes;

/** Derives a card key by EMV option A or B, without adjusting its parity, which DES ignores. */
export function cardKey(imk: Buffer, option: 'A' | 'B', pan: string, psn: string): Buffer {
  const y = Buffer.from(option === 'A' ? (pan + psn).slice(-16).padStart(16, '0') : hashed(pan + psn), 'hex');
  return Buffer.concat([tdes(imk, y), tdes(imk, xor(y, Buffer.alloc(8, 0xff)))]);
}

function hashed(digits: string): string {
  const bcd = Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex');
  return decimal(createHash('sha1').update(bcd).digest()).slice(0, 16);
}

function decimal(bytes: Buffer): string {
  const hex = Array.from(bytes.toString('hex'));
  const letters = hex.filter((digit) => digit > '9').map((letter) => 'abcdef'.indexOf(letter));
  return [...hex.filter((digit) => digit <= '9'), ...letters].join('');
}

/** Derives the EMV common session key: replaces the third byte of R. */
export function commonSessionKey(iccKey: Buffer, r: Buffer): Buffer {
  const half = (byte: number) => tdes(iccKey, Buffer.concat([r.subarray(0, 2), Buffer.of(byte), r.subarray(3)]));
  return Buffer.concat([half(0xf0), half(0x0f)]);
}

/** Derives the session key of PBOC. */
export function unionPaySessionKey(iccKey: Buffer, atc: Buffer): Buffer {
  const zeros = Buffer.alloc(6);
  return tdes(iccKey, Buffer.concat([zeros, atc, zeros, xor(atc, Buffer.of(0xff, 0xff))]));
}

/** Returns the first five digits of the CVV and of the values that are computed like it. */
export function verificationValue(key: Buffer, digits: string): string {
  const data = Buffer.from(digits.padEnd(32, '0'), 'hex');
  const first = des(key.subarray(0, 8), data.subarray(0, 8));
  return decimal(tdes(key, xor(first, data.subarray(8)))).slice(0, 5);
}

/** Returns five digits of the CVC3. */
export function cvc3(iccKey: Buffer, trackData: Buffer, un: Buffer, atc: Buffer): string {
  const iv = retailMac(iccKey, padded(trackData)).subarray(6);
  return tdes(iccKey, Buffer.concat([iv, un, atc]))
    .readUInt16BE(6)
    .toString()
    .padStart(5, '0');
}
