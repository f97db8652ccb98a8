import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { type CipherNameAndProtocol, TLSSocket } from 'node:tls';
import type { Origin, TlsDetails } from '../call.js';
import { certificateSubject, type HostListenerConfig } from '../config/payshield-file.js';

/** The host at the other end of a connection. */
export interface Peer {
  readonly sourceIp: string;
  readonly secureTransport: boolean;
  readonly tlsDetails?: TlsDetails | undefined;
  /** ARN of the user or role that runs its commands. */
  readonly principalArn: string;
}

/**
 * Returns the peer of a connection; undefined if its certificate doesn't belong to a principal, or if the connection
 * has been closed.
 */
export function peerOf(
  socket: Socket,
  { principal, principals }: Pick<HostListenerConfig, 'principal' | 'principals'>,
): Peer | undefined {
  const sourceIp = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '');
  const secured = socket instanceof TLSSocket ? socket : undefined;
  const principalArn = principal ?? (secured && principalOf(secured.getPeerX509Certificate(), principals));
  if (sourceIp === undefined || principalArn === undefined) return undefined;
  return { sourceIp, secureTransport: secured !== undefined, tlsDetails: secured && tlsOf(secured), principalArn };
}

/** The origin of a command. */
export class HostOrigin implements Origin {
  readonly userAgent = undefined;

  constructor(
    private readonly peer: Omit<Peer, 'principalArn'>,
    readonly time: Date,
  ) {}

  get sourceIp(): string {
    return this.peer.sourceIp;
  }

  get secureTransport(): boolean {
    return this.peer.secureTransport;
  }

  get tlsDetails(): TlsDetails | undefined {
    return this.peer.tlsDetails;
  }
}

function principalOf(
  certificate: X509Certificate | undefined,
  principals: ReadonlyMap<string, string>,
): string | undefined {
  if (!certificate) return undefined;
  return (
    principals.get(certificate.fingerprint256.replaceAll(':', '')) ?? principals.get(certificateSubject(certificate))
  );
}

function tlsOf(socket: TLSSocket): TlsDetails | undefined {
  const cipher = socket.getCipher() as CipherNameAndProtocol | null;
  return cipher ? { tlsVersion: socket.getProtocol() ?? '', cipherSuite: cipher.standardName } : undefined;
}
