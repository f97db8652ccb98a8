import { createCipheriv, createDecipheriv } from 'node:crypto';
import { hex } from './vectors.js';

/** PIN blocks of ISO 9564-1, built and read with strings and OpenSSL alone. Keys and blocks are hexadecimal. */

const tdesOf = (key: string) => (key.length === 32 ? 'des-ede' : 'des-ede3');
const panField = (pan: string) => BigInt(`0x${pan.slice(0, -1).slice(-12).padStart(16, '0')}`);

/** Builds a block in format 0. */
export function format0(key: string, pin: string, pan: string): string {
  const pinField = BigInt(`0x0${pin.length.toString(16)}${pin.padEnd(14, 'F')}`);
  const clear = (pinField ^ panField(pan)).toString(16).padStart(16, '0');
  const cipher = createCipheriv(tdesOf(key), hex(key), null).setAutoPadding(false);
  return cipher.update(hex(clear)).toString('hex').toUpperCase();
}

/** Returns the PIN field of an 8-byte block; without a PAN, the whole block. */
export function pinField(key: string, block: string, pan?: string): string {
  const cipher = createDecipheriv(tdesOf(key), hex(key), null).setAutoPadding(false);
  const clear = BigInt(`0x${cipher.update(hex(block)).toString('hex')}`);
  return (clear ^ (pan === undefined ? 0n : panField(pan))).toString(16).padStart(16, '0').toUpperCase();
}

/** Returns the PIN field of a block in format 4. */
export function pinField4(key: string, block: string, pan: string): string {
  const name = `aes-${key.length * 4}-ecb`;
  const decrypt = (bytes: Buffer) => createDecipheriv(name, hex(key), null).setAutoPadding(false).update(bytes);
  const panField4 = BigInt(`0x${(pan.length - 12).toString(16)}${pan.padEnd(31, '0')}`);
  const between = (BigInt(`0x${decrypt(hex(block)).toString('hex')}`) ^ panField4).toString(16).padStart(32, '0');
  return decrypt(hex(between)).toString('hex').toUpperCase();
}
