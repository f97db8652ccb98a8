/**
 * The part of Node's Buffer that src/crypto, src/workbench and the console use, for the browser: the build replaces
 * `buffer` with this file. The class is a Uint8Array with Node's method names.
 */
export type Encoding = 'hex' | 'latin1' | 'ascii' | 'utf8' | 'base64' | 'base64url';

type Source = string | ArrayLike<number> | ArrayBuffer;

/** Without its static side, whose `from` takes a function where Node's takes an encoding. */
const Bytes = Uint8Array as unknown as new (
  source: number | ArrayBuffer,
  place?: number,
  length?: number,
) => Uint8Array<ArrayBuffer>;

export class Buffer extends Bytes {
  /** Copies its argument, except an ArrayBuffer, of which it creates a view from an offset. */
  static from(value: Source, encodingOrPlace?: Encoding | number, length?: number): Buffer {
    if (typeof value === 'string') return decoded(value, encodingOrPlace as Encoding | undefined);
    if (Object.prototype.toString.call(value) !== '[object ArrayBuffer]') return bufferOf(value as ArrayLike<number>);
    return new Buffer(value as ArrayBuffer, encodingOrPlace as number | undefined, length);
  }

  static alloc(length: number, fill: number | string | Uint8Array = 0, encoding?: Encoding): Buffer {
    return new Buffer(length).fill(fill as never, encoding as never);
  }

  static concat(list: readonly Uint8Array[], total = list.reduce((sum, { length }) => sum + length, 0)): Buffer {
    const all = new Buffer(total);
    let at = 0;
    for (const each of list) {
      all.set(each.subarray(0, total - at), at);
      at = Math.min(total, at + each.length);
    }
    return all;
  }

  static isBuffer(value: unknown): value is Buffer {
    return value instanceof Buffer;
  }

  static compare(one: Uint8Array, other: Uint8Array): number {
    const length = Math.min(one.length, other.length);
    for (let i = 0; i < length; i++) if (one[i] !== other[i]) return (one[i] ?? 0) < (other[i] ?? 0) ? -1 : 1;
    return Math.sign(one.length - other.length);
  }

  /** @param value a byte, or bytes or text to repeat; empty means zeros */
  override fill(value: never, start?: never, end?: never): this {
    const given = value as number | string | Uint8Array;
    if (typeof given === 'number') return super.fill(given, start, end);
    const encoding = typeof start === 'string' ? start : undefined;
    const pattern = typeof given === 'string' ? decoded(given, encoding) : given;
    for (let i = 0; i < this.length; i++) this[i] = pattern[i % pattern.length] ?? 0;
    return this;
  }

  /** Returns a view, unlike the method of Uint8Array. */
  override slice(start?: number, end?: number): this {
    return this.subarray(start, end) as this;
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    const bytes = this.subarray(start, end);
    if (encoding === 'utf8') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    if (encoding === 'hex') return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const text = Array.from(bytes, (byte) => String.fromCharCode(encoding === 'ascii' ? byte & 0x7f : byte)).join('');
    if (encoding === 'base64') return btoa(text);
    if (encoding === 'base64url') return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    return text;
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0;
  }

  copy(target: Uint8Array, targetStart = 0, start = 0, end = this.length): number {
    const copied = this.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(copied, targetStart);
    return copied.length;
  }

  override indexOf(value: never, from = 0): number {
    const given = value as number | string | Uint8Array;
    if (typeof given === 'number') return super.indexOf(given, from);
    const bytes = typeof given === 'string' ? decoded(given) : given;
    for (let at = from; at + bytes.length <= this.length; at++)
      if (bytes.every((byte, i) => byte === this[at + i])) return at;
    return -1;
  }

  override includes(value: never, from = 0): boolean {
    return this.indexOf(value, from) >= 0;
  }

  /** @param bytes 1 to 6 */
  readUIntBE(at: number, bytes: number): number {
    if (at + bytes > this.length) throw new RangeError('The offset is out of range');
    return this.subarray(at, at + bytes).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** @param bytes 1 to 6 @returns the offset after them */
  writeUIntBE(value: number, at: number, bytes: number): number {
    if (at + bytes > this.length || !(value >= 0 && value < 256 ** bytes)) throw new RangeError('It is out of range');
    for (let i = bytes - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) this[at + i] = rest % 256;
    return at + bytes;
  }

  readUInt8(at = 0): number {
    return this.readUIntBE(at, 1);
  }

  readUInt16BE(at = 0): number {
    return this.readUIntBE(at, 2);
  }

  readUInt32BE(at = 0): number {
    return this.readUIntBE(at, 4);
  }

  writeUInt8(value: number, at = 0): number {
    return this.writeUIntBE(value, at, 1);
  }

  writeUInt16BE(value: number, at = 0): number {
    return this.writeUIntBE(value, at, 2);
  }

  writeUInt32BE(value: number, at = 0): number {
    return this.writeUIntBE(value, at, 4);
  }
}

function decoded(text: string, encoding: Encoding = 'utf8'): Buffer {
  if (encoding === 'utf8') return bufferOf(new TextEncoder().encode(text));
  if (encoding === 'hex') {
    // As in Node, decoding ends at the first invalid pair of digits.
    const [digits = ''] = /^(?:[\da-f]{2})*/i.exec(text) ?? [];
    return bufferOf(Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16)));
  }
  const isBase64 = encoding === 'base64' || encoding === 'base64url';
  const characters = isBase64 ? atob(wholeBase64(text)) : text;
  return bufferOf(Array.from({ length: characters.length }, (_, i) => characters.charCodeAt(i) & 0xff));
}

/** Ignores characters that aren't base64, and everything after the end, as Node does. */
function wholeBase64(text: string): string {
  const digits = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/=[^]*$|[^0-9A-Za-z+/]/g, '');
  return digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
}

function bufferOf(bytes: ArrayLike<number>): Buffer {
  const buffer = new Buffer(bytes.length);
  buffer.set(bytes);
  return buffer;
}
