import forge from 'node-forge';
import { forgeCertificate, type ForgePrivateKey, forgePrivateKey, toDer } from '../../../test/support/forge.js';
import {
  composeWithForge,
  NULL,
  octets,
  revokeWithForge,
  type TokenToCompose,
} from '../../../test/support/forge-tr34.js';
import { type Party, testPki } from '../../../test/support/tr34.js';
import { hex } from '../../../test/support/vectors.js';
import { inspectKeyTransport } from './inspect.js';
import { type KeyTransportToOpen, openKeyTransport } from './parse.js';

const NOW = new Date('2026-01-15T12:00:00Z');
const NONCE = hex('E7A9CC5BFD1A7FDC');
const TDES_KEY = hex('98C8B389315E34E9D00B6BAEC24A577F');
const HEADER = 'D0112K0TB00E0000';
const pki = testPki();
const forgeParty = ({ certificate, privateKey }: Party): { certificate: Buffer; privateKey: ForgePrivateKey } => ({
  certificate: certificate.der,
  privateKey: forgePrivateKey(privateKey),
});
const kdh = forgeParty(pki.kdh!);
const krd = pki.svcKrd2048!;

const compose = (changes: Partial<TokenToCompose> = {}) =>
  composeWithForge({
    form: 'X9_TR34_2012',
    header: HEADER,
    key: TDES_KEY,
    kdh,
    krd: krd.certificate.der,
    nonce: NONCE,
    signingTime: NOW,
    ...changes,
  });
const deviating = (deviation: TokenToCompose['deviation'], form: TokenToCompose['form'] = 'X9_TR34_2012') =>
  compose({ form, deviation });

const open = (block: Buffer, changes: Partial<KeyTransportToOpen> = {}) =>
  openKeyTransport({
    block,
    kdh: { certificate: pki.kdh!.certificate, issuer: pki.kdhCa!.certificate },
    krd,
    time: NOW,
    nonce: NONCE,
    ...changes,
  });
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const crl = (...revoked: Buffer[]) =>
  revokeWithForge(forgeParty(pki.kdhCa!), revoked, {
    thisUpdate: new Date('2025-01-01'),
    nextUpdate: new Date('2027-01-01'),
  });

describe.each(['X9_TR34_2012', 'X9_TR34_2019'] as const)('a token that forge built in the form %s', (form) => {
  test.each([
    ['a TDES key of 16 bytes', 'D0112P0TE00N0000', TDES_KEY],
    ['a TDES key of 24 bytes', 'D0144K0TB00E0000', Buffer.concat([TDES_KEY, hex('0123456789ABCDEF')])],
    ['an AES key', 'D0112K0AB00E0000', hex('000102030405060708090A0B0C0D0E0F')],
  ])('opens with %s', (_, header, key) => {
    const block = compose({ form, header, key });
    expect(inspectKeyTransport(block).form).toBe(form);
    expect(open(block)).toEqual({ header, key, signingTime: undefined });
  });

  test('opens as a one-pass token', () => {
    const opened = open(compose({ form, nonce: undefined }), { nonce: undefined });
    expect(opened).toEqual({ header: HEADER, key: TDES_KEY, signingTime: NOW });
  });

  test.each<[string, TokenToCompose['deviation']]>([
    ['attributes in DER order', { sorted: true }],
    ['an additional attribute', { attributes: [['1.3.6.1.4.1.1', NULL()]] }],
    ['the signature algorithm as sha256WithRSAEncryption', { signatureAlgorithm: 'sha256WithRsaEncryption' }],
    ['certificates', { certificates: [kdh.certificate, pki.kdhCa!.certificate.der] }],
    ['a CRL that lists others', { crls: [crl(pki.otherCa!.certificate.der)] }],
  ])('opens with %s', (_, deviation) => {
    expect(open(deviating(deviation, form)).key).toEqual(TDES_KEY);
  });

  test.each(['DES-EDE3-CBC', 'AES-128-CBC', 'AES-256-CBC'] as const)('opens under %s', (contentCipher) => {
    expect(open(compose({ form, contentCipher })).key).toEqual(TDES_KEY);
  });

  test.each<[string, TokenToCompose['deviation']]>([
    ['if its envelope is for another receiver', { encryptedFor: pki.kdh!.certificate.der }],
    ['if its encrypted header differs from the signed one', { innerHeader: 'D0112K0TB00N0000' }],
    ['if its encrypted sender differs from the signer', { innerKdh: pki.svcKdh!.certificate.der }],
    ['if its digest is that of another envelope', { messageDigest: Buffer.alloc(32) }],
    ['if its digest is truncated', { messageDigest: Buffer.alloc(16) }],
  ])('is refused %s', (_, deviation) => {
    expect(() => open(deviating(deviation, form))).toThrow(refusal('DECRYPTION_FAILED'));
  });

  const nonceAttribute: [string, forge.asn1.Asn1] = ['1.2.840.113549.1.9.25.3', octets(NONCE)];
  test.each<[string, TokenToCompose['deviation']]>([
    ['with SHA-1 as the digest', { digestAlgorithm: 'sha1' }],
    ['with SHA-512 as the digest', { digestAlgorithm: 'sha512' }],
    ['with RSAES-PKCS1-v1_5', { scheme: 'PKCS1' }],
    ['with RSAES-OAEP and SHA-1', { scheme: 'OAEP_SHA1' }],
    ['with RSAES-OAEP and SHA-512', { scheme: 'OAEP_SHA512' }],
    ['with two nonces', { attributes: [nonceAttribute] }],
    ['with version 4', { version: 4 }],
  ])('is refused %s', (_, deviation) => {
    expect(() => open(deviating(deviation, form))).toThrow(refusal('CMS'));
  });

  test('is refused if a CRL revokes the sender', () => {
    const block = deviating({ crls: [crl(pki.kdhExpired!.certificate.der, kdh.certificate)] }, form);
    expect(() => open(block)).toThrow('must not be revoked');
  });

  test('is refused with another nonce, without the nonce, or with an unexpected nonce', () => {
    expect(() => open(compose({ form }), { nonce: hex('E7A9CC5BFD1A7FDD') })).toThrow(refusal('DECRYPTION_FAILED'));
    expect(() => open(compose({ form }), { nonce: undefined })).toThrow(refusal('DECRYPTION_FAILED'));
    expect(() => open(compose({ form, nonce: undefined }))).toThrow(refusal('DECRYPTION_FAILED'));
  });

  test('is refused from another sender under any name', () => {
    for (const name of ['otherKdh', 'svcKdh'])
      expect(() => open(compose({ form, kdh: forgeParty(pki[name]!) }))).toThrow(refusal('DECRYPTION_FAILED'));
    const expired = forgeParty(pki.kdhExpired!);
    const sender = { certificate: pki.kdhExpired!.certificate, issuer: pki.kdhCa!.certificate };
    expect(() => open(compose({ form, kdh: expired }), { kdh: sender })).toThrow(refusal('CERTIFICATE'));
  });

  test.each([
    ['a single DES key', 'D0112K0TB00E0000', TDES_KEY.subarray(8)],
    ['an AES key of 32 bytes', 'D0144K0AB00E0000', Buffer.alloc(32)],
    ['an AES key labelled TDES', 'D0112K0TB00E0000', Buffer.alloc(32)],
    ['no key', 'D0112K0TB00E0000', Buffer.alloc(0)],
  ])('is refused with %s', (_, header, key) => {
    expect(() => open(compose({ form, header, key }))).toThrow(refusal('KEY_LENGTH'));
  });

  test('is refused with any byte modified', () => {
    const block = compose({ form });
    for (let at = 0; at < block.length; at += 24) {
      const changed = Buffer.from(block);
      changed[at]! ^= 1;
      expect(() => open(changed)).toThrow(expect.objectContaining({ name: 'CryptoError' }));
    }
  });

  test('is refused in BER instead of DER', () => {
    const block = compose({ form });
    const indefinite = Buffer.concat([Buffer.from('3080', 'hex'), block.subarray(4), Buffer.alloc(2)]);
    const longer = Buffer.concat([Buffer.from('308300', 'hex'), block.subarray(2)]);
    for (const changed of [indefinite, longer, Buffer.concat([block, Buffer.alloc(2)])])
      expect(() => open(changed)).toThrow(refusal('CMS'));
  });
});

describe('we refuse the PKCS #7 structures that forge writes on its own', () => {
  const { pkcs7, pki: x509, util } = forge;
  const certificate = forgeCertificate(kdh.certificate);

  test('signed data without an envelope', () => {
    const message = pkcs7.createSignedData();
    message.content = util.createBuffer(TDES_KEY.toString('latin1'));
    message.addSigner({
      key: kdh.privateKey,
      certificate,
      digestAlgorithm: x509.oids['sha256']!,
      authenticatedAttributes: [
        { type: x509.oids['contentType']!, value: x509.oids['data']! },
        { type: x509.oids['messageDigest']! },
      ],
    });
    message.sign();
    expect(() => open(toDer(message.toAsn1()))).toThrow(refusal('CMS'));
  });

  test('an unsigned envelope', () => {
    const message = pkcs7.createEnvelopedData();
    message.addRecipient(forgeCertificate(krd.certificate.der));
    message.content = util.createBuffer(TDES_KEY.toString('latin1'));
    message.encrypt();
    const der = toDer((message as unknown as { toAsn1: () => forge.asn1.Asn1 }).toAsn1());
    expect(() => open(der)).toThrow(refusal('CMS'));
  });
});
