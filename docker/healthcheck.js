// Exits 0 when the service of this container answers. It may serve HTTPS, by a certificate for another name than ours.
import process from 'node:process';

const { KEYBLOCK_PORT = '8080', KEYBLOCK_TLS_CERT_FILE } = process.env;
if (KEYBLOCK_TLS_CERT_FILE) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const { ok } = await globalThis.fetch(
  `${KEYBLOCK_TLS_CERT_FILE ? 'https' : 'http'}://127.0.0.1:${KEYBLOCK_PORT}/healthz`,
);
process.exit(ok ? 0 : 1);
