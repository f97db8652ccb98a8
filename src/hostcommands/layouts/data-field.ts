import { HostError, type HostErrorCode } from '../host-error.js';
import { isAes } from './pin-fields.js';
import type { FieldSettings, KeyField, RequestFields } from './request-fields.js';

/** Formats of data in requests: binary, hexadecimal, text. Replies have the first two. */
export const INPUT_FORMATS = ['0', '1', '2'] as const;
export const OUTPUT_FORMATS = ['0', '1'] as const;
export type DataFormat = (typeof INPUT_FORMATS)[number];
export const HEX = '1';

/** Characters of hexadecimal data that their length counts as one. */
export type HexUnit = 1 | 2;
const HEX_UNITS: Record<FieldSettings['hexLength'], readonly [HexUnit, ...HexUnit[]]> = {
  characters: [1],
  bytes: [2],
  auto: [1, 2],
};

/** Data of a request. */
export interface DataField {
  readonly data: Buffer;
  /** Unit in which the length was read, for the length in the reply. */
  readonly hexUnit: HexUnit;
}

/**
 * Reads the length of data, four hexadecimal digits, the data and all fields after them. Whether the length of
 * hexadecimal data counts characters or bytes is a setting; with `auto`, the fields after them decide.
 *
 * @param rest      called again where the length is read in the other way
 * @param malformed error for data that should be hexadecimal digits and aren't
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
 * Reads an initialization vector and all fields after it: as many digits as the cipher of the key has. The name of a
 * key doesn't reveal its cipher, so the fields after it must.
 *
 * @param rest called again where the vector is read with another length
 */
export function readIv<T>(fields: RequestFields, name: string, key: KeyField, rest: (iv: Buffer) => T): T {
  const read = (digits: number) => () => rest(fields.hexBytes(name, digits));
  if (key.scheme === '@') return fields.firstComplete(read(16), read(32));
  return read(isAes(key) ? 32 : 16)();
}
