import { toHex } from '../../crypto/bytes.js';
import { HostError, type HostErrorCode } from '../host-error.js';
import type { FieldSettings, KeyField, RequestFields } from '../request-fields.js';
import { isAes } from './pin-fields.js';

/** Formats of data in requests: binary, hexadecimal, text. Replies have the first two. */
export const INPUT_FORMATS = ['0', '1', '2'] as const;
export const OUTPUT_FORMATS = ['0', '1'] as const;
export type DataFormat = (typeof INPUT_FORMATS)[number];
const HEX = '1';

/** Number of hexadecimal characters per unit of the length field. */
export type HexUnit = 1 | 2;
const HEX_UNITS: Record<FieldSettings['hexLength'], readonly [HexUnit, ...HexUnit[]]> = {
  characters: [1],
  bytes: [2],
  auto: [1, 2],
};

/** The length is four hexadecimal digits, and a reply of more characters would not fit into a frame. */
const MAX_REPLY_CHARACTERS = 65_000;

/** Data of a request. */
export interface DataField {
  readonly data: Buffer;
  /** Unit in which the length was read, for the length in the reply. */
  readonly hexUnit: HexUnit;
}

/**
 * Reads the length of data, four hexadecimal digits, the data and all fields after them. A setting determines if the
 * length of hexadecimal data counts characters or bytes; with `auto`, the following fields determine it.
 *
 * @param rest called again if the length is interpreted in the other way
 * @param malformed error for data that isn't hexadecimal digits
 */
export function readData<T>(
  fields: RequestFields,
  format: DataFormat,
  rest: (data: DataField) => T,
  malformed: HostErrorCode = '15',
): T {
  const [unit, ...others] = HEX_UNITS[fields.settings.hexLength];
  const length = () => parseInt(fields.hex('data length', 4), 16);
  if (format !== HEX) return rest({ data: fields.raw('data', length()), hexUnit: unit });
  const read = (hexUnit: HexUnit) => () => {
    const text = fields.raw('data', length() * hexUnit).toString('latin1');
    if (text.length % 2 !== 0) throw new HostError('80', 'data: hexadecimal data must have an even number of digits');
    if (!/^[0-9A-Fa-f]*$/.test(text)) throw new HostError(malformed, 'data must be hexadecimal digits');
    return rest({ data: Buffer.from(text, 'hex'), hexUnit });
  };
  return fields.firstComplete(read(unit), ...others.map(read));
}

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

/**
 * Reads an initialization vector and all fields after it: as many digits as a block of the key's cipher. The name of a
 * key doesn't reveal its cipher, so the following fields determine it.
 *
 * @param rest called again if the vector is parsed with another length
 */
export function readIv<T>(fields: RequestFields, name: string, key: KeyField, rest: (iv: Buffer) => T): T {
  const read = (digits: number) => () => rest(fields.hexBytes(name, digits));
  if (key.scheme === '@') return fields.firstComplete(read(16), read(32));
  return read(isAes(key) ? 32 : 16)();
}

/** Requires one or more whole blocks. @throws HostError 80 */
export function requireBlocks(data: Buffer, blockBytes: number): void {
  if (data.length === 0 || data.length % blockBytes !== 0)
    throw new HostError('80', `data must be whole blocks of ${blockBytes} bytes`);
}
