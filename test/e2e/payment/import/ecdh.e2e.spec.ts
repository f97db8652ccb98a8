import { createPrivateKey } from 'node:crypto';
import { StopKeyUsageCommand, CreateKeyCommand, ExportKeyCommand } from '@aws-sdk/client-payment-cryptography';
import type { EccKeyAlgorithm } from '../../../../src/payment/keys/key-attributes.js';
import { ecdhKey } from '../../../../src/crypto/ecdh.js';
import { issueLeaf, issueRoot } from '../../../../src/crypto/x509/issue.js';
import { textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { withOtherDigit } from '../../../support/altered.js';
import { PIN_KEY, YEAR_MS, pem, changed, useImports } from '../../../support/key-import.js';
import { importMaterial, keyBlock, ecParty, aMonth, importRoot, type KeyToImport } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import { storePair } from '../../../support/known-pairs.js';
import { pkcs8 } from '../../../support/tr34.js';
import ecdhPure from '../../../vectors/ecdh.json' with { type: 'json' };
import ecdh from '../../../vectors/ecdh-exchange.json' with { type: 'json' };

const { service, keys, opened, refusal, expectNoKeyLogged } = useImports();

describe('ImportKey from a TR-31 key block under a key agreed by ECDH', () => {
  const parties = ecdh.pki as Record<string, { certificatePem?: string }>;
  const vectors = ecdh.vectors.filter(({ inputs }) => 'deriveKeyAlgorithm' in inputs) as unknown as {
    id: string;
    inputs: Record<
      | 'servicePrivateKeyPem'
      | 'publicKeyCertificatePem'
      | 'certificateAuthority'
      | 'sharedInformation'
      | 'wrappedKeyBlock',
      string
    > & {
      keyAlgorithm: EccKeyAlgorithm;
      deriveKeyAlgorithm: 'AES_256';
      keyDerivationFunction: 'NIST_SP800';
      keyDerivationHashAlgorithm: 'SHA_256';
    };
    expected: Record<'keyCheckValue' | 'importedKeyAlgorithm' | 'reason', string> & { accept: boolean };
  }[];
  const material = async ({ inputs }: (typeof vectors)[number]) => {
    const issuer =
      inputs.certificateAuthority === 'self'
        ? inputs.publicKeyCertificatePem
        : parties[inputs.certificateAuthority]!.certificatePem!;
    return {
      PrivateKeyIdentifier: await storePair(service, {
        usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        algorithm: inputs.keyAlgorithm,
        modes: ['DeriveKey'],
        deriveKeyUsage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
        privateKey: pkcs8(inputs.servicePrivateKeyPem),
      }),
      CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, pem(issuer))).KeyArn,
      PublicKeyCertificate: pem(inputs.publicKeyCertificatePem),
      DeriveKeyAlgorithm: inputs.deriveKeyAlgorithm,
      KeyDerivationFunction: inputs.keyDerivationFunction,
      KeyDerivationHashAlgorithm: inputs.keyDerivationHashAlgorithm,
      DerivationData: { SharedInformation: inputs.sharedInformation },
      // The vectors with an invalid certificate have no key block.
      WrappedKeyBlock: inputs.wrappedKeyBlock || 'D0112'.padEnd(112, '0'),
    };
  };
  const accepted = vectors.filter(({ expected, inputs }) => expected.accept && inputs.wrappedKeyBlock);

  test.each(accepted)('imports $id', async (vector) => {
    const key = await importMaterial(service, { DiffieHellmanTr31KeyBlock: await material(vector) });
    expect(key.KeyCheckValue).toBe(vector.expected.keyCheckValue);
    expect(key.KeyAttributes!.KeyAlgorithm).toBe(vector.expected.importedKeyAlgorithm);
  });

  const REASONS: Record<string, string> = {
    CHAIN: 'issued by the given certificate authority',
    CURVE: 'must not be stronger than that of its issuer',
    KEY_TYPE: "The peer's public key must be on the curve of the private key",
    KEY_STRENGTH: 'A key of AES_256 may not be wrapped under a key agreed on over P-256',
  };
  test.each(vectors.filter(({ expected }) => !expected.accept))('rejects $id', async (vector) => {
    const message = await refusal({ DiffieHellmanTr31KeyBlock: await material(vector) });
    expect(message).toContain(REASONS[vector.expected.reason]!);
  });

  test('rejects another derivation, an HMAC key, and a key pair that derives other keys', async () => {
    const good = await material(accepted[0]!);
    const smaller = ecParty('P-256');
    const { Key: pinPair } = await service.controlPlane.send(
      new CreateKeyCommand({
        KeyAttributes: {
          KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
          KeyClass: 'ASYMMETRIC_KEY_PAIR',
          KeyAlgorithm: 'ECC_NIST_P521',
          KeyModesOfUse: { DeriveKey: true },
        },
        Exportable: false,
        DeriveKeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY',
      }),
    );
    const changes = [
      [{ DerivationData: { SharedInformation: '00' } }, 'cannot be opened'],
      [{ KeyDerivationFunction: 'ANSI_X963' }, 'cannot be opened'],
      [{ KeyDerivationHashAlgorithm: 'SHA_512' }, 'cannot be opened'],
      [{ DeriveKeyAlgorithm: 'HMAC_SHA256' }, "can't be derived"],
      [{ DeriveKeyAlgorithm: 'TDES_2KEY' }, 'needs a AES'],
      [{ PrivateKeyIdentifier: pinPair!.KeyArn }, 'DeriveKeyUsage of the input key'],
      [
        {
          PublicKeyCertificate: smaller.text,
          CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, smaller.text)).KeyArn,
        },
        'on the curve of the private key',
      ],
      [{ CertificateAuthorityPublicKeyIdentifier: keys.kek.KeyArn }, 'KeyUsage of the input key'],
    ] as const;
    for (const [change, message] of changes)
      expect(await refusal({ DiffieHellmanTr31KeyBlock: { ...good, ...change } })).toContain(message);
  });
});

describe('The parties of a key agreement', () => {
  const DERIVATION = { kdf: 'NIST_SP800', hash: 'SHA_256', sharedInfo: Buffer.from('00FF', 'hex') } as const;
  const peer = ecParty('P-521');
  let pair: Awaited<ReturnType<typeof ourPair>>;
  let root: string;

  beforeAll(async () => {
    pair = await ourPair();
    root = (await importRoot(service, peer.text)).KeyArn;
  });

  async function ourPair() {
    const own = ecParty('P-521');
    const arn = await storePair(service, {
      usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      algorithm: 'ECC_NIST_P521',
      modes: ['DeriveKey'],
      privateKey: own.privateKey,
    });
    return { arn, publicKey: own.certificate.publicKey };
  }

  /** Returns the peer's key block under a derived key of this many bytes. */
  const block = (key = PIN_KEY, length = 32) => {
    const parties = { privateKey: peer.privateKey, peerPublicKey: pair.publicKey };
    return keyBlock({ algorithm: 'AES', key: ecdhKey(parties, { ...DERIVATION, length }) }, key);
  };
  const material = (change: object = {}) => ({
    DiffieHellmanTr31KeyBlock: {
      PrivateKeyIdentifier: pair.arn,
      CertificateAuthorityPublicKeyIdentifier: root,
      PublicKeyCertificate: peer.text,
      DeriveKeyAlgorithm: 'AES_256',
      KeyDerivationFunction: 'NIST_SP800',
      KeyDerivationHashAlgorithm: 'SHA_256',
      DerivationData: { SharedInformation: '00ff' },
      WrappedKeyBlock: block(),
      ...change,
    },
  });

  test('need a peer certificate that is valid, unchanged and issued by the named authority', async () => {
    const leaf = (validity: ReturnType<typeof aMonth>) =>
      issueLeaf({
        subject: [{ type: 'CN', value: 'leaf' }],
        publicKey: peer.certificate.publicKey,
        validity,
        issuer: peer,
      }).der;
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const cases = [
      [text(leaf(aMonth(Date.now() - YEAR_MS))), 'within its validity period'],
      [text(leaf(aMonth(Date.now() + YEAR_MS))), 'within its validity period'],
      [text(changed(peer.certificate.der)), 'issued by the given certificate authority'],
      // This is another authority of the same name.
      [ecParty('P-521').text, 'issued by the given certificate authority'],
      [peer.text.slice(0, -200), 'must be X.509'],
      [peer.certificate.der.toString('base64'), 'must be PEM'],
    ] as const;
    for (const [PublicKeyCertificate, message] of cases)
      expect(await refusal(material({ PublicKeyCertificate }))).toContain(message);
    for (const PublicKeyCertificate of [peer.text, text(leaf(aMonth())), Buffer.from(peer.text, 'base64').toString()])
      expect((await importMaterial(service, material({ PublicKeyCertificate }))).KeyCheckValue).toBe('08D7B4');
  });

  test('get the same message for every fault of the wrapped key', async () => {
    const good = block();
    const flip = (at: number) => withOtherDigit(good, at);
    const other = await ourPair();
    const messages = new Set<string>();
    for (const change of [
      ...[9, 16, 40, good.length - 1].map((at) => ({ WrappedKeyBlock: flip(at) })),
      { PrivateKeyIdentifier: other.arn },
      { DerivationData: { SharedInformation: '00fe' } },
      { DeriveKeyAlgorithm: 'AES_128' },
    ])
      messages.add(await refusal(material(change)));
    expect([...messages]).toEqual(['The key block cannot be opened with this key block protection key']);
    expect(await refusal(material({ WrappedKeyBlock: good.slice(0, -2) }))).toContain('length');
    expect(await refusal(material({ WrappedKeyBlock: `${good}00` }))).toContain('length');
    expect(await refusal(material({ DerivationData: { SharedInformation: '00f' } }))).toContain(
      'an even number of hexadecimal digits',
    );
  });

  test('must derive a key that is at least as strong as the key it wraps', async () => {
    const key: KeyToImport = { ...PIN_KEY, algorithm: 'AES_192', clear: Buffer.alloc(24, 'longer') };
    const change = { DeriveKeyAlgorithm: 'AES_128', WrappedKeyBlock: block(key, 16) };
    expect(await refusal(material(change))).toContain('A key of AES_192 may not be wrapped under a key of AES_128');
  });

  test('need an enabled key pair of usage K3', async () => {
    const under = (PrivateKeyIdentifier: string, name?: string) => refusal(material({ PrivateKeyIdentifier }), name);
    expect(await under(keys.kek.KeyArn)).toContain('KeyUsage of the input key');
    const stopped = await ourPair();
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.arn }));
    expect(await under(stopped.arn)).toContain('is not in an enabled state');
    await under(MISSING_KEY, 'ResourceNotFoundException');
  });

  const POINTS = { NIST_P256: ['P-256', 32], NIST_P384: ['P-384', 48], NIST_P521: ['P-521', 66] } as const;
  test.each(ecdhPure.vectors)('import the key of $id: $kdf, $hash, $keyAlgorithm on $curve', async (vector) => {
    const [curve, bytes] = POINTS[vector.curve as keyof typeof POINTS];
    const privateKey = (scalar: string, point: string) => {
      const [x, y] = [point.slice(2, 2 + 2 * bytes), point.slice(2 + 2 * bytes)];
      const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
      const key = { kty: 'EC', crv: curve, x: base64url(x), y: base64url(y), d: base64url(scalar) };
      return createPrivateKey({ key, format: 'jwk' }).export({ format: 'der', type: 'pkcs8' });
    };
    const subject = [{ type: 'CN' as const, value: 'Peer' }];
    const peerKey = privateKey(vector.peerPrivateKey, vector.peerPublicKey);
    const text = textOf('CERTIFICATE', issueRoot({ subject, privateKey: peerKey, validity: aMonth() }).der);
    const change = {
      PrivateKeyIdentifier: await storePair(service, {
        usage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        algorithm: `ECC_${vector.curve}` as EccKeyAlgorithm,
        modes: ['DeriveKey'],
        privateKey: privateKey(vector.privateKey, vector.ownPublicKey),
      }),
      CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, text)).KeyArn,
      PublicKeyCertificate: text,
      DeriveKeyAlgorithm: vector.keyAlgorithm,
      KeyDerivationFunction: vector.kdf,
      KeyDerivationHashAlgorithm: vector.hash,
      DerivationData: { SharedInformation: vector.sharedInformation },
      WrappedKeyBlock: vector.expected.keyBlock,
    };
    const key = await importMaterial(service, material(change));
    const out = { Tr31KeyBlock: { WrappingKeyIdentifier: keys.kek.KeyArn } };
    const { WrappedKey: wrapped } = await service.controlPlane.send(
      new ExportKeyCommand({ ExportKeyIdentifier: key.KeyArn, KeyMaterial: out }),
    );
    expect(opened(wrapped!.KeyMaterial!)).toBe(vector.expected.blockKey);
  });
});

test('logs no key material', () => expectNoKeyLogged());
