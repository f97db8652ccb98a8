import { TAG } from '../crypto/asn1.js';
import { EXIT, Failure } from './failure.js';
import { count } from './layout.js';

/**
 * Decodes a token.
 *
 * @param input DER, hexadecimal, base64 or PEM
 * @throws Failure if it is none of these
 */
export function decodeToken(input: Buffer): { der: Buffer; encoding: string } {
  if (input[0] === TAG.SEQUENCE && /[^\t\r\n\x20-\x7e]/.test(input.toString('latin1')))
    return { der: input, encoding: 'DER' };
  const text = input.toString('latin1').trim();
  const [, label, body] = /^-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----$/.exec(text) ?? [];
  if (label !== undefined && body !== undefined) return { der: base64(body), encoding: `PEM (${label})` };
  const packed = text.replace(/\s/g, '');
  if (/^([0-9A-Fa-f]{2})+$/.test(packed)) return { der: Buffer.from(packed, 'hex'), encoding: 'hexadecimal' };
  return { der: base64(packed), encoding: 'base64' };
}

function base64(text: string): Buffer {
  const packed = text.replace(/\s/g, '');
  const stray = packed.replace(/={0,2}$/, '').search(/[^0-9A-Za-z+/]/);
  if (packed === '') throw new Failure(EXIT.no, 'The input is empty.');
  if (stray !== -1)
    throw new Failure(
      EXIT.no,
      `Malformed token: character ${stray} is not base64. Give DER, hexadecimal, base64, or PEM from BEGIN to END.`,
    );
  if (packed.length % 4 !== 0)
    throw new Failure(
      EXIT.no,
      `Malformed token: ${count(packed.length, 'character')} are neither whole bytes in hexadecimal nor whole base64.`,
    );
  return Buffer.from(packed, 'base64');
}
