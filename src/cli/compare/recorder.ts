import { createWriteStream, type WriteStream } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { MessageReader } from '../../hostcommands/framing.js';
import { shown } from '../../hostcommands/layouts/message-text.js';
import type { HostCall } from './pairs.js';

const MAX_MESSAGE = 65_535;

interface Address {
  host: string;
  port: number;
}

/** A forwarded command that has no reply yet. */
interface Pending {
  header: string;
  command: string;
  sentAtMs: number;
}

/** Forwards connections from hosts to an HSM, and appends each command with its reply to a file. */
export class HostRecorder {
  readonly #server: Server;
  readonly #file: WriteStream;
  readonly #sockets = new Set<Socket>();
  #recorded = 0;

  /** @param path file to append to; if it is new, only its owner may read it */
  constructor(
    private readonly hsm: Address,
    private readonly headerLength: number,
    path: string,
  ) {
    this.#file = createWriteStream(path, { flags: 'a', mode: 0o600 });
    this.#server = createServer({ noDelay: true }, (host) => this.#pass(host));
  }

  /** Number of commands that were recorded with their replies. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Rejects if the file or the address can't be opened. @returns the port */
  async listen({ host, port }: Address): Promise<number> {
    await new Promise((resolve, reject) => this.#file.once('open', resolve).once('error', reject));
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen({ host, port }, resolve);
    });
    return (this.#server.address() as { port: number }).port;
  }

  /** Closes all connections and writes the rest of the file. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#file.end(resolve));
  }

  #pass(host: Socket): void {
    const hsm = connect({ ...this.hsm, noDelay: true });
    const pending: Pending[] = [];
    const requests = new MessageReader(this.headerLength, MAX_MESSAGE);
    const replies = new MessageReader(this.headerLength, MAX_MESSAGE);
    this.#join(host, hsm, requests, (message) => {
      const header = message.toString('latin1', 0, this.headerLength);
      pending.push({ header, command: shown(message.subarray(this.headerLength)), sentAtMs: performance.now() });
    });
    this.#join(hsm, host, replies, (message) => {
      const header = message.toString('latin1', 0, this.headerLength);
      // Replies may come in another order, with the headers of their commands.
      const index = pending.findIndex((each) => each.header === header);
      const [found] = index < 0 ? [] : pending.splice(index, 1);
      if (!found) return;
      const latencyMs = Math.round((performance.now() - found.sentAtMs) * 100) / 100;
      const call: HostCall = { command: found.command, reply: shown(message.subarray(this.headerLength)), latencyMs };
      this.#file.write(`${JSON.stringify(call)}\n`);
      this.#recorded++;
    });
  }

  /** Copies bytes from one socket to the other, and passes messages to `take`. */
  #join(from: Socket, to: Socket, reader: MessageReader, take: (message: Buffer) => void): void {
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (!to.write(chunk)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      try {
        reader.push(chunk);
        for (let message = reader.next(); message; message = reader.next()) take(message.bytes);
      } catch {
        // A message without header and code is forwarded, and the rest of the connection can't be recorded.
        from.destroy();
      }
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }
}
