import { END_OF_MESSAGE, MAX_TRAILER } from './request-fields.js';

/** Reply code and error code. */
const CODES_LENGTH = 4;

/** Reads bytes from text in which `\xNN` stands for a byte. */
export function unescaped(text: string): Buffer {
  const plain = text.replaceAll(/\\x([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

/** Formats bytes as text, in which `\xNN` stands for a byte that isn't printable ASCII. */
export function shown(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return text.replaceAll(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Returns the error code of a reply. */
export function errorOf(reply: Buffer, headerLength: number): string {
  return reply.toString('latin1', headerLength + 2, headerLength + CODES_LENGTH);
}

/**
 * Returns the position after the fields of a reply, where the end-of-message delimiter and the trailer begin, if
 * present.
 */
export function fieldsEnd(reply: Buffer, headerLength: number): number {
  const end = reply.lastIndexOf(END_OF_MESSAGE);
  return end >= headerLength + CODES_LENGTH && reply.length - end <= MAX_TRAILER + 1 ? end : reply.length;
}
