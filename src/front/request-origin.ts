import type { IncomingMessage } from 'node:http';
import { type CipherNameAndProtocol, TLSSocket } from 'node:tls';
import type { Origin, TlsDetails } from '../call.js';
import type { HeaderValues } from '../http/header-values.js';

/** The origin of a request, read on demand. */
export class RequestOrigin implements Origin {
  constructor(
    private readonly socket: IncomingMessage['socket'],
    private readonly headers: HeaderValues,
    readonly time: Date,
  ) {}

  /**
   * The peer's address. IPv4 addresses are not written as IPv6, even on a dual-stack socket. Empty if the connection
   * was reset before the first read.
   */
  get sourceIp(): string {
    return this.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
  }

  get secureTransport(): boolean {
    return this.socket instanceof TLSSocket;
  }

  get userAgent(): string | undefined {
    return this.headers.get('user-agent');
  }

  get tlsDetails(): TlsDetails | undefined {
    const { socket } = this;
    const found = socket instanceof TLSSocket ? tlsOf(socket) : undefined;
    return found && { ...found, clientProvidedHostHeader: this.headers.get('host') ?? '' };
  }
}

/**
 * Reads the peer's address and the TLS details of a connection, which can't be read for the first time after the
 * connection has ended.
 *
 * @returns false if it has ended already
 */
export function readConnection(socket: IncomingMessage['socket']): boolean {
  if (socket instanceof TLSSocket) tlsOf(socket);
  return socket.remoteAddress !== undefined;
}

/** TLS details by connection; all requests of a connection share them. */
const known = new WeakMap<TLSSocket, Omit<TlsDetails, 'clientProvidedHostHeader'>>();

/** @returns undefined if the connection has ended before the first call */
function tlsOf(socket: TLSSocket): Omit<TlsDetails, 'clientProvidedHostHeader'> | undefined {
  const found = known.get(socket);
  if (found) return found;
  const cipher = socket.getCipher() as CipherNameAndProtocol | null;
  if (!cipher) return undefined;
  const made = { tlsVersion: socket.getProtocol() ?? '', cipherSuite: cipher.standardName };
  known.set(socket, made);
  return made;
}
