// Exits with 0 if the service in this container answers. It may serve HTTPS with a certificate that isn't valid for 127.0.0.1.
import process from 'node:process';

const { KEYBLOCK_PORT = '8080', KEYBLOCK_TLS_CERT_FILE } = process.env;
if (KEYBLOCK_TLS_CERT_FILE) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const { ok } = await globalThis.fetch(
  `${KEYBLOCK_TLS_CERT_FILE ? 'https' : 'http'}://127.0.0.1:${KEYBLOCK_PORT}/healthz`,
);
process.exit(ok ? 0 : 1);
