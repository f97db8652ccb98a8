import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readText } from '../config/key-file.js';
import type { FieldSettings } from '../hostcommands/layouts/request-fields.js';
import type { Command } from './command.js';
import { EXIT, Failure } from './failure.js';

const TIMEOUT_MS = 15_000;
const LENGTH_BYTES = 2;

/** Options that select a listener of host commands. */
export interface HostOptions {
  to?: string;
  listener: string;
  cert?: string;
  key?: string;
  ca?: string;
}

/** A listener of host commands, and settings for reading its messages. */
export interface HostTarget {
  host: string;
  port: number;
  headerLength: number;
  /** Undefined for plain text. */
  tls: { cert: string | undefined; key: string | undefined; ca: string | undefined } | undefined;
  settings: FieldSettings;
}

/** Adds the options that select a listener of host commands. */
export function withHost(command: Command): Command {
  return command
    .option('--to <host:port>', 'Send the command to an address other than the configured one.')
    .option('--listener <number>', 'Number of the listener in the configuration, from 1.', '1')
    .option('--cert <path>', 'Certificate of the host, PEM, for a listener with TLS.')
    .option('--key <path>', 'Private key of the certificate, PEM.')
    .option('--ca <path>', "Certificate of the authority that issued the listener's, PEM.");
}

/** Finds the listener in the configuration. @throws Failure if there is no such listener or an option is unusable */
export async function hostTargetOf({ to, listener, cert, key, ca }: HostOptions): Promise<HostTarget> {
  const [{ readConfig }, { fieldSettings }] = await Promise.all([
    import('../config/config.js'),
    import('../hostcommands/listener-settings.js'),
  ]);
  const { payshield } = readConfig(process.env);
  const config = payshield?.listeners[Number(listener) - 1];
  if (!payshield || !config)
    throw new Failure(EXIT.usage, `KEYBLOCK_PAYSHIELD_FILE has no listener ${listener}: set it, or count from 1.`);
  const { host, port } = to === undefined ? config : addressOf(to, '--to');
  const files = { cert: cert && readText(cert), key: key && readText(key), ca: ca && readText(ca) };
  return {
    host: reachable(host),
    port,
    headerLength: config.headerLength,
    tls: config.tls && files,
    settings: fieldSettings(config, payshield.lmks),
  };
}

/** Reads a host and a port. @throws Failure if the text isn't `host:port` */
export function addressOf(text: string, option: string): { host: string; port: number } {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new Failure(EXIT.usage, `${option} must be a host and a port, such as 127.0.0.1:1500.`);
  return { host, port: Number(port) };
}

/** For a wildcard address, connects to the loopback address. */
function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

/** A connection to a listener of host commands, for one message at a time. */
export class HostConnection {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #received = Buffer.alloc(0);

  constructor({ host, port, tls }: HostTarget) {
    this.#socket = tls ? connectTls({ host, port, ...tls }) : connect({ host, port });
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(TIMEOUT_MS, () =>
      this.#socket.destroy(new Failure(EXIT.unavailable, 'The listener does not answer.')),
    );
    this.#chunks = this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /**
   * Sends a message.
   *
   * @param message header, command code and fields
   * @returns the reply without its length
   * @throws Failure if the listener doesn't answer
   */
  async exchange(message: Buffer): Promise<Buffer> {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(message.length);
    this.#socket.write(Buffer.concat([length, message]));
    for (;;) {
      const reply = this.#takeReply();
      if (reply) return reply;
      const chunk = await this.#chunks.next();
      if (chunk.done === true) throw new Failure(EXIT.refused, 'The listener closed the connection without a reply.');
      this.#received = Buffer.concat([this.#received, chunk.value]);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #takeReply(): Buffer | undefined {
    const received = this.#received;
    if (received.length < LENGTH_BYTES) return undefined;
    const end = LENGTH_BYTES + received.readUInt16BE();
    if (received.length < end) return undefined;
    this.#received = received.subarray(end);
    return received.subarray(LENGTH_BYTES, end);
  }
}
