import type { HostErrorCode } from './host-error.js';
import type { ReplyField } from './command.js';

const LENGTH_BYTES = 2;
const CODE_BYTES = 2;
/** The length of a message has two bytes. */
const MAX_LENGTH = 65_535;

/** Thrown for a message that is too short for a header and a command code: it can't be answered. */
export class ShortMessageError extends Error {
  override readonly name = 'ShortMessageError';
}

/** A message without its length. */
export interface Message {
  /** Header, command code and fields. For a message that is too long, only header and command code. */
  readonly bytes: Buffer;
  readonly isTooLong: boolean;
}

/**
 * Splits a stream of bytes into messages: a length of two bytes, big endian, and as many bytes. Chunks may begin and end
 * anywhere. A message that lies in one chunk isn't copied.
 */
export class MessageReader {
  /** The chunk that is being read, and the position in it. */
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;
  /** First byte of a length field whose second byte hasn't arrived. */
  #lengthByte?: number | undefined;
  /** A partially received message. */
  #partial?: { bytes: Buffer; filled: number; isTooLong: boolean } | undefined;

  constructor(
    private readonly headerLength: number,
    private readonly maxBytes: number,
  ) {}

  /** True while a message has begun and isn't complete. */
  get isWithinMessage(): boolean {
    return this.#partial !== undefined || this.#lengthByte !== undefined;
  }

  /** True if bytes of the last chunk haven't been read yet. */
  get hasMore(): boolean {
    return this.#position < this.#chunk.length;
  }

  /** Adds the next bytes of the stream. All messages of the previous chunk must have been read. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#position = 0;
  }

  /**
   * Returns the next message; undefined if more bytes are needed.
   *
   * @throws ShortMessageError
   */
  next(): Message | undefined {
    if (!this.#partial) {
      const length = this.#readLength();
      if (length === undefined) return undefined;
      const least = this.headerLength + CODE_BYTES;
      if (length < least) throw new ShortMessageError(`A message of ${length} bytes has no header and command code`);
      const isTooLong = length > this.maxBytes;
      const wanted = isTooLong ? least : length;
      const end = this.#position + wanted;
      if (end <= this.#chunk.length) {
        const bytes = this.#chunk.subarray(this.#position, end);
        this.#position = end;
        return { bytes, isTooLong };
      }
      this.#partial = { bytes: Buffer.allocUnsafe(wanted), filled: 0, isTooLong };
    }
    const { bytes, filled, isTooLong } = this.#partial;
    const copied = this.#chunk.copy(bytes, filled, this.#position);
    this.#position += copied;
    this.#partial.filled += copied;
    if (this.#partial.filled < bytes.length) return undefined;
    this.#partial = undefined;
    return { bytes, isTooLong };
  }

  #readLength(): number | undefined {
    const left = this.#chunk.length - this.#position;
    if (left === 0) return undefined;
    const first = this.#lengthByte ?? this.#chunk[this.#position++] ?? 0;
    const second = this.#chunk[this.#position];
    this.#lengthByte = second === undefined ? first : undefined;
    if (second === undefined) return undefined;
    this.#position++;
    return first * 256 + second;
  }
}

/** A reply before it is framed. */
export interface ReplyParts {
  /** Message that is answered; its header is returned. */
  readonly message: Buffer;
  readonly headerLength: number;
  /** Code of the reply. */
  readonly code: string;
  readonly error: HostErrorCode | '00';
  readonly fields: readonly ReplyField[];
  /** End of message and trailer of the request; empty for none. */
  readonly trailer: Buffer | undefined;
}

/** Formats a reply with its length. @returns undefined if it would be longer than a message can be */
export function framed({ message, headerLength, code, error, fields, trailer }: ReplyParts): Buffer | undefined {
  let length = headerLength + CODE_BYTES + error.length;
  for (const [, value] of fields) length += value.length;
  if (trailer) length += trailer.length;
  if (length > MAX_LENGTH) return undefined;
  const reply = Buffer.allocUnsafe(LENGTH_BYTES + length);
  let position = reply.writeUInt16BE(length, 0);
  position += message.copy(reply, position, 0, headerLength);
  position += reply.write(code + error, position, 'latin1');
  for (const [, value] of fields)
    position += typeof value === 'string' ? reply.write(value, position, 'latin1') : value.copy(reply, position);
  trailer?.copy(reply, position);
  return reply;
}
