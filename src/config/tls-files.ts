/** Absolute paths of the PEM files of a TLS server. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Issuers of client certificates. */
  readonly ca?: string;
}
