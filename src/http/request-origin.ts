import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Origin, TlsDetails } from '../call.js';

/** The origin of a request, read on demand. */
export class RequestOrigin implements Origin {
  constructor(
    private readonly request: FastifyRequest,
    readonly time: Date,
  ) {}

  /** IPv4 addresses are not mapped to IPv6, also on a dual-stack socket. Empty if the connection was reset before the first read. */
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

/** TLS details by connection, which its requests share. */
const known = new WeakMap<TLSSocket, Omit<TlsDetails, 'clientProvidedHostHeader'>>();

function tlsOf(socket: TLSSocket): Omit<TlsDetails, 'clientProvidedHostHeader'> {
  const found = known.get(socket);
  if (found) return found;
  const made = { tlsVersion: socket.getProtocol() ?? '', cipherSuite: socket.getCipher().standardName };
  known.set(socket, made);
  return made;
}
