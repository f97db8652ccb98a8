import { CryptoError } from '../../crypto/errors.js';
import { type Certificate, toPem } from '../../crypto/x509/certificate.js';
import { readIncomingCertificate } from '../../crypto/x509/incoming-certificate.js';

const PEM = /-----BEGIN CERTIFICATE-----/;
const BASE64 = /^[0-9A-Za-z+/\s]+={0,2}\s*$/;

/**
 * Parses a certificate in PEM or in base64 of PEM, as callers send it. If there are several, only the first is read.
 *
 * @throws CryptoError CERTIFICATE
 */
export function certificateOf(text: string): Certificate {
  const pem = PEM.test(text) || !BASE64.test(text) ? text : Buffer.from(text, 'base64').toString('latin1');
  if (!PEM.test(pem)) throw new CryptoError('CERTIFICATE', 'A certificate must be PEM, or base64 of PEM');
  return readIncomingCertificate(Buffer.from(pem, 'latin1'));
}

/** Encodes a certificate or a certificate signing request (DER) as base64 of PEM, as the service returns it. */
export function textOf(label: 'CERTIFICATE' | 'CERTIFICATE REQUEST', der: Buffer): string {
  return Buffer.from(toPem(label, der)).toString('base64');
}
