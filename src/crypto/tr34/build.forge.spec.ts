import { forgePrivateKey } from '../../../test/support/forge.js';
import { openWithForge, revokeWithForge } from '../../../test/support/forge-tr34.js';
import { testPki } from '../../../test/support/tr34.js';
import { hex } from '../../../test/support/vectors.js';
import { buildKeyTransport, type KeyTransportToBuild } from './build.js';

const NOW = new Date('2026-01-15T12:00:00Z');
const NONCE = hex('E7A9CC5BFD1A7FDC');
const TDES_KEY = hex('98C8B389315E34E9D00B6BAEC24A577F');
const pki = testPki();
const kdh = pki.svcKdh!;
const krd = pki.cliKrd2048!;
const CRL = revokeWithForge(
  { certificate: pki.svcCa!.certificate.der, privateKey: forgePrivateKey(pki.svcCa!.privateKey) },
  [],
  { thisUpdate: new Date('2025-01-01'), nextUpdate: new Date('2027-01-01') },
);

const build = (changes: Partial<KeyTransportToBuild> = {}) =>
  buildKeyTransport({
    form: 'X9_TR34_2012',
    header: 'D0112K0TB00E0000',
    key: TDES_KEY,
    kdh,
    krd: { certificate: krd.certificate, issuer: pki.cliCa!.certificate },
    time: NOW,
    nonce: NONCE,
    ...changes,
  });

const receiver = { certificate: krd.certificate.der, privateKey: forgePrivateKey(krd.privateKey) };
const open = (token: Buffer, parties: Partial<Parameters<typeof openWithForge>[1]> = {}) =>
  openWithForge(token, { kdh: kdh.certificate.der, krd: receiver, ...parties });

describe.each(['X9_TR34_2012', 'X9_TR34_2019'] as const)(
  'forge, given a token that we built in the form %s,',
  (form) => {
    test.each([
      ['a TDES key of 16 bytes', 'D0112P0TE00N0000', TDES_KEY, 'DES-EDE3-CBC'],
      [
        'a TDES key of 24 bytes',
        'D0144K0TB00E0000',
        Buffer.concat([TDES_KEY, hex('0123456789ABCDEF')]),
        'DES-EDE3-CBC',
      ],
      ['an AES key', 'D0112K0AB00E0000', hex('000102030405060708090A0B0C0D0E0F'), 'AES-128-CBC'],
      ['a key with an optional block', 'D0144K0TB00E0100KS1800604B120F9292800000', TDES_KEY, 'DES-EDE3-CBC'],
    ])('opens it with %s', (_, header, key, contentCipher) => {
      const opened = open(build({ form, header, key }));
      expect(opened).toEqual({ header, key, nonce: NONCE, signingTime: undefined, contentCipher, crls: 0 });
    });

    test('opens a one-pass token with the signing time', () => {
      const crl = form === 'X9_TR34_2019' ? CRL : undefined;
      const opened = open(build({ form, nonce: undefined, crl }));
      expect(opened).toMatchObject({ key: TDES_KEY, nonce: undefined, signingTime: NOW, crls: crl ? 1 : 0 });
    });

    const token = build({ form });

    test('refuses it from another sender with the same name and serial number', () => {
      expect(() => open(token, { kdh: pki.kdh!.certificate.der })).toThrow('the signer is wrong');
      const other = build({ form, kdh: pki.otherKdh! });
      expect(() => open(other, { kdh: pki.kdh!.certificate.der })).toThrow();
    });

    test('refuses it for another receiver', () => {
      const { certificate, privateKey } = pki.cliKrd3072!;
      expect(() => open(token, { krd: { ...receiver, certificate: certificate.der } })).toThrow(
        'the receiver is wrong',
      );
      const wrongKey = { ...receiver, privateKey: forgePrivateKey(privateKey) };
      expect(() => open(token, { krd: wrongKey })).toThrow();
    });

    test('never reads different content when any byte is modified', () => {
      const expected = open(token);
      let refused = 0;
      for (let at = 0; at < token.length; at += 16) {
        const changed = Buffer.from(token);
        changed[at]! ^= 1;
        const opened = attempt(changed);
        if (opened) expect(opened).toEqual(expected);
        else refused += 1;
      }
      // Versions and algorithm identifiers are not signed, and forge does not check all of them.
      expect(refused).toBeGreaterThan(token.length / 20);
    });
  },
);

function attempt(token: Buffer): ReturnType<typeof open> | undefined {
  try {
    return open(token);
  } catch {
    return undefined;
  }
}

test('forge detects a modified header or attribute', () => {
  const token = build();
  for (const text of ['D0112K0TB00E0000', NONCE.toString('latin1')]) {
    const changed = Buffer.from(token);
    changed[changed.indexOf(text, 0, 'latin1') + 1]! ^= 1;
    expect(() => open(changed)).toThrow('the signature is wrong');
  }
});
