import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { TlsFiles } from '../config/tls-files.js';

/** Interval at which the files are read. Kubernetes and cert-manager replace them by links, without a notification. */
const INTERVAL_MS = 5000;

/** The part of a TLS server that a renewal needs. */
interface TlsServer {
  setSecureContext(options: SecureContextOptions): void;
}

/** Certificate and key that a TLS server was started with. */
interface TlsConfig {
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
  readonly ca?: Buffer | string | undefined;
  readonly files: TlsFiles;
}

/**
 * Reloads a server's certificate and key when a file changes. New connections use the new certificate; open connections
 * continue. Unusable files are reported once, and the server keeps its certificate.
 */
export class TlsWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #files: TlsFiles;
  /** The last files that were tried, or the reason why they could not be read. */
  #last: string;
  #expiresAt: Date;
  #isReading = false;

  constructor(
    private readonly server: TlsServer,
    { cert, key, ca, files }: TlsConfig,
    private readonly logger: Logger,
    intervalMs = INTERVAL_MS,
  ) {
    this.#files = files;
    this.#last = joined(cert, key, ca);
    this.#expiresAt = expiryOf(cert);
    this.#timer = setInterval(() => void this.#look(), intervalMs).unref();
  }

  /** End of the validity of the certificate that the server has. */
  get expiresAt(): Date {
    return this.#expiresAt;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { cert, key, ca } = this.#files;
    try {
      const [newCert, newKey, newCa] = await Promise.all([
        readFile(cert),
        readFile(key),
        ca === undefined ? undefined : readFile(ca),
      ]);
      if (!this.#isNew(joined(newCert, newKey, newCa))) return;
      this.server.setSecureContext({ cert: newCert, key: newKey, ...(newCa && { ca: newCa }) });
      this.#expiresAt = expiryOf(newCert);
      this.logger.info({ cert }, 'the TLS certificate was reloaded');
    } catch (error) {
      // Certificate and key are rarely replaced at the same moment, so a mismatch is usually brief.
      const { message } = error as Error;
      const isUnread = 'syscall' in (error as Error);
      if (!isUnread || this.#isNew(message))
        this.logger.warn({ cert, error: message }, 'the TLS certificate could not be reloaded');
    } finally {
      this.#isReading = false;
    }
  }

  #isNew(found: string): boolean {
    const isNew = found !== this.#last;
    this.#last = found;
    return isNew;
  }
}

/** @param cert PEM, the server's own certificate first */
function expiryOf(cert: Buffer | string): Date {
  return new Date(new X509Certificate(cert).validTo);
}

function joined(...files: readonly (Buffer | string | undefined)[]): string {
  return files.map((file) => file?.toString() ?? '').join('\0');
}
