import { type Certificate, readCertificate, toPem } from '../../crypto/x509/certificate.js';
import { CryptoError } from '../../crypto/errors.js';

const PEM = /-----BEGIN CERTIFICATE-----/;
const BASE64 = /^[0-9A-Za-z+/\s]+={0,2}\s*$/;

/**
 * A certificate as callers send it: base64 of PEM, or PEM. Of several the first counts.
 *
 * @throws CryptoError CERTIFICATE
 */
export function certificateOf(text: string): Certificate {
  const pem = PEM.test(text) || !BASE64.test(text) ? text : Buffer.from(text, 'base64').toString('latin1');
  if (!PEM.test(pem)) throw new CryptoError('CERTIFICATE', 'A certificate must be PEM, or base64 of PEM');
  return readCertificate(Buffer.from(pem, 'latin1'));
}

/** A certificate or a request as the service sends it: base64 of PEM. */
export function textOf(label: 'CERTIFICATE' | 'CERTIFICATE REQUEST', der: Buffer): string {
  return Buffer.from(toPem(label, der)).toString('base64');
}
