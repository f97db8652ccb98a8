import { crlOf, testPki } from '../../../test/support/tr34.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { encode, octetString, oid, sequence } from '../asn1.js';
import { revocationOf } from './crl.js';

const pki = testPki();
const { certificate } = pki.kdh!;
const issuer = pki.kdhCa!.certificate;
const NOW = new Date('2026-01-15T12:00:00Z');
const OTHERS = [hex('02010A'), hex('020203E7')];
const statusIn = (crl: Buffer, time = NOW) => revocationOf(certificate, { crl, issuer, time });

/** A CRL extension: an empty IssuingDistributionPoint. */
const distributionPoint = (...critical: Buffer[]) => sequence(oid('2.5.29.28'), ...critical, octetString(sequence()));
const TRUE = encode(0x01, Buffer.from([0xff]));

describe('a certificate in the CRL of its issuer', () => {
  test.each([
    ['is good when the list is empty', { serialNumbers: [] }, 'good'],
    ['is good when others are listed', { serialNumbers: OTHERS }, 'good'],
    ['is revoked when listed', { serialNumbers: [...OTHERS, certificate.serialNumber] }, 'revoked'],
    [
      'is revoked even after the next update',
      { serialNumbers: [certificate.serialNumber], nextUpdate: '250201000000Z' },
      'revoked',
    ],
    ['is unknown after the next update', { serialNumbers: OTHERS, nextUpdate: '260115115959Z' }, 'unknown'],
    ['is good until the next update', { serialNumbers: OTHERS, nextUpdate: '260115120000Z' }, 'good'],
    ['is unknown before this update', { serialNumbers: OTHERS, thisUpdate: '260115120001Z' }, 'unknown'],
    ['is unknown without a next update', { serialNumbers: OTHERS, nextUpdate: null }, 'unknown'],
    ['is good with non-critical extensions', { serialNumbers: OTHERS, extensions: distributionPoint() }, 'good'],
    [
      'is unknown when the list covers only some certificates',
      { serialNumbers: OTHERS, extensions: distributionPoint(TRUE) },
      'unknown',
    ],
  ])('%s', (_, list, status) => {
    expect(statusIn(crlOf(pki.kdhCa!, list))).toBe(status);
  });

  test('is good in the CRL of the vectors, which OpenSSL accepts too', () => {
    const { build } = vectors<{ build?: { crl: string | null } }>('tr34').find((vector) => vector.build?.crl)!;
    expect(statusIn(hex(build!.crl!))).toBe('good');
  });
});

describe('a CRL is ignored', () => {
  const listed = { serialNumbers: [certificate.serialNumber] };

  test.each([
    ['by another CA of the same name', crlOf(pki.otherCa!, listed)],
    ['by a CA of another name', crlOf(pki.svcCa!, listed)],
  ])('when it was issued %s', (_, crl) => {
    expect(statusIn(crl)).toBe('unknown');
  });

  test('for a certificate of another issuer', () => {
    const other = { ...pki.cliKrd2048!.certificate, serialNumber: certificate.serialNumber };
    expect(revocationOf(other, { crl: crlOf(pki.kdhCa!, listed), issuer, time: NOW })).toBe('unknown');
  });

  test('when the CRL or its signature has a flipped bit', () => {
    const crl = crlOf(pki.kdhCa!, { serialNumbers: OTHERS });
    for (const at of [crl.indexOf(OTHERS[1]!) + 3, crl.length - 1]) {
      const changed = Buffer.from(crl);
      changed[at]! ^= 1;
      expect(statusIn(changed)).toBe('unknown');
    }
  });

  test('when the signature algorithm is unknown or not the one that the CRL was signed with', () => {
    const crl = crlOf(pki.kdhCa!, { serialNumbers: OTHERS });
    const at = crl.lastIndexOf(hex('2A864886F70D01010B')) + 8;
    for (const algorithm of [0x0c, 0x05]) {
      const changed = Buffer.from(crl);
      changed[at] = algorithm;
      expect(statusIn(changed)).toBe('unknown');
    }
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['bytes that are not a sequence', octetString(Buffer.alloc(3))],
  ['an empty sequence', sequence()],
  ['half a CRL', crlOf(pki.kdhCa!, { serialNumbers: OTHERS }).subarray(0, 200)],
  ['a certificate', certificate.der],
  ['an invalid date', crlOf(pki.kdhCa!, { serialNumbers: OTHERS, thisUpdate: '251301000000Z' })],
])('refuses a malformed CRL: %s', (_, crl) => {
  expect(() => statusIn(crl)).toThrow(expect.objectContaining({ name: 'CryptoError', code: 'CERTIFICATE' }));
});
