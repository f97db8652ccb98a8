import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/** File descriptor of the channel in the process of a token. */
export const CHANNEL_FD = 3;

const LENGTH_BYTES = 4;
/** More than any message has; the certificates of a token are the longest. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

interface Listeners<Received> {
  received: (message: Received) => void;
  /** Called once when the channel is closed, by either side or because of an invalid message. */
  closed: () => void;
}

/**
 * Sends and receives structured clones over a stream, each after its length (4 bytes, big endian). A module can write
 * anything to the descriptors of its process: an invalid message closes the channel, whereas in the channel of
 * child_process.fork it would throw an uncaught exception in the service. Bytes of messages are zeroized after use.
 */
export class TokenChannel<Sent, Received> {
  #bytes = Buffer.alloc(0);

  constructor(
    private readonly stream: Duplex,
    private readonly listeners: Listeners<Received>,
  ) {
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    // The event close follows.
    stream.on('error', () => undefined);
    stream.on('end', () => stream.destroy());
    stream.once('close', listeners.closed);
  }

  send(message: Sent): void {
    const clone = serialize(message);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(clone.length);
    this.stream.cork();
    this.stream.write(length);
    this.stream.write(clone, () => clone.fill(0));
    this.stream.uncork();
  }

  #take(chunk: Buffer): void {
    const bytes = Buffer.alloc(this.#bytes.length + chunk.length);
    for (const [part, at] of [
      [this.#bytes, 0],
      [chunk, this.#bytes.length],
    ] as const) {
      part.copy(bytes, at);
      part.fill(0);
    }
    this.#bytes = bytes;
    try {
      while (this.#receive());
    } catch {
      this.stream.destroy();
    }
  }

  /** @returns false if the next message is incomplete */
  #receive(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < LENGTH_BYTES) return false;
    const end = LENGTH_BYTES + bytes.readUInt32BE();
    if (end > MAX_MESSAGE_BYTES) throw new RangeError('The message is too long.');
    if (bytes.length < end) return false;
    // The buffers of a message are parts of the bytes that it is read from.
    const clone = Buffer.alloc(end - LENGTH_BYTES);
    bytes.copy(clone, 0, LENGTH_BYTES, end);
    bytes.fill(0, 0, end);
    this.#bytes = bytes.subarray(end);
    this.listeners.received(deserialize(clone) as Received);
    return true;
  }
}
