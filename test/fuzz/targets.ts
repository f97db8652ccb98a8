import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { tr34Words } from '../../src/cli/tr34.js';
import { decodeToken } from '../../src/cli/tr34-token.js';
import { tr31Words } from '../../src/cli/tr31.js';
import { unwrapWorkingKey } from '../../src/crypto/as2805.js';
import { ecdhSharedSecret } from '../../src/crypto/ecdh.js';
import { decodePinBlock, encodePinBlock } from '../../src/crypto/pin-block.js';
import { rsaDecrypt, rsaEncrypt } from '../../src/crypto/rsa.js';
import { decodeAll, octetString } from '../../src/crypto/asn1.js';
import { type Certificate, readCertificate, toPem, verifyCertificate } from '../../src/crypto/x509/certificate.js';
import { readIncomingCertificate } from '../../src/crypto/x509/incoming-certificate.js';
import { revocationOf } from '../../src/crypto/x509/crl.js';
import { describeName } from '../../src/crypto/x509/distinguished-name.js';
import { inspectKeyTransport } from '../../src/crypto/tr34/inspect.js';
import { openKeyTransport } from '../../src/crypto/tr34/parse.js';
import { parseKeyBlock } from '../../src/crypto/tr31/key-block.js';
import type { Kbpk } from '../../src/crypto/tr31/kbpk.js';
import { unwrapKeyBlock } from '../../src/crypto/tr31/unwrap.js';
import { certificateOf } from '../../src/payment/exchange/certificate-text.js';
import { crlOf, testPki } from '../support/tr34.js';
import { hex, vectors } from '../support/vectors.js';
import { mutatedBytes, mutatedDer, mutatedText } from './mutations.js';

/** A function that parses or unwraps, and a generator of almost valid inputs for it. */
export interface Target {
  name: string;
  /** Share of all cases, in thousandths. */
  share: number;
  input: fc.Arbitrary<unknown>;
  /**
   * Passes an input to the function. Any error other than a CryptoError or a Failure counts as a crash.
   *
   * @returns a description of content that was wrongly accepted as authentic, or undefined if the function behaved
   *   correctly
   */
  run: (input: never) => string | undefined;
}

const target = <T>(
  name: string,
  share: number,
  input: fc.Arbitrary<T>,
  run: (input: T) => string | undefined,
): Target => ({ name, share, input, run });

/** Wraps a function that verifies nothing, so that only its errors are checked. */
const onlyParses =
  <T>(parse: (input: T) => unknown) =>
  (input: T) => {
    parse(input);
    return undefined;
  };

const NOW = new Date('2026-01-15T12:00:00Z');
const pki = testPki();
const certificates = Object.values(pki).map(({ certificate }) => certificate);

function tr31Targets(): Target[] {
  interface BlockVector {
    kbpk: string;
    kbpkAlgorithm: Kbpk['algorithm'];
    version: string;
    keyBlock: string;
  }
  const blocks = vectors<BlockVector>('tr31');
  const texts = blocks.map(({ keyBlock }) => keyBlock);
  const valid = new Set(texts);
  const kbpks = blocks.map(({ kbpk, kbpkAlgorithm }) => ({ algorithm: kbpkAlgorithm, key: hex(kbpk) }));
  const unwrap = ['A', 'B', 'C', 'D'].map((version) => {
    const chosen = blocks.flatMap((vector, i) => (vector.version === version ? [i] : []));
    const input = fc.tuple(fc.constantFrom(...chosen), mutatedText(chosen.map((i) => texts[i]!)));
    return target(`TR-31 version ${version}, unwrapped`, 90, input, ([i, text]) => {
      const { header, key } = unwrapKeyBlock(kbpks[i]!, text);
      // A key block has a single encoding, so any text that unwraps must equal a vector.
      return valid.has(text) ? undefined : `${JSON.stringify(header)} with a key of ${key.length} bytes`;
    });
  });
  return [
    target('TR-31, parsed', 100, mutatedText(texts), onlyParses(parseKeyBlock)),
    ...unwrap,
    target('TR-31, in words', 40, mutatedText(texts), onlyParses(tr31Words)),
  ];
}

function tr34Targets(): Target[] {
  interface TokenVector {
    operation: string;
    inputs: {
      certificateAuthority: string;
      signingKey: string;
      wrappingKey: string;
      randomNonce: string | null;
      wrappedKeyBlock: string;
    };
    expected: { accept: boolean };
  }
  const all = vectors<TokenVector>('tr34');
  const tokens = all.map(({ inputs }) => hex(inputs.wrappedKeyBlock));
  const opened = all.filter(({ operation, expected }) => operation === 'ImportKey' && expected.accept);
  const open = ({ inputs }: TokenVector, block: Buffer) => {
    const { header, key, signingTime } = openKeyTransport({
      block,
      kdh: {
        certificate: pki[inputs.signingKey]!.certificate,
        issuer: pki[inputs.certificateAuthority]!.certificate,
      },
      krd: pki[inputs.wrappingKey]!,
      time: NOW,
      nonce: inputs.randomNonce === null ? undefined : hex(inputs.randomNonce),
    });
    return `${header} ${key.toString('hex')} ${signingTime?.toISOString() ?? ''}`;
  };
  const keys = opened.map((vector) => open(vector, hex(vector.inputs.wrappedKeyBlock)));
  const each = opened.map((vector, i) =>
    mutatedDer([hex(vector.inputs.wrappedKeyBlock), ...tokens]).map((block) => ({ vector, i, block })),
  );
  return [
    target('TR-34, parsed', 110, mutatedDer(tokens), onlyParses(inspectKeyTransport)),
    target('TR-34, opened', 110, fc.oneof(...each), ({ vector, i, block }) => {
      const key = open(vector, block);
      // The same sender and receiver may have exchanged several of these tokens, all of which are authentic.
      return keys.some((known, j) => known === key && (i === j || tokens.some((token) => token.equals(block))))
        ? undefined
        : key;
    }),
    target(
      'TR-34, in words',
      40,
      mutatedDer(tokens),
      onlyParses((token) => {
        const { der, encoding } = decodeToken(token);
        return tr34Words(der, encoding);
      }),
    ),
  ];
}

interface ChainVector {
  inputs: { certificatePem?: string; issuerCertificatePem?: string };
}

function certificateTargets(): Target[] {
  const chains = vectors<ChainVector>('ecdh-exchange').concat(vectors<ChainVector>('rsa'));
  const others = chains.flatMap(({ inputs: { certificatePem, issuerCertificatePem } }) =>
    certificatePem === undefined || issuerCertificatePem === undefined
      ? []
      : [readCertificate(Buffer.from(certificatePem)), readCertificate(Buffer.from(issuerCertificatePem))],
  );
  const all = [...certificates, ...others];
  const ders = all.map(({ der }) => der);
  const signedIn = (der: Buffer) => decodeAll(der, 'CERTIFICATE')[0]!.children[0]!.der.toString('hex');
  const authentic = new Set(ders.map(signedIn));
  const issuers = fc.constantFrom(...all);
  const pems = all.map(({ der }) => Buffer.from(toPem('CERTIFICATE', der)));
  const names = all.flatMap(({ issuer, subject }) => [issuer, subject]);
  return [
    target('certificate, read', 80, mutatedDer(ders), onlyParses(readCertificate)),
    target('certificate, read from a caller', 80, mutatedDer(ders), onlyParses(readIncomingCertificate)),
    target(
      'certificate, read from PEM',
      30,
      mutatedBytes(pems).map((pem) => pem.toString('latin1')),
      onlyParses(certificateOf),
    ),
    target('certificate, verified', 90, fc.tuple(mutatedDer(ders), issuers, fc.boolean()), ([der, ca, isRoot]) => {
      const certificate: Certificate = readCertificate(der);
      verifyCertificate(certificate, { issuer: isRoot ? certificate : ca, time: NOW });
      // Changes outside the signed part of a certificate do not affect its meaning.
      return authentic.has(signedIn(certificate.der)) ? undefined : certificate.der.toString('hex');
    }),
    target('name, in words', 30, mutatedDer(names), onlyParses(describeName)),
    crlTarget(),
  ];
}

function crlTarget(): Target {
  const ca = pki.kdhCa!;
  const { certificate } = pki.kdh!;
  const lists = [
    { crl: crlOf(ca, { serialNumbers: [certificate.serialNumber] }), says: 'revoked' },
    { crl: crlOf(ca, { serialNumbers: [hex('020101')] }), says: 'good' },
    { crl: crlOf(ca, { serialNumbers: [] }), says: 'good' },
    { crl: crlOf(pki.otherCa!, { serialNumbers: [certificate.serialNumber] }), says: 'unknown' },
  ];
  const signedIn = (crl: Buffer) => decodeAll(crl, 'CERTIFICATE')[0]!.children[0]!.der.toString('hex');
  // The CRL signed by the other CA of the same name has the same signed content, but not this CA's signature.
  const own = lists.filter(({ says }) => says !== 'unknown');
  const authentic = new Map(own.map(({ crl, says }) => [signedIn(crl), says]));
  return target('CRL', 60, mutatedDer(lists.map(({ crl }) => crl)), (crl) => {
    const says = revocationOf(certificate, { crl, issuer: ca.certificate, time: NOW });
    return says === 'unknown' || authentic.get(signedIn(crl)) === says ? undefined : `${says} ${crl.toString('hex')}`;
  });
}

function cryptogramTargets(): Target[] {
  const privateKey = pki.svcKrd2048!.privateKey;
  const { publicKey } = pki.svcKrd2048!.certificate;
  const key = Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex');
  const cryptograms = (['OAEP_SHA256', 'OAEP_SHA512', 'OAEP_SHA1', 'PKCS1'] as const).map((padding) => ({
    padding,
    cryptogram: rsaEncrypt(publicKey, padding, key),
  }));
  const all = cryptograms.map(({ cryptogram }) => cryptogram);
  const rsa = cryptograms.map(({ padding, cryptogram }) =>
    mutatedBytes([cryptogram, ...all]).map((changed) => ({ padding, changed })),
  );
  const kek = Buffer.from('4F29F74CB91010B94667804C6B61C25D', 'hex');
  return [
    target('RSA cryptogram', 60, fc.oneof(...rsa), ({ padding, changed }) => {
      const message = rsaDecrypt(privateKey, padding, changed);
      const isIntact = all.some((cryptogram) => cryptogram.equals(changed));
      // PKCS #1 v1.5 has no integrity protection: one modified cryptogram in 65 536 decrypts.
      return isIntact || padding === 'PKCS1' ? undefined : message.toString('hex');
    }),
    target(
      'AS 2805 cryptogram',
      10,
      mutatedBytes([key, Buffer.concat([key, kek.subarray(0, 8)])]),
      onlyParses((changed) => unwrapWorkingKey({ kek, variant: 'PIN_ENCRYPTION_KEY_VARIANT_28' }, changed)),
    ),
  ];
}

function publicKeyTargets(): Target[] {
  const pairs = ['P-256', 'P-384', 'P-521'].map((namedCurve) => generateKeyPairSync('ec', { namedCurve }));
  const privateKeys = pairs.map((pair) => pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
  const publicKeys = [
    ...pairs.map((pair) => pair.publicKey.export({ format: 'der', type: 'spki' })),
    pki.kdh!.certificate.publicKey,
  ];
  const peers = fc.record({ privateKey: fc.constantFrom(...privateKeys), peerPublicKey: mutatedDer(publicKeys) });
  return [target('public key of ECDH', 80, peers, onlyParses(ecdhSharedSecret))];
}

function pinBlockTarget(): Target {
  const pan = '4012345678909';
  const formats = [0, 1, 2, 3] as const;
  const blocks = formats.map((format) => ({ format, block: encodePinBlock(format, { pin: '123456', pan }) }));
  const all = blocks.map(({ block }) => block);
  const changed = fc.tuple(fc.constantFrom(...formats), mutatedBytes([...all, octetString(all[0]!)]));
  return target('PIN block', 10, changed, ([format, block]) => {
    const pin = decodePinBlock(format, { block, pan });
    return /^\d{4,12}$/.test(pin) ? undefined : pin;
  });
}

/** All targets; their shares add up to a thousand. */
export const TARGETS: readonly Target[] = [
  ...tr31Targets(),
  ...tr34Targets(),
  ...certificateTargets(),
  ...cryptogramTargets(),
  ...publicKeyTargets(),
  pinBlockTarget(),
];
