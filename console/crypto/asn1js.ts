/**
 * The classes of asn1js that `src/crypto` uses, for browsers: the build replaces the package, which has 16 KB gzipped,
 * with this file. The rules of DER are in `src/crypto/asn1.ts` and are the same for both; a spec compares them.
 */

const UNIVERSAL = 1;
const SEQUENCE = 0x10;
const SET = 0x11;

interface IdBlock {
  /** 1 for universal to 4 for private. */
  tagClass: number;
  tagNumber: number;
  isConstructed?: boolean;
}

export class BaseBlock {
  readonly idBlock: IdBlock;
  lenBlock = { length: 0, blockLength: 1, isIndefiniteForm: false };
  valueBlock: { value: BaseBlock[] } = { value: [] };
  /** Tag, length and content, a view of the input. */
  valueBeforeDecodeView: Uint8Array = new Uint8Array();
  readonly content: Uint8Array;

  constructor({ idBlock, valueHex = new Uint8Array() }: { idBlock: IdBlock; valueHex?: Uint8Array }) {
    this.idBlock = { isConstructed: false, ...idBlock };
    this.content = valueHex;
  }

  toBER(): Uint8Array {
    const { tagClass, tagNumber, isConstructed } = this.idBlock;
    const { length } = this.content;
    const digits = length < 0x80 ? [] : [...bytesOf(BigInt(length))];
    const head = [
      ((tagClass - 1) << 6) | (isConstructed ? 0x20 : 0) | tagNumber,
      ...(digits.length === 0 ? [length] : [0x80 | digits.length, ...digits]),
    ];
    return Buffer.concat([Buffer.from(head), this.content]);
  }

  /** Returns the value of an OBJECT IDENTIFIER in dotted-decimal notation: X.690 section 8.19. */
  getValue(): string {
    const arcs: bigint[] = [0n];
    for (const byte of this.content) {
      arcs.push(((arcs.pop() ?? 0n) << 7n) | BigInt(byte & 0x7f));
      if (byte < 0x80) arcs.push(0n);
    }
    const [first = 0n, ...rest] = arcs.slice(0, -1);
    const root = first < 80n ? first / 40n : 2n;
    return [root, first - 40n * root, ...rest].join('.');
  }
}

export class Constructed extends BaseBlock {}
export class Primitive extends BaseBlock {}

export class Integer extends BaseBlock {
  constructor({ value }: { value: number | bigint }) {
    const digits = bytesOf(BigInt(value));
    const isNegative = (digits[0] ?? 0) >= 0x80;
    super(universal(0x02, isNegative ? Buffer.concat([Buffer.alloc(1), digits]) : digits));
  }

  static fromBigInt(value: bigint): Integer {
    return new Integer({ value });
  }
}

export class ObjectIdentifier extends BaseBlock {
  constructor({ value }: { value: string }) {
    const [root = 0, second = 0, ...rest] = value.split('.').map(Number);
    super(universal(0x06, Buffer.from([40 * root + second, ...rest].flatMap(base128))));
  }
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

class Time extends BaseBlock {
  readonly #digits: string;

  constructor(tag: number, value: string) {
    super(universal(tag, Buffer.from(value, 'latin1')));
    this.#digits = value;
  }

  toDate(): Date {
    // A year of two digits is 1950 to 2049.
    const digits = this.#digits.length === 15 ? this.#digits : `${this.#digits < '5' ? 20 : 19}${this.#digits}`;
    const [year = 0, month = 0, ...rest] = (/(....)(..)(..)(..)(..)(..)/.exec(digits) ?? []).slice(1).map(Number);
    return new Date(Date.UTC(year, month - 1, ...rest));
  }
}
export class UTCTime extends Time {
  constructor({ value }: { value: string }) {
    super(0x17, value);
  }
}
export class GeneralizedTime extends Time {
  constructor({ value }: { value: string }) {
    super(0x18, value);
  }
}

const stringOf = (tag: number) =>
  class extends BaseBlock {
    constructor({ value }: { value: string }) {
      super(universal(tag, Buffer.from(value)));
    }
  };
export const Utf8String = stringOf(0x0c);
export const PrintableString = stringOf(0x13);
export const IA5String = stringOf(0x16);

function universal(tagNumber: number, valueHex: Uint8Array) {
  return { idBlock: { tagClass: UNIVERSAL, tagNumber }, valueHex };
}

/** Returns the bytes of a number, the most significant first, at least one. */
function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/**
 * Decodes the first element of the input.
 *
 * @returns the offset after it, -1 if it isn't complete
 * @throws Error if it, or one inside it, is malformed or nested too deeply
 */
export function fromBER(input: Uint8Array, { maxDepth = 24 } = {}): { offset: number; result: BaseBlock } {
  const tag = input[0] ?? 0;
  // A tag number of 31 or more is encoded in the following bytes.
  let start = 1;
  if ((tag & 0x1f) === 0x1f) while ((input[start++] ?? 0) >= 0x80);
  const first = input[start++];
  const isLong = first !== undefined && first >= 0x80;
  const digits = isLong ? first & 0x7f : 0;
  if (maxDepth < 0 || first === 0x80 || digits > 6) throw new Error('malformed');
  const length = isLong ? [...input.subarray(start, start + digits)].reduce((sum, byte) => sum * 256 + byte, 0) : first;
  const idBlock = { tagClass: (tag >> 6) + 1, tagNumber: tag & 0x1f, isConstructed: (tag & 0x20) !== 0 };
  const end = start + digits + (length ?? 0);
  const content = input.subarray(start + digits, end);
  // asn1js accepts constructed strings, which DER forbids, and doesn't check the constructed bit of SEQUENCE and SET.
  const isConstructed =
    idBlock.tagClass === UNIVERSAL ? [SEQUENCE, SET].includes(idBlock.tagNumber) : idBlock.isConstructed;
  const result = new (isConstructed ? Constructed : Primitive)({ idBlock, valueHex: content });
  result.lenBlock = { length: length ?? 0, blockLength: 1 + digits, isIndefiniteForm: false };
  result.valueBeforeDecodeView = input.subarray(0, end);
  if (length === undefined || end > input.length) return { offset: -1, result };
  for (let rest = content; isConstructed && rest.length > 0;) {
    const child = fromBER(rest, { maxDepth: maxDepth - 1 });
    if (child.offset === -1) return { offset: -1, result };
    result.valueBlock.value.push(child.result);
    rest = rest.subarray(child.offset);
  }
  return { offset: end, result };
}
