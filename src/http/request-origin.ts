import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Origin, TlsDetails } from '../call.js';

/** Where a request came from, looked at where it is asked for. */
export class RequestOrigin implements Origin {
  constructor(
    private readonly request: FastifyRequest,
    readonly time: Date,
  ) {}

  /** IPv4 as such, also where the socket takes both versions; empty where the connection was reset before it was asked. */
  get sourceIp(): string {
    const ip = this.request.ip as string | undefined;
    return ip?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
  }

  get secureTransport(): boolean {
    return this.request.protocol === 'https';
  }

  get userAgent(): string | undefined {
    return this.request.headers['user-agent'];
  }

  get tlsDetails(): TlsDetails | undefined {
    const { socket } = this.request.raw;
    if (!(socket instanceof TLSSocket)) return undefined;
    return { ...tlsOf(socket), clientProvidedHostHeader: this.request.headers.host ?? '' };
  }
}

/** It is the same for all requests of a connection. */
const known = new WeakMap<TLSSocket, Omit<TlsDetails, 'clientProvidedHostHeader'>>();

function tlsOf(socket: TLSSocket): Omit<TlsDetails, 'clientProvidedHostHeader'> {
  const found = known.get(socket);
  if (found) return found;
  const made = { tlsVersion: socket.getProtocol() ?? '', cipherSuite: socket.getCipher().standardName };
  known.set(socket, made);
  return made;
}
