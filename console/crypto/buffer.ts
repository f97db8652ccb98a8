/**
 * The part of Node's Buffer that `src/crypto`, `src/workbench` and the console use, for browsers: the package `buffer` has
 * 8 KB gzipped. A spec compares it with Node's.
 */
type Encoding = 'hex' | 'latin1' | 'base64' | 'utf8';

export class BrowserBuffer extends Uint8Array<ArrayBuffer> {
  static override from(
    value: string | ArrayBuffer | ArrayLike<number> | Iterable<number>,
    encodingOrOffset?: unknown,
    length?: unknown,
  ): BrowserBuffer {
    if (typeof value === 'string') return decoded(value, encodingOrOffset as Encoding | undefined);
    // A view of the memory, unlike anything else, which is copied. A realm of a test has an ArrayBuffer of its own.
    if (Object.prototype.toString.call(value) === '[object ArrayBuffer]')
      return new BrowserBuffer(
        value as ArrayBuffer,
        encodingOrOffset as number | undefined,
        length as number | undefined,
      );
    return new BrowserBuffer(value as Iterable<number>);
  }

  static override of(...bytes: number[]): BrowserBuffer {
    return new BrowserBuffer(bytes);
  }

  static alloc(length: number, byte = 0): BrowserBuffer {
    return new BrowserBuffer(length).fill(byte);
  }

  static concat(parts: readonly Uint8Array[]): BrowserBuffer {
    const whole = new BrowserBuffer(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof BrowserBuffer;
  }

  static compare(one: Uint8Array, other: Uint8Array): number {
    const at = one.findIndex((byte, index) => byte !== other[index]);
    const difference = at === -1 || at >= other.length ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? 0);
    return Math.sign(difference);
  }

  override toString(encoding: Encoding = 'utf8'): string {
    if (encoding === 'hex') return Array.from(this, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (encoding === 'utf8') return new TextDecoder().decode(this);
    const latin1 = Array.from(this, (byte) => String.fromCharCode(byte)).join('');
    return encoding === 'base64' ? btoa(latin1) : latin1;
  }

  equals(other: Uint8Array): boolean {
    return BrowserBuffer.compare(this, other) === 0;
  }

  copy(target: Uint8Array, offset = 0): number {
    const part = this.subarray(0, Math.max(0, target.length - offset));
    target.set(part, offset);
    return part.length;
  }

  /** @throws RangeError unless the bytes are there */
  readUIntBE(offset: number, length: number): number {
    requireBytes(this, offset, length);
    return this.subarray(offset, offset + length).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** @throws RangeError unless the number fits, and the bytes are there */
  writeUIntBE(value: number, offset: number, length: number): number {
    requireBytes(this, offset, length);
    if (!(value >= 0 && value < 256 ** length)) throw new RangeError(`The value must fit ${length} bytes`);
    for (let at = offset + length - 1, rest = value; at >= offset; at--, rest = Math.floor(rest / 256))
      this[at] = rest % 256;
    return offset + length;
  }

  readUInt16BE(offset = 0): number {
    return this.readUIntBE(offset, 2);
  }
  readUInt32BE(offset = 0): number {
    return this.readUIntBE(offset, 4);
  }
  writeUInt8(value: number, offset = 0): number {
    return this.writeUIntBE(value, offset, 1);
  }
  writeUInt16BE(value: number, offset = 0): number {
    return this.writeUIntBE(value, offset, 2);
  }
  writeUInt32BE(value: number, offset = 0): number {
    return this.writeUIntBE(value, offset, 4);
  }
}

function requireBytes(bytes: Uint8Array, offset: number, length: number): void {
  if (!(offset >= 0 && offset + length <= bytes.length)) throw new RangeError('The offset is out of range');
}

/** Stops at the first wrong digit of hexadecimal, and skips what isn't base64, as Node does. */
function decoded(text: string, encoding: Encoding = 'utf8'): BrowserBuffer {
  if (encoding === 'utf8') return new BrowserBuffer(new TextEncoder().encode(text));
  if (encoding === 'hex') {
    const digits = /^(?:[0-9a-f]{2})*/i.exec(text)?.[0] ?? '';
    return new BrowserBuffer((digits.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
  }
  const latin1 = encoding === 'base64' ? atob(wholeBase64(text)) : text;
  return new BrowserBuffer(Array.from(latin1, (character) => character.charCodeAt(0)));
}

function wholeBase64(text: string): string {
  const digits = text.replace(/=[^]*$|[^0-9A-Za-z+/]/g, '');
  return digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
}
