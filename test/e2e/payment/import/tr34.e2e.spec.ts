import { toHex } from '../../../../src/crypto/bytes.js';
import { buildKeyTransport, type KeyTransportToBuild } from '../../../../src/crypto/tr34/build.js';
import { inspectKeyTransport } from '../../../../src/crypto/tr34/inspect.js';
import { issueLeaf } from '../../../../src/crypto/x509/issue.js';
import { textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { TDES_KEY, YEAR_MS, pem, changed, useImports } from '../../../support/key-import.js';
import { importMaterial, ecParty, aMonth, importRoot } from '../../../support/import.js';
import { MISSING_KEY } from '../../../support/keys.js';
import { storePair, storeToken } from '../../../support/known-pairs.js';
import { testPki, pkcs8, crlOf } from '../../../support/tr34.js';
import tr34 from '../../../vectors/tr34.json' with { type: 'json' };

const { service, keys, refusal, expectNoKeyLogged } = useImports();

describe('ImportKey from a TR-34 key block', () => {
  const party = (name: string) =>
    (tr34.pki as Record<string, { certificatePem: string; privateKeyPem: string }>)[name]!;
  const known = new Map<string, Promise<string>>();
  const once = (name: string, store: () => Promise<string>) => {
    const found = known.get(name) ?? store();
    known.set(name, found);
    return found;
  };
  const authority = (name: string) =>
    once(name, async () => (await importRoot(service, pem(party(name).certificatePem))).KeyArn);
  const wrappingKey = (name: string) =>
    once(name, () =>
      storePair(service, {
        usage: 'TR31_K2_TR34_ASYMMETRIC_KEY',
        algorithm: name.endsWith('3072') ? 'RSA_3072' : 'RSA_2048',
        modes: ['Decrypt', 'Unwrap'],
        privateKey: pkcs8(party(name).privateKeyPem),
      }),
    );
  const vectors = tr34.vectors.filter(({ operation }) => operation === 'ImportKey') as unknown as {
    id: string;
    inputs: Record<'certificateAuthority' | 'signingKey' | 'wrappingKey' | 'wrappedKeyBlock', string> & {
      randomNonce: string | null;
    };
    expected: Record<'keyUsage' | 'keyAlgorithm' | 'keyCheckValue' | 'reason', string> & {
      accept: boolean;
      exportable: boolean;
    };
  }[];
  const material = async ({ inputs }: Pick<(typeof vectors)[number], 'inputs'>) => ({
    CertificateAuthorityPublicKeyIdentifier: await authority(inputs.certificateAuthority),
    SigningKeyCertificate: pem(party(inputs.signingKey).certificatePem),
    WrappingKeyIdentifier: await wrappingKey(inputs.wrappingKey),
    WrappingKeyCertificate: pem(party(inputs.wrappingKey).certificatePem),
    WrappedKeyBlock: inputs.wrappedKeyBlock,
    KeyBlockFormat: 'X9_TR34_2012' as const,
    RandomNonce: inputs.randomNonce ?? undefined,
  });

  test.each(vectors.filter(({ expected }) => expected.accept))('imports $id', async (vector) => {
    const { expected } = vector;
    const key = await importMaterial(service, { Tr34KeyBlock: await material(vector) });
    expect(key).toMatchObject({
      KeyAttributes: { KeyUsage: expected.keyUsage, KeyAlgorithm: expected.keyAlgorithm },
      KeyCheckValue: expected.keyCheckValue,
      Exportable: expected.exportable,
      KeyOrigin: 'EXTERNAL',
    });
  });

  const refused = vectors.filter(({ expected }) => !expected.accept);
  test.each(refused)('rejects $id', async (vector) => {
    const message = await refusal({ Tr34KeyBlock: await material(vector) });
    const ofCertificate: Partial<Record<string, string>> = {
      CHAIN: 'issued by the given certificate authority',
      CERT_EXPIRED: 'within its validity period',
    };
    expect(message).toContain(ofCertificate[vector.expected.reason] ?? 'could not be verified and decrypted');
  });

  test('rejects malformed input, and neither or both of import token and wrapping key', async () => {
    const good = await material(vectors[0]!);
    const changes = [
      [{ WrappedKeyBlock: good.WrappedKeyBlock.slice(0, -2) }, 'DER'],
      [{ WrappedKeyBlock: `${good.WrappedKeyBlock}00` }, ''],
      [{ WrappedKeyBlock: good.WrappedKeyBlock.slice(0, -1) }, 'an even number of hexadecimal digits'],
      [{ WrappedKeyBlock: good.WrappedKeyBlock.toLowerCase() }, 'upper-case'],
      [{ WrappingKeyCertificate: undefined }, 'Give either ImportToken'],
      [{ ImportToken: 'import-token-aaaaaaaaaaaaaaaa' }, 'Give either ImportToken'],
      [
        {
          WrappingKeyIdentifier: undefined,
          WrappingKeyCertificate: undefined,
          ImportToken: 'import-token-aaaaaaaaaaaaaaaa',
        },
        'token is unknown',
      ],
      [{ WrappingKeyCertificate: pem(party('svcKrd3072').certificatePem) }, 'that of the given private key'],
      [{ SigningKeyCertificate: 'AAAA' }, 'must be PEM'],
      [{ SigningKeyCertificate: pem(party('kdh').certificatePem).slice(0, 200) }, 'must be X.509'],
    ] as const;
    for (const [change, message] of changes)
      expect(await refusal({ Tr34KeyBlock: { ...good, ...change } })).toContain(message);
    const plain = { ...good, SigningKeyCertificate: party('kdh').certificatePem.replaceAll('\n', '\r\n') };
    expect((await importMaterial(service, { Tr34KeyBlock: plain })).KeyCheckValue).toBe('57C3E4');
  });

  const pki = testPki();
  const NONCE = '0102030405060708';
  /** Returns the import material with a token that the partner built for our 2048-bit wrapping key. */
  const brought = async (token: Partial<KeyTransportToBuild> = {}, change: object = {}) => {
    const built = buildKeyTransport({
      form: 'X9_TR34_2012',
      header: 'D0112K0TB00E0000',
      key: Buffer.from(TDES_KEY, 'hex'),
      kdh: pki.kdh!,
      krd: { certificate: pki.svcKrd2048!.certificate, issuer: pki.svcCa!.certificate },
      time: new Date(),
      nonce: Buffer.from(NONCE, 'hex'),
      ...token,
    });
    const inputs = {
      certificateAuthority: 'kdhCa',
      signingKey: 'kdh',
      wrappingKey: 'svcKrd2048',
      wrappedKeyBlock: toHex(built),
      randomNonce: NONCE,
    };
    return { Tr34KeyBlock: { ...(await material({ inputs })), ...change } };
  };

  test.each<[string, Partial<KeyTransportToBuild>, string]>([
    [
      'an AES-128 key under RSA-2048',
      { header: 'D0112K0AB00E0000', key: Buffer.alloc(16) },
      'under an RSA key of 2048 bits',
    ],
    ['an initial DUKPT key', { header: 'D0112B1TX00E0000' }, 'key usage B1'],
    ['a mode of use that the usage cannot have', { header: 'D0112K0TC00E0000' }, 'KeyModesOfUse {Generate,Verify}'],
    [
      'a false check value',
      { header: 'D0112K0TB00E0100KC0C00000000' },
      'block KC of the key block is not the check value',
    ],
    ['an unknown mode of use', { header: 'D0112K0TY00E0000' }, 'mode of use Y'],
    ['an unknown exportability', { header: 'D0112K0TB00X0000' }, 'exportability has the value "X"'],
    ['a header that counts a missing optional block', { header: 'D0112K0TB00E0100' }, 'optional block'],
    [
      'more optional blocks than the header counts',
      { header: 'D0112K0TB00E0000LB08abcd' },
      'must end with the optional blocks',
    ],
    [
      'a signer that is revoked by the CRL in the token',
      { form: 'X9_TR34_2019', crl: crlOf(pki.kdhCa!, { serialNumbers: [pki.kdh!.certificate.serialNumber] }) },
      'must not be revoked',
    ],
  ])('rejects %s', async (_what, token, message) => {
    expect(await refusal(await brought(token))).toContain(message);
  });

  test('imports a token whose header has an optional block', async () => {
    const key = await importMaterial(service, await brought({ header: 'D0112K0TB00E0100LB08abcd' }));
    expect(key).toMatchObject({ KeyCheckValue: '08D7B4', Exportable: true });
  });

  test('rejects a signing certificate that is not yet valid, modified, of an EC key, or stronger than its issuer', async () => {
    const issuer = pki.kdhCa!;
    const under = (publicKey: Buffer, validity = aMonth()) =>
      issueLeaf({ subject: [{ type: 'CN', value: 'KDH' }], publicKey, validity, issuer }).der;
    const cases = [
      [under(pki.kdh!.certificate.publicKey, aMonth(Date.now() + YEAR_MS)), 'within its validity period'],
      [changed(pki.kdh!.certificate.der), 'issued by the given certificate authority'],
      [under(pki.svcKrd3072!.certificate.publicKey), 'must not be stronger than that of its issuer'],
      [under(ecParty('P-256').certificate.publicKey), 'must not be stronger than that of its issuer'],
      // This certificate has the same key, but the signature names another one.
      [under(pki.kdh!.certificate.publicKey), 'could not be verified and decrypted'],
    ] as const;
    for (const [der, message] of cases)
      expect(await refusal(await brought({}, { SigningKeyCertificate: textOf('CERTIFICATE', der) }))).toContain(
        message,
      );
    const curve = ecParty('P-256');
    const onCurve = {
      SigningKeyCertificate: curve.text,
      CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, curve.text)).KeyArn,
    };
    expect(await refusal(await brought({}, onCurve))).toContain('must have an RSA key');
    const notAnAuthority = { CertificateAuthorityPublicKeyIdentifier: keys.kek.KeyArn };
    expect(await refusal(await brought({}, notAnAuthority))).toContain('KeyUsage of the input key');
    const missing = { CertificateAuthorityPublicKeyIdentifier: MISSING_KEY };
    await refusal(await brought({}, missing), 'ResourceNotFoundException');
  });

  test('gives the same answer for every modified token that is well-formed', async () => {
    const good = await brought();
    const block = Buffer.from(good.Tr34KeyBlock.WrappedKeyBlock, 'hex');
    const { signature, encryptedKey, encryptedContent, iv, messageDigest, kdh, krd } = inspectKeyTransport(block);
    const messages = new Set<string>();
    for (const part of [signature, encryptedKey, encryptedContent, iv, messageDigest, kdh, krd]) {
      const forged = Buffer.from(block);
      forged[block.indexOf(part) + part.length - 1]! ^= 1;
      messages.add(await refusal({ Tr34KeyBlock: { ...good.Tr34KeyBlock, WrappedKeyBlock: toHex(forged) } }));
    }
    // These tokens are signed correctly, but are for another receiver or have another nonce.
    const rsa3072 = { ...pki.svcKrd3072!.certificate, issuerAndSerialNumber: krd };
    const issuer = pki.svcCa!.certificate;
    messages.add(await refusal(await brought({ krd: { certificate: rsa3072, issuer } })));
    messages.add(await refusal(await brought({ krd: { certificate: pki.svcKdh!.certificate, issuer } })));
    messages.add(await refusal(await brought({ nonce: undefined })));
    messages.add(await refusal(await brought({}, { RandomNonce: undefined })));
    messages.add(await refusal(await brought({}, { RandomNonce: `${NONCE}00` })));
    expect([...messages]).toEqual([expect.stringContaining('could not be verified and decrypted')]);
    expect((await importMaterial(service, good)).KeyCheckValue).toBe('08D7B4');
  });

  test('an import token serves its owner for TR-34 until it expires', async () => {
    const { certificate, privateKey } = pki.svcKrd2048!;
    const token = { algorithm: 'RSA_2048' as const, certificate: certificate.der, privateKey };
    const named = (ImportToken: string) =>
      brought({}, { ImportToken, WrappingKeyIdentifier: undefined, WrappingKeyCertificate: undefined });
    const ofTr34 = { ...token, purpose: 'import TR34_KEY_BLOCK' as const };
    for (const other of [
      await storeToken(service, ofTr34, { accountId: '111111111111' }),
      await storeToken(service, ofTr34, { region: 'eu-west-1' }),
      await storeToken(service, ofTr34, { expiresAt: new Date(Date.now() - 1) }),
      await storeToken(service, { ...token, purpose: 'import KEY_CRYPTOGRAM' }),
    ])
      expect(await refusal(await named(other))).toContain('token is unknown, has expired or is not for TR34_KEY_BLOCK');
    const ours = await storeToken(service, ofTr34);
    for (let keys = 0; keys < 2; keys++)
      expect((await importMaterial(service, await named(ours))).KeyCheckValue).toBe('08D7B4');
  });
});

test('logs no key material', () => expectNoKeyLogged());
