import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import {
  CreateKeyCommand,
  ExportKeyCommand,
  type ExportKeyInput,
  GetKeyCommand,
  GetPublicKeyCertificateCommand,
  ImportKeyCommand,
  StopKeyUsageCommand,
} from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { toHex } from '../../../src/crypto/bytes.js';
import { ecdhKey } from '../../../src/crypto/ecdh.js';
import { unwrapKeyBlock } from '../../../src/crypto/tr31/unwrap.js';
import { buildKeyTransport, type KeyTransportToBuild } from '../../../src/crypto/tr34/build.js';
import { inspectKeyTransport } from '../../../src/crypto/tr34/inspect.js';
import { issueLeaf, issueRoot } from '../../../src/crypto/x509/issue.js';
import { Key } from '../../../src/payment/keys/key.entity.js';
import { certificateOf, textOf } from '../../../src/payment/exchange/certificate-text.js';
import type {
  EccKeyAlgorithm,
  RsaKeyAlgorithm,
  SymmetricKeyAlgorithm,
} from '../../../src/payment/keys/key-attributes.js';
import {
  aMonth,
  ecParty,
  importKeys,
  type KeyImports,
  importMaterial,
  importRoot,
  keyBlock,
  type KeyToImport,
  type Material,
} from '../../support/import.js';
import { storePair, storeToken } from '../../support/known-pairs.js';
import { MISSING_KEY } from '../../support/keys.js';
import { startTestService, target, type TestService } from '../../support/service.js';
import { crlOf, pkcs8, testPki } from '../../support/tr34.js';
import as2805Pure from '../../vectors/as2805.json' with { type: 'json' };
import as2805 from '../../vectors/as2805-exchange.json' with { type: 'json' };
import ecdhPure from '../../vectors/ecdh.json' with { type: 'json' };
import ecdh from '../../vectors/ecdh-exchange.json' with { type: 'json' };
import rsa from '../../vectors/rsa.json' with { type: 'json' };
import tr31 from '../../vectors/tr31.json' with { type: 'json' };
import tr34 from '../../vectors/tr34.json' with { type: 'json' };

let service: TestService;
let imports: KeyImports;

beforeAll(async () => {
  service = await startTestService({ KEYBLOCK_TR31_LEGACY: 'allow' });
  imports = await importKeys(service);
}, 60_000);
afterAll(() => service.stop());

const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const MAC = ['Generate', 'Verify'] as const;
const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
const TDES_KEY = '0123456789ABCDEFFEDCBA9876543210';
const pem = (text: string) => Buffer.from(text).toString('base64');

const kek = (algorithm: SymmetricKeyAlgorithm, clear: string) =>
  imports.importKey({ usage: K0, algorithm, modes: CIPHER, clear });

function kekAlgorithm(cipher: string, clear: string): SymmetricKeyAlgorithm {
  const isTdes = cipher === 'TDES' && clear.length < 64;
  return (isTdes ? `TDES_${clear.length / 16}KEY` : `AES_${clear.length * 4}`) as SymmetricKeyAlgorithm;
}

/** The key in a key block under the KEK of the imports. */
const opened = (block: string) => toHex(unwrapKeyBlock({ algorithm: 'AES', key: imports.kek.clear }, block).key);

const storedKeys = () => service.app.get(DataSource).manager.count(Key);

/** What a refusal says; nothing may have been stored. */
async function refusal(material: Material, name = 'ValidationException'): Promise<string> {
  const before = await storedKeys();
  const error: Error = await importMaterial(service, material).then(
    () => new Error('was taken in'),
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toMatchObject({ name });
  expect(await storedKeys()).toBe(before);
  return error.message;
}

describe('TR-31 under a KEK', () => {
  test.each([
    ['TR31_P0_PIN_ENCRYPTION_KEY', 'TDES_2KEY', TDES_KEY, CIPHER, '08D7B4', 'ANSI_X9_24'],
    ['TR31_M7_HMAC_KEY', 'HMAC_SHA256', '00'.repeat(32), MAC, 'B61367', 'HMAC'],
    ['TR31_B0_BASE_DERIVATION_KEY', 'AES_128', '00'.repeat(16), ['DeriveKey'], '763CBC', 'CMAC'],
    ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'TDES_2KEY', TDES_KEY, ['NoRestrictions'], '08D7B4', 'ANSI_X9_24'],
  ] as const)('takes a key of %s in', async (usage, algorithm, clear, modes, kcv, kcvAlgorithm) => {
    const key = await imports.importKey({ clear, usage, algorithm, modes, exportable: false });
    expect(key).toMatchObject({
      KeyAttributes: {
        KeyUsage: usage,
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: algorithm,
        KeyModesOfUse: Object.fromEntries(modes.map((mode) => [mode, true])),
      },
      KeyCheckValueAlgorithm: kcvAlgorithm,
      KeyOrigin: 'EXTERNAL',
      KeyState: 'CREATE_COMPLETE',
      Enabled: true,
      Exportable: false,
    });
    if (algorithm !== 'AES_128') expect(key.KeyCheckValue).toBe(kcv);
    const { Key: stored } = await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier: key.KeyArn }));
    expect(stored).toEqual(key);
  });

  const underKek = async ({ kbpk, kbpkAlgorithm, keyBlock: WrappedKeyBlock }: (typeof tr31.vectors)[number]) => {
    const { KeyArn } = await kek(kekAlgorithm(kbpkAlgorithm, kbpk), kbpk);
    return { Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } };
  };
  /** What no stored key can be, and what came under a weaker key. */
  const REFUSED: Partial<Record<string, string>> = {
    'tr31-v011': 'letters and digits', // a certificate in base64, which the model has no room for
    'tr31-v012': 'algorithm T of this key length',
    'tr31-v013': 'algorithm T of this key length',
    'tr31-v025': 'A key of TDES_3KEY may not travel under a key of TDES_2KEY',
    'tr31-v027': 'key usage B1',
    'tr31-v034': 'key usage B1',
    'tr31-v041': 'key usage B1',
    'tr31-v045': 'A key of AES_256 may not travel under a key of AES_128',
  };

  test.each(tr31.vectors.filter(({ id }) => !(id in REFUSED)))('takes $id in, version $version', async (vector) => {
    const { expected } = vector;
    const key = await importMaterial(service, await underKek(vector));
    if (expected.kcv) expect(key.KeyCheckValue).toBe(expected.kcv);
    expect(key.KeyAttributes!.KeyUsage!.slice(5, 7)).toBe(expected.keyUsage);
    expect(key.Exportable).toBe(expected.exportability !== 'N');
    // Out again it is the same key. (HMAC keys have no check value in the vectors.)
    const out = new ExportKeyCommand({
      ExportKeyIdentifier: key.KeyArn,
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn } },
    });
    const exported = service.controlPlane.send(out).then(({ WrappedKey }) => opened(WrappedKey!.KeyMaterial!));
    if (key.Exportable) expect(await exported).toBe(expected.key);
    else await expect(exported).rejects.toThrow(`Key ${key.KeyArn} is not exportable.`);
  });

  test.each(tr31.vectors.filter(({ id }) => id in REFUSED))('refuses $id', async (vector) => {
    expect(await refusal(await underKek(vector))).toContain(REFUSED[vector.id]);
  });

  test.each(tr31.malformed.filter(({ keyBlock: { length }, kbpk }) => length >= 56 && kbpk.length >= 32))(
    'refuses $id: $reason',
    async ({ kbpk, kbpkAlgorithm, keyBlock: WrappedKeyBlock }) => {
      const { KeyArn } = await kek(kekAlgorithm(kbpkAlgorithm, kbpk), kbpk);
      await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } });
    },
  );

  const PIN_KEY: KeyToImport = {
    clear: TDES_KEY,
    usage: 'TR31_P0_PIN_ENCRYPTION_KEY',
    algorithm: 'TDES_2KEY',
    modes: CIPHER,
  };
  type How = NonNullable<Parameters<typeof keyBlock>[2]>;
  test.each<[string, KeyToImport, How, string]>([
    ['an initial DUKPT key', PIN_KEY, { header: { keyUsage: 'B1', modeOfUse: 'X' } }, 'key usage B1'],
    ['a mode that no key has', PIN_KEY, { header: { keyUsage: '10', modeOfUse: 'Y' } }, 'key usage 10'],
    ['single DES', { ...PIN_KEY, clear: '00'.repeat(8) }, {}, 'algorithm T of this key length'],
    ['an exportability of one’s own', PIN_KEY, { header: { exportability: '1' } }, 'exportability 1'],
    ['another check value', PIN_KEY, { optionalBlocks: [{ id: 'KC', data: '0008D7B5' }] }, 'KC of the key block'],
    ['another wrapping key’s', PIN_KEY, { optionalBlocks: [{ id: 'KP', data: '0108D7B4' }] }, 'KP of the key block'],
    ['HM in a TDES block', PIN_KEY, { optionalBlocks: [{ id: 'HM', data: '21' }] }, 'only HMAC keys'],
    [
      'M0 with AES',
      { ...PIN_KEY, algorithm: 'AES_128', usage: 'TR31_M0_ISO_16609_MAC_KEY', modes: MAC },
      {},
      'KeyAlgorithm AES_128',
    ],
  ])('refuses %s', async (_what, key, how, message) => {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, key, how);
    const tr31Block = { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock };
    expect(await refusal({ Tr31KeyBlock: tr31Block })).toContain(message);
  });

  test('a right check value in the block is no obstacle', async () => {
    const optionalBlocks = [{ id: 'KC', data: '0008D7B4' }];
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, PIN_KEY, { optionalBlocks });
    const WrappingKeyIdentifier = imports.kek.KeyArn;
    const key = await importMaterial(service, { Tr31KeyBlock: { WrappingKeyIdentifier, WrappedKeyBlock } });
    expect(key.KeyCheckValue).toBe('08D7B4');
  });

  test('all that can be wrong with the wrapped key looks alike', async () => {
    const block = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, PIN_KEY);
    const flip = (at: number) => block.slice(0, at) + (block[at] === '0' ? '1' : '0') + block.slice(at + 1);
    const other = await kek('AES_256', '11'.repeat(32));
    const messages = new Set<string>();
    for (const WrappedKeyBlock of [flip(9), flip(16), flip(40), flip(block.length - 1)])
      messages.add(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock } }));
    messages.add(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: other.KeyArn, WrappedKeyBlock: block } }));
    expect([...messages]).toEqual(['The key block cannot be opened with this key block protection key']);
  });

  test.each<[SymmetricKeyAlgorithm, SymmetricKeyAlgorithm]>([
    ['TDES_3KEY', 'TDES_2KEY'],
    ['AES_128', 'TDES_3KEY'],
    ['AES_192', 'AES_128'],
    ['AES_256', 'AES_192'],
    ['HMAC_SHA224', 'AES_192'],
  ])('a key of %s may not come under %s', async (algorithm, under) => {
    const BYTES: Partial<Record<SymmetricKeyAlgorithm, number>> = {
      TDES_2KEY: 16,
      AES_128: 16,
      TDES_3KEY: 24,
      AES_192: 24,
      AES_256: 32,
      HMAC_SHA224: 28,
    };
    const clear = Buffer.alloc(BYTES[under]!, 'weaker');
    const { KeyArn } = await kek(under, clear.toString('hex'));
    const [usage, modes] = algorithm === 'HMAC_SHA224' ? (['TR31_M7_HMAC_KEY', MAC] as const) : ([K0, CIPHER] as const);
    const WrappedKeyBlock = keyBlock(
      { algorithm: under.startsWith('AES') ? 'AES' : 'TDES', key: clear },
      { usage, modes, algorithm, clear: Buffer.alloc(BYTES[algorithm]!, 'strong') },
    );
    expect(await refusal({ Tr31KeyBlock: { WrappingKeyIdentifier: KeyArn, WrappedKeyBlock } })).toContain(
      `A key of ${algorithm} may not travel under a key of ${under}`,
    );
  });

  test('a KEK without restrictions serves in both directions', async () => {
    const clear = Buffer.alloc(32, 'a KEK without restrictions');
    const free = await imports.importKey({ usage: K0, algorithm: 'AES_256', modes: ['NoRestrictions'], clear });
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: clear }, PIN_KEY);
    const key = await importMaterial(service, {
      Tr31KeyBlock: { WrappingKeyIdentifier: free.KeyArn, WrappedKeyBlock },
    });
    const { WrappedKey: wrapped } = await service.controlPlane.send(
      new ExportKeyCommand({
        ExportKeyIdentifier: key.KeyArn,
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: free.KeyArn } },
      }),
    );
    const { key: exported } = unwrapKeyBlock({ algorithm: 'AES', key: clear }, wrapped!.KeyMaterial!);
    expect(toHex(exported)).toBe(TDES_KEY);
  });

  test('the KEK must be one, in use, and allowed to unwrap', async () => {
    const WrappedKeyBlock = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, PIN_KEY);
    const under = (WrappingKeyIdentifier: string, name?: string) =>
      refusal({ Tr31KeyBlock: { WrappingKeyIdentifier, WrappedKeyBlock } }, name);
    const pinKey = await imports.importKey(PIN_KEY);
    expect(await under(pinKey.KeyArn)).toContain(`KeyUsage of the input key ${pinKey.KeyArn} is invalid`);
    const clear = Buffer.alloc(32, 'another KEK');
    const wrapOnly = await imports.importKey({ usage: K0, algorithm: 'AES_256', modes: ['Encrypt', 'Wrap'], clear });
    expect(await under(wrapOnly.KeyArn)).toContain('KeyModesOfUse of the input key');
    const stopped = await kek('AES_256', clear.toString('hex'));
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.KeyArn }));
    expect(await under(stopped.KeyArn)).toContain('is not in an enabled state');
    await under(MISSING_KEY, 'ResourceNotFoundException');
  });
});

describe('TR-34', () => {
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

  test.each(vectors.filter(({ expected }) => expected.accept))('takes $id in', async (vector) => {
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
  test.each(refused)('refuses $id', async (vector) => {
    const message = await refusal({ Tr34KeyBlock: await material(vector) });
    const ofCertificate: Partial<Record<string, string>> = {
      CHAIN: 'issued by the given certificate authority',
      CERT_EXPIRED: 'within its validity period',
    };
    expect(message).toContain(ofCertificate[vector.expected.reason] ?? 'could not be verified and decrypted');
  });

  test('refuses what is cut off, and what is neither or both of the two ways', async () => {
    const good = await material(vectors[0]!);
    const changes = [
      [{ WrappedKeyBlock: good.WrappedKeyBlock.slice(0, -2) }, 'DER'],
      [{ WrappedKeyBlock: `${good.WrappedKeyBlock}00` }, ''],
      [{ WrappedKeyBlock: good.WrappedKeyBlock.slice(0, -1) }, 'whole bytes'],
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
  /** A token by the partner, for our wrapping key of 2048 bits, and the call that brings it. */
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
    ['AES_128 for RSA_2048', { header: 'D0112K0AB00E0000', key: Buffer.alloc(16) }, 'under an RSA key of 2048 bits'],
    ['an initial DUKPT key', { header: 'D0112B1TX00E0000' }, 'key usage B1'],
    ['a usage with the modes of another', { header: 'D0112K0TC00E0000' }, 'KeyModesOfUse {Generate,Verify}'],
    ['an unknown mode', { header: 'D0112K0TY00E0000' }, 'mode of use Y'],
    ['an unknown exportability', { header: 'D0112K0TB00X0000' }, 'exportability has the value "X"'],
    ['optional blocks that are not there', { header: 'D0112K0TB00E0100' }, 'optional block'],
    ['more than the header counts', { header: 'D0112K0TB00E0000LB08abcd' }, 'must end with the optional blocks'],
    [
      'a signer that the CRL in the token revokes',
      { form: 'X9_TR34_2019', crl: crlOf(pki.kdhCa!, { serialNumbers: [pki.kdh!.certificate.serialNumber] }) },
      'must not be revoked',
    ],
  ])('refuses %s', async (_what, token, message) => {
    expect(await refusal(await brought(token))).toContain(message);
  });

  test('a token whose header has an optional block comes in', async () => {
    const key = await importMaterial(service, await brought({ header: 'D0112K0TB00E0100LB08abcd' }));
    expect(key).toMatchObject({ KeyCheckValue: '08D7B4', Exportable: true });
  });

  test('refuses signing certificates that are early, changed, of a curve, or stronger than their issuer', async () => {
    const issuer = pki.kdhCa!;
    const under = (publicKey: Buffer, validity = aMonth()) =>
      issueLeaf({ subject: [{ type: 'CN', value: 'KDH' }], publicKey, validity, issuer }).der;
    const changed = Buffer.from(pki.kdh!.certificate.der);
    changed[changed.length - 1]! ^= 1;
    const year = 365 * 86_400_000;
    const cases = [
      [under(pki.kdh!.certificate.publicKey, aMonth(Date.now() + year)), 'within its validity period'],
      [changed, 'issued by the given certificate authority'],
      [under(pki.svcKrd3072!.certificate.publicKey), 'must not be stronger than that of its issuer'],
      [under(ecParty('P-256').certificate.publicKey), 'must not be stronger than that of its issuer'],
      // Of the same key, but not the certificate that the signature names.
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
    const notAnAuthority = { CertificateAuthorityPublicKeyIdentifier: imports.kek.KeyArn };
    expect(await refusal(await brought({}, notAnAuthority))).toContain('KeyUsage of the input key');
    const missing = { CertificateAuthorityPublicKeyIdentifier: MISSING_KEY };
    await refusal(await brought({}, missing), 'ResourceNotFoundException');
  });

  test('wherever a token is changed, all that is not malformed looks alike', async () => {
    const good = await brought();
    const block = Buffer.from(good.Tr34KeyBlock.WrappedKeyBlock, 'hex');
    const { signature, encryptedKey, encryptedContent, iv, messageDigest, kdh, krd } = inspectKeyTransport(block);
    const messages = new Set<string>();
    for (const part of [signature, encryptedKey, encryptedContent, iv, messageDigest, kdh, krd]) {
      const changed = Buffer.from(block);
      changed[block.indexOf(part) + part.length - 1]! ^= 1;
      messages.add(await refusal({ Tr34KeyBlock: { ...good.Tr34KeyBlock, WrappedKeyBlock: toHex(changed) } }));
    }
    // Well signed, but not for this key, this cipher, or of this length.
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

  test('a token of GetParametersForImport is its owner’s, for TR-34, until it expires', async () => {
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

describe('RSA cryptograms', () => {
  const tokens = new Map<string, string>();
  const attributes = (KeyAlgorithm: SymmetricKeyAlgorithm) => ({
    KeyUsage: K0 as 'TR31_K0_KEY_ENCRYPTION_KEY',
    KeyClass: 'SYMMETRIC_KEY' as const,
    KeyAlgorithm,
    KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
  });
  const vectors = rsa.vectors.filter(({ id }) => /^rsa-(import|neg)-/.test(id)) as unknown as {
    id: string;
    inputs: {
      wrappingKey: RsaKeyAlgorithm;
      wrappingSpec: 'RSA_OAEP_SHA_256';
      keyAlgorithm: SymmetricKeyAlgorithm;
      wrappedKeyCryptogram: string;
    };
    expected: { accept: boolean; keyCheckValue: string; reason: string };
  }[];

  beforeAll(async () => {
    for (const algorithm of ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const) {
      const privateKey = pkcs8(rsa.pki[algorithm].privateKeyPem);
      const { der } = issueRoot({ subject: [{ type: 'CN', value: 'any' }], privateKey, validity: aMonth() });
      const token = { purpose: 'import KEY_CRYPTOGRAM' as const, algorithm, certificate: der, privateKey };
      tokens.set(algorithm, await storeToken(service, token));
    }
  });

  const material = ({ inputs }: (typeof vectors)[number]) => ({
    KeyAttributes: attributes(inputs.keyAlgorithm),
    Exportable: true,
    ImportToken: tokens.get(inputs.wrappingKey),
    WrappingSpec: inputs.wrappingSpec,
    WrappedKeyCryptogram: inputs.wrappedKeyCryptogram,
  });

  test.each(vectors.filter(({ expected }) => expected.accept))('takes $id in', async (vector) => {
    const key = await importMaterial(service, { KeyCryptogram: material(vector) });
    expect(key).toMatchObject({
      KeyCheckValue: vector.expected.keyCheckValue,
      KeyOrigin: 'EXTERNAL',
      Exportable: true,
    });
  });

  test.each(vectors.filter(({ expected }) => !expected.accept))('refuses $id', async (vector) => {
    const message = await refusal({ KeyCryptogram: material(vector) });
    expect(message).toContain(
      vector.expected.reason === 'KEY_STRENGTH' ? 'may not travel' : 'is not a key of this KeyAlgorithm under',
    );
  });

  test('cut off, another token’s and another length’s look alike', async () => {
    const good = material(vectors[0]!);
    const changes = [
      { WrappedKeyCryptogram: good.WrappedKeyCryptogram.slice(2) },
      { WrappedKeyCryptogram: `00${good.WrappedKeyCryptogram.slice(2)}` },
      { WrappedKeyCryptogram: 'FF'.repeat(256) },
      { ImportToken: tokens.get('RSA_3072') },
      { KeyAttributes: attributes('TDES_3KEY') },
    ];
    const messages = new Set<string>();
    for (const change of changes) messages.add(await refusal({ KeyCryptogram: { ...good, ...change } }));
    expect(messages.size).toBe(1);
    const half = { WrappedKeyCryptogram: `${good.WrappedKeyCryptogram}0` };
    expect(await refusal({ KeyCryptogram: { ...good, ...half } })).toContain('whole bytes');
    const lower = { WrappedKeyCryptogram: good.WrappedKeyCryptogram.toLowerCase() };
    expect(await refusal({ KeyCryptogram: { ...good, ...lower } })).toContain('upper-case');
    const token = {
      purpose: 'import KEY_CRYPTOGRAM' as const,
      algorithm: 'RSA_2048' as const,
      certificate: testPki().kdh!.certificate.der,
      privateKey: pkcs8(rsa.pki.RSA_2048.privateKeyPem),
    };
    for (const ImportToken of [
      '',
      'import-token-aaaaaaaaaaaaaaaa',
      await storeToken(service, token, { accountId: '111111111111' }),
      await storeToken(service, token, { region: 'eu-west-1' }),
      await storeToken(service, token, { expiresAt: new Date(Date.now() - 1) }),
      await storeToken(service, { ...token, purpose: 'import TR34_KEY_BLOCK' }),
    ])
      expect(await refusal({ KeyCryptogram: { ...good, ImportToken } })).toContain('token is unknown');
    for (const keys of [good, { ...good, ImportToken: await storeToken(service, token) }])
      expect((await importMaterial(service, { KeyCryptogram: keys })).KeyCheckValue).toBe(
        vectors[0]!.expected.keyCheckValue,
      );
    const pair = { ...attributes('TDES_2KEY'), KeyClass: 'PUBLIC_KEY' as const };
    expect(await refusal({ KeyCryptogram: { ...good, KeyAttributes: pair } })).toContain('KeyClass PUBLIC_KEY');
  });
});

describe('TR-31 under a key agreed on by ECDH', () => {
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
      // What is refused for its certificate needs no block.
      WrappedKeyBlock: inputs.wrappedKeyBlock || 'D0112'.padEnd(112, '0'),
    };
  };
  const accepted = vectors.filter(({ expected, inputs }) => expected.accept && inputs.wrappedKeyBlock);

  test.each(accepted)('takes $id in', async (vector) => {
    const key = await importMaterial(service, { DiffieHellmanTr31KeyBlock: await material(vector) });
    expect(key.KeyCheckValue).toBe(vector.expected.keyCheckValue);
    expect(key.KeyAttributes!.KeyAlgorithm).toBe(vector.expected.importedKeyAlgorithm);
  });

  const REASONS: Partial<Record<string, string>> = {
    CHAIN: 'issued by the given certificate authority',
    CURVE: 'must not be stronger than that of its issuer',
    KEY_STRENGTH: 'A key of AES_256 may not travel under a key agreed on over P-256',
  };
  test.each(vectors.filter(({ expected }) => !expected.accept))('refuses $id', async (vector) => {
    const message = await refusal({ DiffieHellmanTr31KeyBlock: await material(vector) });
    expect(message).toContain(REASONS[vector.expected.reason] ?? '');
  });

  test('refuses other derivations, HMAC keys, and a pair for other keys', async () => {
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
      [{ CertificateAuthorityPublicKeyIdentifier: imports.kek.KeyArn }, 'KeyUsage of the input key'],
    ] as const;
    for (const [change, message] of changes)
      expect(await refusal({ DiffieHellmanTr31KeyBlock: { ...good, ...change } })).toContain(message);
  });
});

describe('who may agree on a key that brings one', () => {
  const PIN_KEY: KeyToImport = {
    clear: TDES_KEY,
    usage: 'TR31_P0_PIN_ENCRYPTION_KEY',
    algorithm: 'TDES_2KEY',
    modes: CIPHER,
  };
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

  /** What the peer sends: a key under a derived one of this many bytes. */
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

  test('the peer’s certificate is valid, whole, and by the authority that is named', async () => {
    const changed = Buffer.from(peer.certificate.der);
    changed[changed.length - 1]! ^= 1;
    const year = 365 * 86_400_000;
    const leaf = (validity: ReturnType<typeof aMonth>) =>
      issueLeaf({
        subject: [{ type: 'CN', value: 'leaf' }],
        publicKey: peer.certificate.publicKey,
        validity,
        issuer: peer,
      }).der;
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const cases = [
      [text(leaf(aMonth(Date.now() - year))), 'within its validity period'],
      [text(leaf(aMonth(Date.now() + year))), 'within its validity period'],
      [text(changed), 'issued by the given certificate authority'],
      // Another authority may have the same name.
      [ecParty('P-521').text, 'issued by the given certificate authority'],
      [peer.text.slice(0, -200), 'must be X.509'],
      [peer.certificate.der.toString('base64'), 'must be PEM'],
    ] as const;
    for (const [PublicKeyCertificate, message] of cases)
      expect(await refusal(material({ PublicKeyCertificate }))).toContain(message);
    for (const PublicKeyCertificate of [peer.text, text(leaf(aMonth())), Buffer.from(peer.text, 'base64').toString()])
      expect((await importMaterial(service, material({ PublicKeyCertificate }))).KeyCheckValue).toBe('08D7B4');
  });

  test('all that can be wrong with the key looks alike', async () => {
    const good = block();
    const flip = (at: number) => good.slice(0, at) + (good[at] === '0' ? '1' : '0') + good.slice(at + 1);
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
    expect(await refusal(material({ DerivationData: { SharedInformation: '00f' } }))).toContain('whole bytes');
  });

  test('the derived key may not be weaker than the one under it', async () => {
    const key: KeyToImport = { ...PIN_KEY, algorithm: 'AES_192', clear: Buffer.alloc(24, 'longer') };
    const change = { DeriveKeyAlgorithm: 'AES_128', WrappedKeyBlock: block(key, 16) };
    expect(await refusal(material(change))).toContain('A key of AES_192 may not travel under a key of AES_128');
  });

  test('our key pair is one for this, and in use', async () => {
    const under = (PrivateKeyIdentifier: string, name?: string) => refusal(material({ PrivateKeyIdentifier }), name);
    expect(await under(imports.kek.KeyArn)).toContain('KeyUsage of the input key');
    const stopped = await ourPair();
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.arn }));
    expect(await under(stopped.arn)).toContain('is not in an enabled state');
    await under(MISSING_KEY, 'ResourceNotFoundException');
  });

  const POINTS = { NIST_P256: ['P-256', 32], NIST_P384: ['P-384', 48], NIST_P521: ['P-521', 66] } as const;
  test.each(ecdhPure.vectors)('takes the key of $id in: $kdf, $hash, $keyAlgorithm on $curve', async (vector) => {
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
    const out = { Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn } };
    const { WrappedKey: wrapped } = await service.controlPlane.send(
      new ExportKeyCommand({ ExportKeyIdentifier: key.KeyArn, KeyMaterial: out }),
    );
    expect(opened(wrapped!.KeyMaterial!)).toBe(vector.expected.blockKey);
  });
});

describe('AS 2805 cryptograms', () => {
  const MODES = {
    P0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    D0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    K0: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
    M0: { Generate: true, Verify: true },
  };
  const vectors = as2805.vectors.filter(({ id }) => id.startsWith('key-cryptogram')) as unknown as {
    id: string;
    inputs: { kek: string; as2805KeyVariant: 'PIN_ENCRYPTION_KEY_VARIANT_28' };
    expected: {
      wrappedKeyCryptogram: string;
      keyAlgorithm: 'TDES_2KEY' | 'TDES_3KEY';
      keyUsage: string;
      keyCheckValue: string;
    };
  }[];
  const material = async ({ inputs, expected }: (typeof vectors)[number]) => ({
    As2805KeyVariant: inputs.as2805KeyVariant,
    KeyModesOfUse: MODES[expected.keyUsage.slice(5, 7) as keyof typeof MODES],
    KeyAlgorithm: expected.keyAlgorithm,
    Exportable: true,
    WrappingKeyIdentifier: (await kek(inputs.kek.length === 32 ? 'TDES_2KEY' : 'TDES_3KEY', inputs.kek)).KeyArn,
    WrappedKeyCryptogram: expected.wrappedKeyCryptogram,
  });

  test.each(vectors)('$id', async (vector) => {
    const input = await material(vector);
    const isStronger = vector.expected.keyAlgorithm !== 'TDES_2KEY' && vector.inputs.kek.length === 32;
    if (isStronger) {
      expect(await refusal({ As2805KeyCryptogram: input })).toContain('may not travel under a key of TDES_2KEY');
      return;
    }
    const key = await importMaterial(service, { As2805KeyCryptogram: input });
    expect(key.KeyCheckValue).toBe(vector.expected.keyCheckValue);
    expect(key.KeyAttributes!.KeyUsage).toBe(vector.expected.keyUsage);
  });

  test('refuses other algorithms, lengths, modes and KEKs', async () => {
    const good = await material(vectors[0]!);
    const changes = [
      [{ KeyAlgorithm: 'AES_128' }, 'TDES_2KEY or TDES_3KEY'],
      [{ KeyAlgorithm: 'TDES_3KEY' }, 'must be 48 digits'],
      [{ WrappedKeyCryptogram: good.WrappedKeyCryptogram.slice(0, -1) }, 'must be 32 digits'],
      [{ KeyModesOfUse: { Generate: true } }, 'KeyModesOfUse'],
      [{ WrappingKeyIdentifier: imports.kek.KeyArn }, 'KeyAlgorithm of the input key'],
      [{ WrappedKeyCryptogram: `${good.WrappedKeyCryptogram}00` }, 'must be 32 digits'],
      [{ WrappedKeyCryptogram: good.WrappedKeyCryptogram.toLowerCase() }, 'upper-case'],
      [{ WrappedKeyCryptogram: `H${good.WrappedKeyCryptogram}` }, 'upper-case'],
      [{ WrappingKeyIdentifier: await tdesKek('TR31_K1_KEY_BLOCK_PROTECTION_KEY') }, 'KeyUsage of the input key'],
      [{ WrappingKeyIdentifier: await tdesKek(K0, ['Encrypt', 'Wrap']) }, 'KeyModesOfUse of the input key'],
    ] as const;
    for (const [change, message] of changes)
      expect(await refusal({ As2805KeyCryptogram: { ...good, ...change } })).toContain(message);
    const WrappingKeyIdentifier = await tdesKek(K0);
    const change = { KeyAlgorithm: 'TDES_3KEY', WrappedKeyCryptogram: '00'.repeat(24), WrappingKeyIdentifier };
    const weaker = await refusal({ As2805KeyCryptogram: { ...good, ...change } });
    expect(weaker).toContain('A key of TDES_3KEY may not travel under a key of TDES_2KEY');
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: WrappingKeyIdentifier }));
    const stopped = await refusal({ As2805KeyCryptogram: { ...good, WrappingKeyIdentifier } });
    expect(stopped).toContain('is not in an enabled state');
    const missing = { As2805KeyCryptogram: { ...good, WrappingKeyIdentifier: MISSING_KEY } };
    await refusal(missing, 'ResourceNotFoundException');
  });

  test('a changed cryptogram and another KEK give another key, which only its check value tells', async () => {
    const vector = vectors[0]!;
    const good = await material(vector);
    const last = good.WrappedKeyCryptogram.endsWith('0') ? '1' : '0';
    for (const change of [
      { WrappedKeyCryptogram: good.WrappedKeyCryptogram.slice(0, -1) + last },
      { WrappingKeyIdentifier: await tdesKek(K0) },
      { As2805KeyVariant: 'DATA_ENCRYPTION_KEY_VARIANT_22' },
    ]) {
      const key = await importMaterial(service, { As2805KeyCryptogram: { ...good, ...change } });
      expect(key.KeyCheckValue).not.toBe(vector.expected.keyCheckValue);
    }
  });

  const VARIANTS: Partial<Record<string, [string, keyof typeof MODES]>> = {
    '28C0': ['PIN_ENCRYPTION_KEY_VARIANT_28', 'P0'],
    '24C0': ['MESSAGE_AUTHENTICATION_KEY_VARIANT_24', 'M0'],
    '22C0': ['DATA_ENCRYPTION_KEY_VARIANT_22', 'D0'],
  };
  test.each(as2805Pure.vectors.filter(({ workingKey }) => workingKey !== undefined))(
    'takes the key of $id in, and out again as it came',
    async ({ kek: clearKek, variantMask = '', workingKey, expected }) => {
      const [As2805KeyVariant, usage] = VARIANTS[variantMask]!;
      const WrappingKeyIdentifier = (await kek('TDES_2KEY', clearKek!)).KeyArn;
      const key = await importMaterial(service, {
        As2805KeyCryptogram: {
          As2805KeyVariant,
          KeyModesOfUse: MODES[usage],
          KeyAlgorithm: 'TDES_2KEY',
          Exportable: true,
          WrappingKeyIdentifier,
          WrappedKeyCryptogram: expected.wrappedKey,
        },
      });
      expect(key.KeyCheckValue).toBe(expected.kcv);
      const out = async (KeyMaterial: object) => {
        const input = { ExportKeyIdentifier: key.KeyArn, KeyMaterial } as unknown as ExportKeyInput;
        const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
        return wrapped!.KeyMaterial!;
      };
      expect(await out({ As2805KeyCryptogram: { WrappingKeyIdentifier, As2805KeyVariant } })).toBe(expected.wrappedKey);
      expect(opened(await out({ Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn } }))).toBe(workingKey);
    },
  );

  const tdesKek = async (
    usage: 'TR31_K0_KEY_ENCRYPTION_KEY' | 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    modes: KeyToImport['modes'] = CIPHER,
  ) => (await imports.importKey({ usage, algorithm: 'TDES_2KEY', modes, clear: TDES_KEY })).KeyArn;
});

describe('certificates', () => {
  const S0 = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE';
  const attributes = (KeyAlgorithm: string, KeyUsage: string = S0) => ({
    KeyUsage: KeyUsage as typeof S0,
    KeyClass: 'PUBLIC_KEY' as const,
    KeyAlgorithm: KeyAlgorithm as 'RSA_2048',
    KeyModesOfUse: KeyUsage === S0 ? { Verify: true } : { Encrypt: true, Wrap: true },
  });
  const chain = (id: string) => {
    const { inputs } = [...rsa.vectors, ...ecdh.vectors].find((vector) => vector.id === id)!;
    return inputs as unknown as { certificatePem: string; issuerCertificatePem: string };
  };

  test('a root comes in, and what it signed, for encryption', async () => {
    const { certificatePem, issuerCertificatePem } = chain('chain-rsa2048-under-rsa4096');
    const root = await importRoot(service, pem(issuerCertificatePem));
    expect(root).toMatchObject({
      KeyAttributes: { ...attributes('RSA_4096'), KeyModesOfUse: { Verify: true } },
      KeyOrigin: 'EXTERNAL',
      KeyCheckValueAlgorithm: 'SHA_1',
    });
    expect(root.KeyCheckValue).toMatch(/^[0-9A-F]{8}$/);
    const leaf = await importMaterial(service, {
      TrustedCertificatePublicKey: {
        KeyAttributes: attributes('RSA_2048', 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION'),
        PublicKeyCertificate: certificatePem,
        CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      },
    });
    const { CipherText } = await service.dataPlane
      .encryptData({
        KeyIdentifier: leaf.KeyArn,
        PlainText: '0102',
        EncryptionAttributes: { Asymmetric: { PaddingType: 'OAEP_SHA256' } },
      })
      .promise();
    expect(CipherText).toHaveLength(512);
    const answer = await service.controlPlane.send(new GetPublicKeyCertificateCommand({ KeyIdentifier: leaf.KeyArn }));
    expect(certificateOf(answer.KeyCertificate!)).toEqual(certificateOf(certificatePem));
    expect(certificateOf(answer.KeyCertificateChain!)).toEqual(certificateOf(issuerCertificatePem));
  });

  test.each(['chain-rsa3072-under-rsa2048', 'chain-p384-under-p256', 'chain-p256-under-rsa4096'])(
    'refuses %s',
    async (id) => {
      const { certificatePem, issuerCertificatePem } = chain(id);
      const root = await importRoot(service, pem(issuerCertificatePem));
      const { keyType, keyBits } = certificateOf(certificatePem);
      const KeyAttributes = attributes(keyType === 'RSA' ? `RSA_${keyBits}` : `ECC_NIST_P${keyBits}`);
      const trusted = {
        KeyAttributes,
        PublicKeyCertificate: pem(certificatePem),
        CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
      };
      expect(await refusal({ TrustedCertificatePublicKey: trusted })).toContain('must not be stronger');
    },
  );

  test('refuses what no imported authority vouches for', async () => {
    const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';
    const pki = testPki();
    const issuer = pki.kdhCa!;
    const root = await importRoot(service, textOf('CERTIFICATE', issuer.certificate.der));
    const { publicKey } = pki.kdh!.certificate;
    const under = (validity = aMonth()) =>
      issueLeaf({ subject: [{ type: 'CN', value: 'leaf' }], publicKey, validity, issuer }).der;
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const changed = under();
    changed[changed.length - 1]! ^= 1;
    const year = 365 * 86_400_000;
    const stranger = text(pki.otherKdh!.certificate.der);
    const trusted = (
      KeyAttributes: object,
      PublicKeyCertificate: string,
      CertificateAuthorityPublicKeyIdentifier: string,
    ) => ({
      TrustedCertificatePublicKey: { KeyAttributes, PublicKeyCertificate, CertificateAuthorityPublicKeyIdentifier },
    });
    const good = text(under());
    const D1_2048 = attributes('RSA_2048', D1);
    const cases = [
      [D1_2048, text(under(aMonth(Date.now() - year))), 'within its validity period'],
      [D1_2048, text(under(aMonth(Date.now() + year))), 'within its validity period'],
      [D1_2048, text(changed), 'issued by the given certificate authority'],
      // By an authority of the same name, with another key.
      [D1_2048, stranger, 'issued by the given certificate authority'],
      [D1_2048, good.slice(0, -200), 'must be X.509'],
      [D1_2048, under().toString('base64'), 'must be PEM'],
      [attributes('RSA_3072', D1), good, 'KeyAlgorithm must be that of the key in the certificate, RSA_2048'],
      [attributes('RSA_2048'), good, 'CA:TRUE'],
      [{ ...D1_2048, KeyClass: 'ASYMMETRIC_KEY_PAIR' }, good, 'KeyClass of a certificate must be PUBLIC_KEY'],
      [{ ...D1_2048, KeyModesOfUse: { Decrypt: true, Unwrap: true } }, good, 'KeyModesOfUse'],
    ] as const;
    for (const [KeyAttributes, certificate, message] of cases)
      expect(await refusal(trusted(KeyAttributes, certificate, root.KeyArn))).toContain(message);

    const leaf = await importMaterial(service, trusted(D1_2048, good, root.KeyArn));
    expect(await refusal(trusted(D1_2048, good, leaf.KeyArn))).toContain('KeyUsage of the input key');
    expect(await refusal(trusted(D1_2048, good, imports.kek.KeyArn))).toContain('KeyUsage of the input key');
    await refusal(trusted(D1_2048, good, MISSING_KEY), 'ResourceNotFoundException');
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: root.KeyArn }));
    expect(await refusal(trusted(D1_2048, good, root.KeyArn))).toContain('is not in an enabled state');
  });

  test('refuses what is no root: a leaf, expired, early, changed, of another algorithm, class or usage', async () => {
    const party = ecParty('P-256');
    const validity = aMonth();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
    const leafUnder = issueLeaf({
      subject: [{ type: 'CN', value: 'leaf' }],
      publicKey: other,
      validity,
      issuer: party,
    });
    const selfLeaf = issueLeaf({
      subject: [{ type: 'CN', value: 'Partner on P-256' }],
      publicKey: party.certificate.publicKey,
      validity,
      issuer: party,
    });
    const changed = Buffer.from(party.certificate.der);
    changed[changed.length - 1]! ^= 1;
    const year = 365 * 86_400_000;
    const text = (der: Buffer) => textOf('CERTIFICATE', der);
    const cases = [
      [text(leafUnder.der), {}, 'issued by the given certificate authority'],
      [text(selfLeaf.der), {}, 'CA:TRUE'],
      [ecParty('P-256', aMonth(Date.now() - year)).text, {}, 'validity period'],
      [ecParty('P-256', aMonth(Date.now() + year)).text, {}, 'validity period'],
      [text(changed), {}, 'issued by the given certificate authority'],
      [party.text.slice(0, -200), {}, 'X.509'],
      [party.certificate.der.toString('base64'), {}, 'must be PEM'],
      [party.text, { KeyAlgorithm: 'ECC_NIST_P384' }, 'ECC_NIST_P256'],
      [party.text, { KeyClass: 'ASYMMETRIC_KEY_PAIR' }, 'PUBLIC_KEY'],
      [party.text, { KeyUsage: 'TR31_K2_TR34_ASYMMETRIC_KEY' }, 'KeyUsage of a root certificate'],
      [party.text, { KeyModesOfUse: { Sign: true } }, 'KeyModesOfUse'],
    ] as const;
    for (const [PublicKeyCertificate, change, message] of cases) {
      const KeyAttributes = { ...attributes('ECC_NIST_P256'), ...change } as ReturnType<typeof attributes>;
      expect(await refusal({ RootCertificatePublicKey: { KeyAttributes, PublicKeyCertificate } })).toContain(message);
    }
  });

  test('where a team must approve roots, none comes in', async () => {
    const MpaTeamArn = 'arn:aws:mpa:us-east-1:000000000000:approval-team/key-managers';
    const body = JSON.stringify({ Action: 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE', MpaTeamArn });
    expect((await service.send({ headers: target('AssociateMpaTeam'), body })).status).toBe(200);
    const party = ecParty('P-256');
    const root = { KeyAttributes: attributes('ECC_NIST_P256'), PublicKeyCertificate: party.text };
    expect(await refusal({ RootCertificatePublicKey: root }, 'AccessDeniedException')).toContain(MpaTeamArn);
    // The wish to do without the team needs its approval too.
    const wish = JSON.stringify({ Action: 'IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE' });
    expect((await service.send({ headers: target('DisassociateMpaTeam'), body: wish })).status).toBe(200);
    expect(await refusal({ RootCertificatePublicKey: root }, 'AccessDeniedException')).toContain(MpaTeamArn);
    await service.app.get(DataSource).query('DELETE FROM mpa_team_associations');
    expect((await importRoot(service, party.text)).KeyState).toBe('CREATE_COMPLETE');
  });
});

test('what ImportKey takes beside the material: check value, state, tags', async () => {
  const WrappedKeyBlock = keyBlock(
    { algorithm: 'AES', key: imports.kek.clear },
    { clear: TDES_KEY, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER },
  );
  const KeyMaterial = { Tr31KeyBlock: { WrappingKeyIdentifier: imports.kek.KeyArn, WrappedKeyBlock } };
  const send = (input: object) => service.controlPlane.send(new ImportKeyCommand({ KeyMaterial, ...input }));
  const { Key: key } = await send({ KeyCheckValueAlgorithm: 'CMAC', Enabled: false, Tags: [{ Key: 'a', Value: 'b' }] });
  expect(key).toMatchObject({ KeyCheckValueAlgorithm: 'CMAC', Enabled: false });
  expect(key!.KeyCheckValue).not.toBe('08D7B4');
  expect(key!.UsageStartTimestamp).toBeUndefined();
  await expect(send({ KeyCheckValueAlgorithm: 'SHA_1' })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(send({ ReplicationRegions: ['eu-west-1'] })).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(send({ Tags: [{ Key: 'aws:a', Value: 'b' }] })).rejects.toMatchObject({ name: 'ValidationException' });
});

test('no key and no part of one is logged', () => {
  const log = JSON.stringify(service.log).toUpperCase();
  for (const secret of [TDES_KEY, imports.kek.clear.toString('hex').toUpperCase()]) expect(log).not.toContain(secret);
});
