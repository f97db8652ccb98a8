import { toHex } from '../../crypto/bytes.js';
import { HostError } from '../host-error.js';
import { HEX, type HexUnit, OUTPUT_FORMATS } from '../layouts/data-field.js';

/** The length is four hexadecimal digits, and a reply of more characters would not fit into a frame. */
const MAX_REPLY_CHARACTERS = 65_000;

/**
 * Returns length and data of a reply.
 *
 * @throws HostError 80 for more data than a reply holds
 */
export function dataReply(
  format: (typeof OUTPUT_FORMATS)[number],
  data: Buffer,
  hexUnit: HexUnit,
): [[string, string], [string, string | Buffer]] {
  const isHex = format === HEX;
  const characters = isHex ? 2 * data.length : data.length;
  if (characters > MAX_REPLY_CHARACTERS) throw new HostError('80', 'data: the reply would not fit into a frame');
  const length = isHex ? characters / hexUnit : characters;
  return [
    ['data length', length.toString(16).toUpperCase().padStart(4, '0')],
    ['data', isHex ? toHex(data) : data],
  ];
}

/** Requires at least one block and nothing but whole blocks. @throws HostError 80 */
export function requireBlocks(data: Buffer, blockBytes: number): void {
  if (data.length === 0 || data.length % blockBytes !== 0)
    throw new HostError('80', `data must be whole blocks of ${blockBytes} bytes`);
}
