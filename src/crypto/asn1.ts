import {
  type BaseBlock,
  Constructed,
  fromBER,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  Primitive,
  UTCTime,
} from 'asn1js';
import { CryptoError } from './errors.js';

/**
 * DER (ITU-T X.690) on Buffers. asn1js encodes and decodes; this file adds what asn1js lacks and rejects the BER forms
 * that it accepts. Each element keeps its complete encoding, because identifiers are compared, signatures computed and
 * names copied byte for byte as received.
 */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
  /** [0], [1] and [2] IMPLICIT with a primitive type. */
  PRIMITIVE_0: 0x80,
  PRIMITIVE_1: 0x81,
  PRIMITIVE_2: 0x82,
  /** [0], [1] and [3]: EXPLICIT, or IMPLICIT with a constructed type. */
  CONSTRUCTED_0: 0xa0,
  CONSTRUCTED_1: 0xa1,
  CONSTRUCTED_3: 0xa3,
} as const;

/** Maximum nesting depth. Every structure parsed here stays below it; deeper input could exhaust the stack. */
const MAX_DEPTH = 24;

/** Error code for a malformed encoding, named after the structure being parsed. */
export type Malformed = 'CMS' | 'CERTIFICATE' | 'KEY_TYPE';

/** A decoded DER element. All buffers are views of the input. */
export interface Element {
  tag: number;
  /** Offset of the element in bytes from the start of the input. */
  offset: number;
  /** Tag, length and content. */
  der: Buffer;
  content: Buffer;
  /** Child elements; empty for a primitive tag. */
  children: Element[];
}

/**
 * Decodes a single SEQUENCE and returns its fields.
 *
 * @param input buffer that error offsets are relative to; `der` must be a view of it
 * @throws CryptoError `code` unless `der` is exactly one SEQUENCE in DER
 */
export function decodeSequence(der: Buffer, name: string, code: Malformed, input = der): Fields {
  const encoding = new Fields('The encoding', decodeAll(der, code, input), code);
  const fields = encoding.within(TAG.SEQUENCE, name);
  encoding.end();
  return fields;
}

/** Decodes consecutive elements. @param der a view of `input` @throws CryptoError `code` */
export function decodeAll(der: Buffer, code: Malformed, input = der): Element[] {
  const elements: Element[] = [];
  for (let rest = der; rest.length > 0;) {
    const first = decodeFirst(rest, code, input);
    elements.push(first.element);
    rest = first.rest;
  }
  return elements;
}

/** Decodes the first element without copying and returns the remaining bytes. @throws CryptoError `code` */
export function decodeFirst(der: Buffer, code: Malformed, input = der): { element: Element; rest: Buffer } {
  const start = der.byteOffset - input.byteOffset;
  const { offset, result } = ber(der, code, start);
  if (offset === -1) throw new CryptoError(code, `The encoding must be complete DER${shortfall(result, der)}`, start);
  return { element: asElement(result, code, input), rest: der.subarray(offset) };
}

function ber(der: Buffer, code: Malformed, start: number): ReturnType<typeof fromBER> {
  try {
    return fromBER(der, { copyInput: false, parseEmbedded: false, maxDepth: MAX_DEPTH });
  } catch {
    throw new CryptoError(code, 'The encoding must be valid DER', start);
  }
}

/** Message suffix with the number of missing bytes, if the length of the outermost element gives it. */
function shortfall({ lenBlock: { length, blockLength, isIndefiniteForm } }: BaseBlock, der: Buffer): string {
  const missing = 1 + blockLength + length - der.length;
  return isIndefiniteForm || !(missing > 0) ? '' : `: ${missing} bytes are missing at the end`;
}

function asElement(node: BaseBlock, code: Malformed, input: Buffer): Element {
  const { buffer, byteOffset, byteLength } = node.valueBeforeDecodeView;
  const der = Buffer.from(buffer, byteOffset, byteLength);
  const { length, isIndefiniteForm } = node.lenBlock;
  const isMinimal = !isIndefiniteForm && der.length === 1 + bytesOfLength(length) + length;
  const isStringInPieces = node.idBlock.isConstructed && !(node instanceof Constructed);
  const offset = byteOffset - input.byteOffset;
  if (!isMinimal || isStringInPieces)
    throw new CryptoError(
      code,
      'The encoding must be DER: lengths in their shortest form, strings in one piece',
      offset,
    );
  const children =
    node instanceof Constructed ? node.valueBlock.value.map((child) => asElement(child, code, input)) : [];
  return { tag: der[0] as number, offset, der, content: der.subarray(der.length - length), children };
}

/** Returns the size of the shortest length encoding, X.690 section 10.1. */
function bytesOfLength(length: number): number {
  if (length < 0x80) return 1;
  return length < 0x100 ? 2 : length < 0x10000 ? 3 : 4;
}

/**
 * Reads the fields of a SEQUENCE in order. Field names are those of the ASN.1 module and appear only in error messages.
 */
export class Fields {
  #next = 0;

  constructor(
    private readonly name: string,
    private readonly elements: readonly Element[],
    private readonly code: Malformed,
  ) {}

  /** Offset of the next field, or of the end of the SEQUENCE after the last field. */
  get #offset(): number | undefined {
    const next = this.elements[this.#next];
    const last = this.elements.at(-1);
    return next?.offset ?? (last && last.offset + last.der.length);
  }

  /** Reads the next field if it has this tag. */
  optional(tag: number): Element | undefined {
    const element = this.elements[this.#next];
    if (element?.tag !== tag) return undefined;
    this.#next++;
    return element;
  }

  /** Reads the next field, which must have this tag. */
  take(tag: number, field: string): Element {
    const element = this.optional(tag);
    if (element === undefined)
      throw new CryptoError(this.code, `${this.name} must have the field ${field}`, this.#offset);
    return element;
  }

  /** Reads the next field, which must equal one of these encodings. */
  oneOf(encodings: readonly Buffer[], field: string): Element {
    const element = this.elements[this.#next];
    if (element === undefined || !encodings.some((encoding) => encoding.equals(element.der)))
      throw new CryptoError(this.code, `${this.name} has an unsupported ${field}`, this.#offset);
    this.#next++;
    return element;
  }

  /** Reads the fields inside the next field, which must have this tag. */
  within(tag: number, field: string): Fields {
    return new Fields(field, this.take(tag, field).children, this.code);
  }

  /** Requires that no fields remain. */
  end(): void {
    if (this.#next < this.elements.length)
      throw new CryptoError(this.code, `${this.name} has more than its fields`, this.#offset);
  }
}

/** Encodes an element with this tag and the concatenated contents. */
export function encode(tag: number, ...contents: Buffer[]): Buffer {
  const idBlock = { tagClass: (tag >> 6) + 1, tagNumber: tag & 0x1f };
  const element = new Primitive({ idBlock, valueHex: Buffer.concat(contents) });
  element.idBlock.isConstructed = (tag & 0x20) !== 0;
  return Buffer.from(element.toBER());
}

export const NULL = encode(0x05);

export function sequence(...fields: Buffer[]): Buffer {
  return encode(TAG.SEQUENCE, ...fields);
}

/** Encodes a SET in the given order; `derOrder` sorts the elements of a SET OF. */
export function set(...elements: Buffer[]): Buffer {
  return encode(TAG.SET, ...elements);
}

/** Sorts the elements of a SET OF as DER requires: X.690 section 11.6. */
export function derOrder(elements: readonly Buffer[]): Buffer[] {
  return [...elements].sort((a, b) => Buffer.compare(a, b));
}

export function octetString(content: Buffer): Buffer {
  return encode(TAG.OCTET_STRING, content);
}

export function bitString(bits: Buffer, unusedBits = 0): Buffer {
  return encode(TAG.BIT_STRING, Buffer.from([unusedBits]), bits);
}

/** Encodes unsigned big-endian bytes as an INTEGER. */
export function unsignedInteger(bytes: Buffer): Buffer {
  return Buffer.from(Integer.fromBigInt(BigInt(`0x${bytes.toString('hex')}`)).toBER());
}

export function integer(value: number): Buffer {
  return Buffer.from(new Integer({ value }).toBER());
}

export function oid(value: string): Buffer {
  return Buffer.from(new ObjectIdentifier({ value }).toBER());
}

/** Returns an OBJECT IDENTIFIER in dotted-decimal notation. */
export function oidValue({ der }: Element): string {
  return (fromBER(der).result as ObjectIdentifier).getValue();
}

/**
 * Encodes a time as RFC 5280 section 4.1.2.5 and RFC 5652 section 11.3 require: UTCTime through 2049, GeneralizedTime
 * from 2050, in whole seconds.
 *
 * @throws CryptoError DATA_FORMAT
 */
export function time(date: Date): Buffer {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 9999)) throw new CryptoError('DATA_FORMAT', 'A time must be from 1950 to 9999');
  const value = timeDigits(date);
  const element = year < 2050 ? new UTCTime({ value: value.slice(2) }) : new GeneralizedTime({ value });
  return Buffer.from(element.toBER());
}

/** Reads a UTCTime or GeneralizedTime in whole seconds and UTC. @throws CryptoError `code` */
export function dateOf(element: Element, code: Malformed): Date {
  const value = element.content.toString('latin1');
  const date = element.tag === TAG.UTC_TIME ? utcTime(value) : generalizedTime(value);
  // Date normalizes out-of-range fields, such as June 31, to a different date; encoding it again exposes them.
  if (date === undefined || !timeDigits(date).endsWith(value))
    throw new CryptoError(code, 'A time must be UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ');
  return date;
}

function utcTime(value: string): Date | undefined {
  return /^\d{12}Z$/.test(value) ? new UTCTime({ value }).toDate() : undefined;
}

function generalizedTime(value: string): Date | undefined {
  return /^\d{14}Z$/.test(value) ? new GeneralizedTime({ value }).toDate() : undefined;
}

function timeDigits(date: Date): string {
  return date.toISOString().replace(/[-:T]|\.\d+/g, '');
}
