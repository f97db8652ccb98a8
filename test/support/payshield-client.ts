import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** Framing of host commands written from the specification: none of it is the server's code. */

/** Frames a message: its length in two bytes, big endian, and the message. Text is Latin-1. */
export function frame(message: string | Buffer): Buffer {
  const body = typeof message === 'string' ? Buffer.from(message, 'latin1') : message;
  return Buffer.concat([Buffer.from([body.length >> 8, body.length & 0xff]), body]);
}

export interface ClientOptions {
  port: number;
  /** 4 by default. */
  headerLength?: number;
  tls?: ConnectionOptions;
}

/** A connection of a host. */
export class PayshieldClient {
  readonly socket: Socket;
  readonly #headerLength: number;
  #received = Buffer.alloc(0);
  #isEnded = false;
  #number = 0;
  #arrived?: () => void;

  private constructor(socket: Socket, headerLength: number) {
    this.socket = socket;
    socket.setNoDelay(true);
    this.#headerLength = headerLength;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#arrived?.();
    });
    const ended = () => {
      this.#isEnded = true;
      this.#arrived?.();
    };
    socket.on('end', ended).on('close', ended).on('error', ended);
  }

  /** Opens a connection. @throws Error if it is refused */
  static async connect({ port, headerLength = 4, tls }: ClientOptions): Promise<PayshieldClient> {
    const to = { port, host: '127.0.0.1', allowHalfOpen: true };
    const socket = tls ? connectTls({ ...to, ...tls }) : connectTcp(to);
    await once(socket, tls ? 'secureConnect' : 'connect');
    return new PayshieldClient(socket, headerLength);
  }

  /** Returns a message with the next header. */
  message(command: string | Buffer): Buffer {
    const number = String(this.#number++ % 10 ** Math.min(this.#headerLength, 9));
    const header = number.padStart(this.#headerLength, '0').slice(0, this.#headerLength);
    return Buffer.concat([Buffer.from(header), typeof command === 'string' ? Buffer.from(command, 'latin1') : command]);
  }

  /** Sends a command, and returns the reply without its header, as Latin-1. */
  async ask(command: string | Buffer): Promise<string> {
    const message = this.message(command);
    this.socket.write(frame(message));
    const reply = await this.read();
    if (reply === undefined) throw new Error('The connection was closed');
    const header = message.subarray(0, this.#headerLength);
    if (!reply.subarray(0, this.#headerLength).equals(header)) throw new Error('The reply has another header');
    return reply.toString('latin1', this.#headerLength);
  }

  /** Reads a reply without its length; undefined if the connection ends before it. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const length = this.#received.length < 2 ? undefined : this.#received.readUInt16BE();
      if (length !== undefined && this.#received.length >= 2 + length) {
        const reply = this.#received.subarray(2, 2 + length);
        this.#received = this.#received.subarray(2 + length);
        return reply;
      }
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
  }

  /** Reads until the connection ends. @returns the replies */
  async readAll(): Promise<Buffer[]> {
    const replies: Buffer[] = [];
    for (let reply = await this.read(); reply; reply = await this.read()) replies.push(reply);
    return replies;
  }

  close(): void {
    this.socket.destroy();
  }
}
