import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  ExportKeyCommand,
  type ExportKeyInput,
  GetParametersForExportCommand,
  type GetParametersForExportCommandOutput,
  GetParametersForImportCommand,
  GetPublicKeyCertificateCommand,
  StopKeyUsageCommand,
  type WrappedKey,
} from '@aws-sdk/client-payment-cryptography';
import { exportPublicKey } from '../../../src/crypto/asymmetric-key.js';
import { aesInitialKey } from '../../../src/crypto/dukpt/aes.js';
import { tdesInitialKey } from '../../../src/crypto/dukpt/tdes.js';
import { ecdhKey } from '../../../src/crypto/ecdh.js';
import { rsaDecrypt } from '../../../src/crypto/rsa.js';
import { unwrapKeyBlock } from '../../../src/crypto/tr31/unwrap.js';
import { buildKeyTransport } from '../../../src/crypto/tr34/build.js';
import { issueLeaf, issueRoot } from '../../../src/crypto/x509/issue.js';
import { inspectKeyTransport } from '../../../src/crypto/tr34/inspect.js';
import { openKeyTransport } from '../../../src/crypto/tr34/parse.js';
import { certificateOf, textOf } from '../../../src/payment/exchange/certificate-text.js';
import type { SymmetricKeyAlgorithm } from '../../../src/payment/keys/key-attributes.js';
import {
  aMonth,
  ecParty,
  importKeys,
  type KeyImports,
  importMaterial,
  importRoot,
  keyBlock,
  type StoredKey,
} from '../../support/import.js';
import { storeToken } from '../../support/known-pairs.js';
import { startTestService, target, type TestService } from '../../support/service.js';
import as2805 from '../../vectors/as2805-exchange.json' with { type: 'json' };

const DAY_MS = 86_400_000;
const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const K0 = 'TR31_K0_KEY_ENCRYPTION_KEY';
const P0 = 'TR31_P0_PIN_ENCRYPTION_KEY';
const TDES_KEY = '0123456789ABCDEFFEDCBA9876543210';
const NONCE = '0102030405060708';

let service: TestService;
let imports: KeyImports;
let parameters: GetParametersForExportCommandOutput;
let pinKey: StoredKey;
const folder = mkdtempSync(join(tmpdir(), 'keyblock-exchange-'));

/** A partner with RSA keys: a root, and a certificate by it. */
function rsaPartner(modulusLength: number) {
  const pair = () =>
    generateKeyPairSync('rsa', {
      modulusLength,
      publicKeyEncoding: { format: 'der', type: 'spki' },
      privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    });
  const [ca, leaf] = [pair(), pair()];
  const root = issueRoot({
    subject: [{ type: 'CN', value: 'Partner' }],
    privateKey: ca.privateKey,
    validity: aMonth(),
  });
  const certificate = issueLeaf({
    subject: [{ type: 'CN', value: 'Partner, exchange' }],
    publicKey: leaf.publicKey,
    validity: aMonth(),
    issuer: { certificate: root, privateKey: ca.privateKey },
  });
  return {
    root,
    ca: ca.privateKey,
    certificate,
    privateKey: leaf.privateKey,
    text: textOf('CERTIFICATE', certificate.der),
  };
}
const partner = rsaPartner(2048);
let partnerRoot: StoredKey;

beforeAll(async () => {
  service = await startTestService();
  imports = await importKeys(service);
  partnerRoot = await importRoot(service, textOf('CERTIFICATE', partner.root.der));
  parameters = await service.controlPlane.send(
    new GetParametersForExportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_2048' }),
  );
  pinKey = await imports.importKey({ clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER });
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await service.stop();
});

type Wrapped = { [Member in keyof WrappedKey]-?: NonNullable<WrappedKey[Member]> };

async function exportKey(
  key: { KeyArn: string },
  KeyMaterial: Record<string, object>,
  ExportAttributes?: ExportKeyInput['ExportAttributes'],
): Promise<Wrapped> {
  const input = { ExportKeyIdentifier: key.KeyArn, KeyMaterial, ExportAttributes } as unknown as ExportKeyInput;
  const { WrappedKey: wrapped } = await service.controlPlane.send(new ExportKeyCommand(input));
  return wrapped as Wrapped;
}
const refusal = (...args: Parameters<typeof exportKey>): Promise<string> =>
  exportKey(...args).then(
    () => 'was given out',
    (thrown: unknown) => {
      const { name, message } = thrown as Error;
      expect(name).toBe('ValidationException');
      return message;
    },
  );
const underKek = (headers?: object, kek = imports.kek.KeyArn) => ({
  Tr31KeyBlock: { WrappingKeyIdentifier: kek, KeyBlockHeaders: headers },
});
const open = (block: string) => unwrapKeyBlock({ algorithm: 'AES', key: imports.kek.clear }, block);
const ask = async (operation: string, input: object) => {
  const { status, json } = await service.send({ headers: target(operation), body: JSON.stringify(input) });
  expect({ status, json }).toMatchObject({ status: 200 });
  return json as Record<string, string> & { ParametersValidUntilTimestamp: number };
};
const pemOf = (text: string) => Buffer.from(text, 'base64').toString();
const file = (name: string, content: string | Buffer) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

describe('TR-31', () => {
  test('under AES in version D, as the key is', async () => {
    const wrapped = await exportKey(pinKey, underKek());
    expect(wrapped).toMatchObject({
      WrappingKeyArn: imports.kek.KeyArn,
      WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK',
      KeyCheckValue: '08D7B4',
      KeyCheckValueAlgorithm: 'ANSI_X9_24',
    });
    expect(wrapped.KeyMaterial.slice(0, 16)).toBe('D0112P0TB00E0000');
    expect(open(wrapped.KeyMaterial).key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  });

  test('under TDES in version B', async () => {
    const clear = '89ABCDEF0123456776543210FEDCBA98';
    const kek = await imports.importKey({ clear, usage: K0, algorithm: 'TDES_2KEY', modes: ['Encrypt', 'Wrap'] });
    const { KeyMaterial } = await exportKey(pinKey, underKek(undefined, kek.KeyArn));
    expect(KeyMaterial.slice(0, 16)).toBe('B0096P0TB00E0000');
    const opened = unwrapKeyBlock({ algorithm: 'TDES', key: Buffer.from(clear, 'hex') }, KeyMaterial);
    expect(opened.key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  });

  test('an HMAC key says its hash', async () => {
    const key = await imports.importKey({
      clear: 'AB'.repeat(48),
      usage: 'TR31_M7_HMAC_KEY',
      algorithm: 'HMAC_SHA384',
      modes: ['Generate'],
    });
    const { header, optionalBlocks } = open((await exportKey(key, underKek())).KeyMaterial);
    expect(header).toMatchObject({ keyUsage: 'M7', algorithm: 'H', modeOfUse: 'G' });
    expect(optionalBlocks[0]).toEqual({ id: 'HM', data: '22' });
  });

  test('with headers that narrow it', async () => {
    const headers = {
      KeyModesOfUse: { Decrypt: true, Unwrap: true },
      KeyExportability: 'NON_EXPORTABLE',
      KeyVersion: '1A',
      OptionalBlocks: { KS: '1234567890', LB: 'acquirer7' },
    };
    const { header, optionalBlocks } = open((await exportKey(pinKey, underKek(headers))).KeyMaterial);
    expect(header).toMatchObject({ modeOfUse: 'D', exportability: 'N', keyVersionNumber: '1A' });
    expect(optionalBlocks.slice(0, 2)).toEqual([
      { id: 'KS', data: '1234567890' },
      { id: 'LB', data: 'acquirer7' },
    ]);
    const sensitive = await exportKey(pinKey, underKek({ KeyExportability: 'SENSITIVE' }));
    expect(sensitive.KeyMaterial.charAt(11)).toBe('S');
  });

  test.each([
    [{ KeyModesOfUse: { NoRestrictions: true } }, 'may not go beyond'],
    [{ KeyModesOfUse: { Encrypt: true } }, 'KeyModesOfUse {Encrypt} are invalid'],
    [{ KeyModesOfUse: {} }, 'KeyModesOfUse {} are invalid'],
    [{ OptionalBlocks: { PB: '0000' } }, 'may not have PB'],
    [{ OptionalBlocks: { HM: '21' } }, 'may not have HM'],
    [{ OptionalBlocks: { KS: 'XYZ' } }, 'optional block KS'],
    [{ OptionalBlocks: { LB: 'a'.repeat(100), '10': 'abcde' } }, 'at most 112 characters'],
    [{ KeyVersion: '1' }, 'KeyVersion'],
  ])('refuses headers %j', async (headers, message) => {
    expect(await refusal(pinKey, underKek(headers))).toContain(message);
  });

  test('what may not leave stays in', async () => {
    const key = { clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER } as const;
    const kept = await imports.importKey({ ...key, exportable: false });
    expect(await refusal(kept, underKek())).toBe(`Key ${kept.KeyArn} is not exportable.`);
    const stopped = await imports.importKey(key);
    await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: stopped.KeyArn }));
    expect(await refusal(stopped, underKek())).toContain('not in an enabled state');
    expect(await refusal(partnerRoot, underKek())).toContain('KeyClass of the input key');
    expect(await refusal(pinKey, underKek(undefined, pinKey.KeyArn))).toContain('KeyUsage of the input key');
  });

  test('a key never leaves under a weaker one', async () => {
    const clear = '00'.repeat(16);
    const weak = await imports.importKey({ clear, usage: K0, algorithm: 'AES_128', modes: CIPHER });
    expect(await refusal(imports.kek, underKek(undefined, weak.KeyArn))).toContain(
      'may not travel under a key of AES_128',
    );
  });
});

describe('a certificate that a key leaves under', () => {
  const text = (der: Buffer) => textOf('CERTIFICATE', der);
  const year = 365 * DAY_MS;
  const changed = (der: Buffer) => {
    const copy = Buffer.from(der);
    copy[copy.length - 1]! ^= 1;
    return copy;
  };
  const rsaLeaf = (publicKey: Buffer, validity = aMonth()) =>
    issueLeaf({
      subject: [{ type: 'CN', value: 'Partner, exchange' }],
      publicKey,
      validity,
      issuer: { certificate: partner.root, privateKey: partner.ca },
    }).der;
  const { der, publicKey } = partner.certificate;
  const longer = generateKeyPairSync('rsa', {
    modulusLength: 3072,
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  }).publicKey;
  const curve = ecParty('P-256');

  const FORMS: Record<string, (change: { certificate?: string; authority?: string }) => Record<string, object>> = {
    Tr34KeyBlock: ({ certificate = partner.text, authority = partnerRoot.KeyArn }) => ({
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: authority,
        WrappingKeyCertificate: certificate,
        ExportToken: parameters.ExportToken,
        KeyBlockFormat: 'X9_TR34_2012',
      },
    }),
    KeyCryptogram: ({ certificate = partner.text, authority = partnerRoot.KeyArn }) => ({
      KeyCryptogram: { CertificateAuthorityPublicKeyIdentifier: authority, WrappingKeyCertificate: certificate },
    }),
  };

  describe.each(Object.entries(FORMS))('as %s', (form, material) => {
    test.each([
      ['is expired', rsaLeaf(publicKey, aMonth(Date.now() - year)), 'within its validity period'],
      ['is not valid yet', rsaLeaf(publicKey, aMonth(Date.now() + year)), 'within its validity period'],
      ['was changed', changed(der), 'issued by the given certificate authority'],
      ['is by another authority of the same name', rsaPartner(2048).certificate.der, 'issued by the given'],
      ['is stronger than its issuer', rsaLeaf(longer), 'must not be stronger than that of its issuer'],
      ['is cut off', der.subarray(0, -20), 'must be X.509'],
    ])('refuses one that %s', async (_what, certificate, message) => {
      expect(await refusal(pinKey, material({ certificate: text(certificate) }))).toContain(message);
    });

    test('refuses another encoding, a curve’s, and an authority that is none', async () => {
      expect(await refusal(pinKey, material({ certificate: der.toString('base64') }))).toContain('must be PEM');
      const authority = (await importRoot(service, curve.text)).KeyArn;
      expect(await refusal(pinKey, material({ certificate: curve.text, authority }))).toContain('RSA key');
      expect(await refusal(pinKey, material({ authority: imports.kek.KeyArn }))).toContain('KeyUsage of the input key');
    });

    test('takes it as PEM too, and no key that is not exportable', async () => {
      const { WrappedKeyMaterialFormat } = await exportKey(pinKey, material({ certificate: pemOf(partner.text) }));
      expect(WrappedKeyMaterialFormat).toBe(form === 'KeyCryptogram' ? 'KEY_CRYPTOGRAM' : 'TR34_KEY_BLOCK');
      const key = { clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER, exportable: false } as const;
      const kept = await imports.importKey(key);
      expect(await refusal(kept, material({}))).toBe(`Key ${kept.KeyArn} is not exportable.`);
    });

    test('an initial DUKPT key leaves in it', async () => {
      const bdk = await imports.importKey({
        clear: TDES_KEY,
        algorithm: 'TDES_2KEY',
        usage: 'TR31_B0_BASE_DERIVATION_KEY',
        modes: ['DeriveKey'],
      });
      const attributes = { ExportDukptInitialKey: { KeySerialNumber: 'FFFF9876543210E00001' } };
      const { KeyMaterial, KeyCheckValue } = await exportKey(bdk, material({}), attributes);
      expect(KeyCheckValue).toBe('AF8C07');
      const block = Buffer.from(KeyMaterial, 'hex');
      const clear =
        form === 'KeyCryptogram' ? rsaDecrypt(partner.privateKey, 'OAEP_SHA256', block) : transported(block);
      expect(clear.toString('hex').toUpperCase()).toBe('6AC292FAA1315B4D858AB3A3D7D5933A');
    });
  });

  const transported = (block: Buffer) => {
    const { header, key } = openKeyTransport({
      block,
      kdh: {
        certificate: certificateOf(parameters.SigningKeyCertificate!),
        issuer: certificateOf(parameters.SigningKeyCertificateChain!),
      },
      krd: partner,
      time: new Date(),
    });
    expect(header).toBe('D0112B1TX00S0000');
    return key;
  };
});

describe('initial DUKPT keys', () => {
  const bdk = (algorithm: SymmetricKeyAlgorithm, clear: string) =>
    imports.importKey({ clear, algorithm, usage: 'TR31_B0_BASE_DERIVATION_KEY', modes: ['DeriveKey'] });
  const KSN = 'FFFF9876543210E00001';

  test('of a TDES BDK, ANSI X9.24-1', async () => {
    const attributes = { ExportDukptInitialKey: { KeySerialNumber: KSN } };
    const wrapped = await exportKey(await bdk('TDES_2KEY', TDES_KEY), underKek(), attributes);
    expect(wrapped.KeyMaterial.slice(0, 16)).toBe('D0112B1TX00S0000');
    const { key } = open(wrapped.KeyMaterial);
    expect(key.toString('hex').toUpperCase()).toBe('6AC292FAA1315B4D858AB3A3D7D5933A');
    expect(key).toEqual(tdesInitialKey({ bdk: Buffer.from(TDES_KEY, 'hex'), ksn: Buffer.from(KSN, 'hex') }));
    expect(wrapped).toMatchObject({ KeyCheckValue: 'AF8C07', KeyCheckValueAlgorithm: 'ANSI_X9_24' });
    const byCmac = await exportKey(await bdk('TDES_2KEY', TDES_KEY), underKek(), {
      ...attributes,
      KeyCheckValueAlgorithm: 'CMAC',
    });
    expect(byCmac.KeyCheckValueAlgorithm).toBe('CMAC');
    expect(byCmac.KeyCheckValue).not.toBe('AF8C07');
  });

  test('of an AES BDK, ANSI X9.24-3', async () => {
    const clear = 'FEDCBA9876543210F1F1F1F1F1F1F1F1';
    const ksn = '123456789012345600000001';
    const wrapped = await exportKey(await bdk('AES_128', clear), underKek(), {
      ExportDukptInitialKey: { KeySerialNumber: ksn },
    });
    const { key } = open(wrapped.KeyMaterial);
    expect(key.toString('hex').toUpperCase()).toBe('1273671EA26AC29AFA4D1084127652A1');
    expect(key).toEqual(aesInitialKey({ bdk: Buffer.from(clear, 'hex'), ksn: Buffer.from(ksn, 'hex') }));
    expect(wrapped.KeyCheckValueAlgorithm).toBe('CMAC');
  });

  test('refuses serial numbers of the other kind, other keys, and another usage’s variant', async () => {
    const of = (KeySerialNumber: string) => ({ ExportDukptInitialKey: { KeySerialNumber } });
    const tdes = await bdk('TDES_2KEY', TDES_KEY);
    expect(await refusal(tdes, underKek(), of('0'.repeat(24)))).toContain('must be 20 digits');
    expect(await refusal(pinKey, underKek(), of(KSN))).toContain('KeyUsage of the input key');
    expect(await refusal(await bdk('TDES_3KEY', '01'.repeat(24)), underKek(), of(KSN))).toContain('KeyAlgorithm of');
    expect(await refusal(tdes, underKek({ KeyModesOfUse: { Encrypt: true } }), of(KSN))).toContain('may not go beyond');
  });
});

describe('TR-34', () => {
  const to = (change: object = {}) => ({
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn,
      WrappingKeyCertificate: partner.text,
      ExportToken: parameters.ExportToken,
      KeyBlockFormat: 'X9_TR34_2012',
      RandomNonce: NONCE,
      ...change,
    },
  });
  const opened = (wrapped: Wrapped, nonce?: string) =>
    openKeyTransport({
      block: Buffer.from(wrapped.KeyMaterial, 'hex'),
      kdh: {
        certificate: certificateOf(parameters.SigningKeyCertificate!),
        issuer: certificateOf(parameters.SigningKeyCertificateChain!),
      },
      krd: partner,
      time: new Date(),
      nonce: nonce === undefined ? undefined : Buffer.from(nonce, 'hex'),
    });

  test('two-pass, for a receiver that checks everything', async () => {
    const wrapped = await exportKey(pinKey, to());
    expect(wrapped).toMatchObject({
      WrappingKeyArn: partnerRoot.KeyArn,
      WrappedKeyMaterialFormat: 'TR34_KEY_BLOCK',
      KeyCheckValue: '08D7B4',
    });
    const { header, key } = opened(wrapped, NONCE);
    expect([header, key.toString('hex').toUpperCase()]).toEqual(['D0112P0TB00E0000', TDES_KEY]);
  });

  test('one-pass, signed now, with a long header', async () => {
    const headers = { KeyExportability: 'SENSITIVE', OptionalBlocks: { LB: 'acquirer7' } };
    const { header, signingTime } = opened(
      await exportKey(pinKey, to({ RandomNonce: undefined, KeyBlockHeaders: headers })),
    );
    expect(header).toMatch(/^D\d{4}P0TB00S0[12]00LB0Dacquirer7/);
    expect(Math.abs(signingTime!.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test('openssl cms verifies the signature and finds the envelope', async () => {
    const { KeyMaterial } = await exportKey(pinKey, to());
    const token = file('token.der', Buffer.from(KeyMaterial, 'hex'));
    const signer = file('signer.pem', pemOf(parameters.SigningKeyCertificate!));
    const root = file('root.pem', pemOf(parameters.SigningKeyCertificateChain!));
    const out = join(folder, 'econtent.der');
    const verification = (certfile: string) => [
      'cms',
      '-verify',
      '-inform',
      'DER',
      '-in',
      token,
      '-certfile',
      certfile,
      '-CAfile',
      root,
    ];
    openssl(...verification(signer), '-purpose', 'any', '-nointern', '-binary', '-out', out);
    const { eContent } = inspectKeyTransport(Buffer.from(KeyMaterial, 'hex'));
    expect(openssl('dgst', '-sha256', '-r', out).slice(0, 64)).toBe(
      openssl('dgst', '-sha256', '-r', file('expected.der', eContent)).slice(0, 64),
    );
    const stranger = file('stranger.pem', pemOf(partner.text));
    expect(() => openssl(...verification(stranger), '-purpose', 'any', '-nointern', '-out', out)).toThrow();
  });

  test('refuses tokens, certificates and keys that won’t do', async () => {
    const other = rsaPartner(2048);
    const curve = ecParty('P-256');
    const curveRoot = await importRoot(service, curve.text);
    const aes = await imports.importKey({ clear: '00'.repeat(16), usage: K0, algorithm: 'AES_128', modes: CIPHER });
    expect(await refusal(pinKey, to({ ExportToken: 'export-token-aaaaaaaaaaaaaaaa' }))).toContain('token is unknown');
    const { certificate, privateKey } = partner;
    const token = { algorithm: 'RSA_2048' as const, certificate: certificate.der, privateKey };
    const ofTr34 = { ...token, purpose: 'export TR34_KEY_BLOCK' as const };
    for (const ExportToken of [
      await storeToken(service, ofTr34, { accountId: '111111111111' }),
      await storeToken(service, ofTr34, { region: 'eu-west-1' }),
      await storeToken(service, ofTr34, { expiresAt: new Date(Date.now() - 1) }),
    ])
      expect(await refusal(pinKey, to({ ExportToken }))).toContain('token is unknown, has expired or is not for');
    const ImportToken = await storeToken(service, { ...token, purpose: 'import TR34_KEY_BLOCK' });
    expect(await refusal(pinKey, to({ ExportToken: ImportToken }))).toContain('must be an export token');
    expect(await refusal(pinKey, to({ ExportToken: undefined }))).toContain('Give either ExportToken');
    expect(await refusal(pinKey, to({ SigningKeyIdentifier: pinKey.KeyArn }))).toContain('Give either ExportToken');
    expect(await refusal(pinKey, to({ WrappingKeyCertificate: other.text }))).toContain('issued by the given');
    const onCurve = { WrappingKeyCertificate: curve.text, CertificateAuthorityPublicKeyIdentifier: curveRoot.KeyArn };
    expect(await refusal(pinKey, to(onCurve))).toContain('must have RSA keys');
    expect(await refusal(aes, to())).toContain('may not travel under an RSA key of 2048 bits');
    expect(await refusal(imports.kek, to())).toContain('use a key block under a symmetric key');
  });
});

test.each(['RSA_OAEP_SHA_256', 'RSA_OAEP_SHA_512', undefined] as const)('RSA cryptogram, %s', async (WrappingSpec) => {
  const material = {
    CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn,
    WrappingKeyCertificate: partner.text,
    WrappingSpec,
  };
  const wrapped = await exportKey(pinKey, { KeyCryptogram: material });
  expect(wrapped).toMatchObject({ WrappingKeyArn: partnerRoot.KeyArn, WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM' });
  const padding = WrappingSpec === 'RSA_OAEP_SHA_512' ? 'OAEP_SHA512' : 'OAEP_SHA256';
  const clear = rsaDecrypt(partner.privateKey, padding, Buffer.from(wrapped.KeyMaterial, 'hex'));
  expect(clear.toString('hex').toUpperCase()).toBe(TDES_KEY);
  expect(await refusal(imports.kek, { KeyCryptogram: material })).toContain('may not travel in an RSA cryptogram');
});

test('TR-31 under a key agreed on by ECDH', async () => {
  const { Key: pair } = await service.controlPlane.send(
    new CreateKeyCommand({
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P256',
        KeyModesOfUse: { DeriveKey: true },
      },
      Exportable: false,
    }),
  );
  const peer = ecParty('P-256');
  const root = await importRoot(service, peer.text);
  const material = {
    PrivateKeyIdentifier: pair!.KeyArn,
    CertificateAuthorityPublicKeyIdentifier: root.KeyArn,
    PublicKeyCertificate: peer.text,
    DeriveKeyAlgorithm: 'AES_256',
    KeyDerivationFunction: 'ANSI_X963',
    KeyDerivationHashAlgorithm: 'SHA_384',
    DerivationData: { SharedInformation: '00FF' },
  };
  const wrapped = await exportKey(pinKey, { DiffieHellmanTr31KeyBlock: material });
  expect(wrapped).toMatchObject({ WrappingKeyArn: pair!.KeyArn, WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK' });
  const answer = await service.controlPlane.send(new GetPublicKeyCertificateCommand({ KeyIdentifier: pair!.KeyArn }));
  const kbpk = ecdhKey(
    { privateKey: peer.privateKey, peerPublicKey: certificateOf(answer.KeyCertificate!).publicKey },
    { kdf: 'ANSI_X963', hash: 'SHA_384', sharedInfo: Buffer.from('00FF', 'hex'), length: 32 },
  );
  const { key } = unwrapKeyBlock({ algorithm: 'AES', key: kbpk }, wrapped.KeyMaterial);
  expect(key.toString('hex').toUpperCase()).toBe(TDES_KEY);
  expect(await refusal(imports.kek, { DiffieHellmanTr31KeyBlock: material })).toContain('agreed on over P-256');

  const kept = await imports.importKey({
    clear: TDES_KEY,
    usage: P0,
    algorithm: 'TDES_2KEY',
    modes: CIPHER,
    exportable: false,
  });
  expect(await refusal(kept, { DiffieHellmanTr31KeyBlock: material })).toContain('is not exportable');
  const changed = Buffer.from(peer.certificate.der);
  changed[changed.length - 1]! ^= 1;
  const leaf = (validity: ReturnType<typeof aMonth>) =>
    textOf(
      'CERTIFICATE',
      issueLeaf({
        subject: [{ type: 'CN', value: 'leaf' }],
        publicKey: peer.certificate.publicKey,
        validity,
        issuer: peer,
      }).der,
    );
  const larger = ecParty('P-384');
  const changes = [
    [{ PublicKeyCertificate: leaf(aMonth(Date.now() - 365 * DAY_MS)) }, 'within its validity period'],
    [{ PublicKeyCertificate: leaf(aMonth(Date.now() + 365 * DAY_MS)) }, 'within its validity period'],
    [{ PublicKeyCertificate: textOf('CERTIFICATE', changed) }, 'issued by the given certificate authority'],
    [{ PublicKeyCertificate: ecParty('P-256').text }, 'issued by the given certificate authority'],
    [{ PublicKeyCertificate: peer.text.slice(0, -200) }, 'must be X.509'],
    [{ PublicKeyCertificate: peer.certificate.der.toString('base64') }, 'must be PEM'],
    [
      {
        PublicKeyCertificate: larger.text,
        CertificateAuthorityPublicKeyIdentifier: (await importRoot(service, larger.text)).KeyArn,
      },
      'on the curve of the private key',
    ],
    [
      { PublicKeyCertificate: partner.text, CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn },
      'on the curve of the private key',
    ],
    [{ CertificateAuthorityPublicKeyIdentifier: imports.kek.KeyArn }, 'KeyUsage of the input key'],
    [{ PrivateKeyIdentifier: imports.kek.KeyArn }, 'KeyUsage of the input key'],
    [{ DeriveKeyAlgorithm: 'HMAC_SHA256' }, "can't be derived"],
    [{ KeyBlockHeaders: { KeyModesOfUse: { NoRestrictions: true } } }, 'may not go beyond'],
  ] as const;
  for (const [change, message] of changes)
    expect(await refusal(pinKey, { DiffieHellmanTr31KeyBlock: { ...material, ...change } })).toContain(message);
  const longer = await imports.importKey({ clear: '01'.repeat(24), usage: P0, algorithm: 'TDES_3KEY', modes: CIPHER });
  const weaker = { DiffieHellmanTr31KeyBlock: { ...material, DeriveKeyAlgorithm: 'TDES_2KEY' } };
  expect(await refusal(longer, weaker)).toContain('A key of TDES_3KEY may not travel under a key of TDES_2KEY');
});

const cryptograms = as2805.vectors.filter(
  ({ id, inputs }) => id.startsWith('key-cryptogram') && (inputs as { key?: string }).key?.length === 32,
) as unknown as {
  id: string;
  inputs: { kek: string; key: string; as2805KeyVariant: string };
  expected: { wrappedKeyCryptogram: string; keyUsage: typeof P0; keyCheckValue: string };
}[];
test.each(cryptograms)('AS 2805, $id', async ({ inputs, expected }) => {
  const kek = await imports.importKey({ clear: inputs.kek, usage: K0, algorithm: 'TDES_2KEY', modes: CIPHER });
  const key = await imports.importKey({
    clear: inputs.key,
    usage: expected.keyUsage,
    algorithm: 'TDES_2KEY',
    modes: expected.keyUsage.startsWith('TR31_M0') ? ['Generate', 'Verify'] : CIPHER,
  });
  const material = { WrappingKeyIdentifier: kek.KeyArn, As2805KeyVariant: inputs.as2805KeyVariant };
  expect(await exportKey(key, { As2805KeyCryptogram: material })).toEqual({
    WrappingKeyArn: kek.KeyArn,
    WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM',
    KeyMaterial: expected.wrappedKeyCryptogram,
    KeyCheckValue: expected.keyCheckValue,
    KeyCheckValueAlgorithm: 'ANSI_X9_24',
  });
  const bdk = {
    clear: TDES_KEY,
    usage: 'TR31_B0_BASE_DERIVATION_KEY',
    algorithm: 'TDES_2KEY',
    modes: ['DeriveKey'],
  } as const;
  const variant = await refusal(await imports.importKey(bdk), { As2805KeyCryptogram: material });
  expect(variant).toContain('is for keys of KeyUsage');
});

test('an AS 2805 cryptogram has a TDES key that may leave, under a TDES KEK of usage K0 that is no weaker', async () => {
  const import_ = (change: object = {}) =>
    imports.importKey({ clear: TDES_KEY, usage: P0, algorithm: 'TDES_2KEY', modes: CIPHER, ...change });
  const variant = 'PIN_ENCRYPTION_KEY_VARIANT_28';
  const under = ({ KeyArn }: { KeyArn: string }) => ({
    As2805KeyCryptogram: { WrappingKeyIdentifier: KeyArn, As2805KeyVariant: variant },
  });
  const kek = await import_({ usage: K0, clear: 'FEDCBA98765432100123456789ABCDEF' });
  expect((await exportKey(pinKey, under(kek))).KeyCheckValue).toBe('08D7B4');
  const kept = await import_({ exportable: false });
  expect(await refusal(kept, under(kek))).toContain('is not exportable');
  const longer = await import_({ algorithm: 'TDES_3KEY', clear: '01'.repeat(24) });
  expect(await refusal(longer, under(kek))).toContain('A key of TDES_3KEY may not travel under a key of TDES_2KEY');
  const aes = await import_({ algorithm: 'AES_128' });
  expect(await refusal(aes, under(kek))).toContain('must be of TDES_2KEY or TDES_3KEY');
  expect(await refusal(pinKey, under(imports.kek))).toContain('KeyAlgorithm of the input key');
  expect(await refusal(pinKey, under(pinKey))).toContain('KeyUsage of the input key');
  const blocks = await import_({ usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY' });
  expect(await refusal(pinKey, under(blocks))).toContain('KeyUsage of the input key');
  const unwraps = await import_({ usage: K0, modes: ['Decrypt', 'Unwrap'] });
  expect(await refusal(pinKey, under(unwraps))).toContain('KeyModesOfUse of the input key');
  await service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier: kek.KeyArn }));
  expect(await refusal(pinKey, under(kek))).toContain('is not in an enabled state');
});

describe('certificates of the account', () => {
  const verified = (leaf: string, root: string) => {
    const chain = file('chain.pem', pemOf(root));
    return openssl('verify', '-x509_strict', '-purpose', 'any', '-CAfile', chain, file('leaf.pem', pemOf(leaf)));
  };

  test('openssl verifies each under its root, of which there is one for a kind of key', async () => {
    const create = async (KeyUsage: string, KeyAlgorithm: string, modes: object) => {
      const KeyAttributes = { KeyUsage, KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm, KeyModesOfUse: modes };
      const { Key: key } = await ask('CreateKey', { KeyAttributes, Exportable: false });
      return (key as unknown as StoredKey).KeyArn;
    };
    const rsa = await create('TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE', 'RSA_2048', { Sign: true });
    const ecc = await create('TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT', 'ECC_NIST_P384', { DeriveKey: true });
    const [ofRsa, ofEcc] = [
      await ask('GetPublicKeyCertificate', { KeyIdentifier: rsa }),
      await ask('GetPublicKeyCertificate', { KeyIdentifier: ecc }),
    ];
    for (const { KeyCertificate, KeyCertificateChain } of [ofRsa, ofEcc])
      expect(verified(KeyCertificate!, KeyCertificateChain!)).toMatch(/: OK\n$/);
    expect(ofRsa.KeyCertificateChain).toBe(parameters.SigningKeyCertificateChain);
    expect(verified(parameters.SigningKeyCertificate!, parameters.SigningKeyCertificateChain!)).toMatch(/: OK\n$/);
    const text = openssl('x509', '-noout', '-text', '-in', file('root.pem', pemOf(ofRsa.KeyCertificateChain!)));
    for (const fact of ['CN = 000000000000', '4096 bit', 'CA:TRUE', 'Certificate Sign', 'sha512WithRSAEncryption'])
      expect(text).toContain(fact);
    expect(await ask('GetPublicKeyCertificate', { KeyIdentifier: rsa })).toEqual(ofRsa);
    const { notBefore, notAfter } = certificateOf(ofRsa.KeyCertificate!);
    expect(notAfter.getTime() - notBefore.getTime()).toBe(90 * DAY_MS + 3_600_000);
  });

  test('openssl req verifies requests, with every digest', async () => {
    const subject = {
      CommonName: 'krd 1',
      Organization: 'Example',
      OrganizationUnit: 'HSM',
      City: 'Wellington',
      StateOrProvince: 'WGN',
      Country: 'NZ',
      EmailAddress: 'keys@example.com',
    };
    const { Key: pair } = await service.controlPlane.send(
      new CreateKeyCommand({
        KeyAttributes: {
          KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
          KeyClass: 'ASYMMETRIC_KEY_PAIR',
          KeyAlgorithm: 'ECC_NIST_P256',
          KeyModesOfUse: { DeriveKey: true },
        },
        Exportable: false,
      }),
    );
    for (const SigningAlgorithm of ['SHA224', 'SHA256', 'SHA384', 'SHA512'] as const) {
      const { CertificateSigningRequest } = await ask('GetCertificateSigningRequest', {
        KeyIdentifier: pair!.KeyArn,
        SigningAlgorithm,
        CertificateSubject: subject,
      });
      const request = file('request.pem', pemOf(CertificateSigningRequest!));
      const text = openssl('req', '-in', request, '-verify', '-noout', '-text', '-nameopt', 'RFC2253');
      expect(text).toContain('emailAddress=keys@example.com,CN=krd 1,OU=HSM,O=Example,L=Wellington,ST=WGN,C=NZ');
      expect(text).toContain(`ecdsa-with-${SigningAlgorithm}`);
    }
    const request = { KeyIdentifier: pinKey.KeyArn, SigningAlgorithm: 'SHA256', CertificateSubject: subject };
    const body = JSON.stringify(request);
    const { json } = await service.send({ headers: target('GetCertificateSigningRequest'), body });
    expect(json['Message']).toContain('KeyClass of the input key');
  });

  test('a customer’s own certificate serves in both directions of TR-34', async () => {
    const certified = async (KeyUsage: 'TR31_K2_TR34_ASYMMETRIC_KEY', KeyModesOfUse: object) => {
      const { Key: pair } = await service.controlPlane.send(
        new CreateKeyCommand({
          KeyAttributes: { KeyUsage, KeyClass: 'ASYMMETRIC_KEY_PAIR', KeyAlgorithm: 'RSA_2048', KeyModesOfUse },
          Exportable: false,
        }),
      );
      const { CertificateSigningRequest } = await ask('GetCertificateSigningRequest', {
        KeyIdentifier: pair!.KeyArn,
        SigningAlgorithm: 'SHA256',
        CertificateSubject: { CommonName: 'ours' },
      });
      const request = file('request.pem', pemOf(CertificateSigningRequest!));
      const publicKey = exportPublicKey(createPublicKey(openssl('req', '-in', request, '-noout', '-pubkey')));
      const issuer = { certificate: partner.root, privateKey: partner.ca };
      const leaf = issueLeaf({ subject: [{ type: 'CN', value: 'ours' }], publicKey, validity: aMonth(), issuer });
      return { arn: pair!.KeyArn, leaf, text: textOf('CERTIFICATE', leaf.der) };
    };
    const receiver = await certified('TR31_K2_TR34_ASYMMETRIC_KEY', { Decrypt: true, Unwrap: true });
    const sender = await certified('TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' as never, { Sign: true });
    const { KeyMaterial } = await exportKey(pinKey, {
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn,
        WrappingKeyCertificate: receiver.text,
        SigningKeyIdentifier: sender.arn,
        SigningKeyCertificate: sender.text,
        KeyBlockFormat: 'X9_TR34_2012',
        RandomNonce: NONCE,
      },
    });
    const key = await importMaterial(service, {
      Tr34KeyBlock: {
        CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn,
        SigningKeyCertificate: sender.text,
        WrappingKeyIdentifier: receiver.arn,
        WrappingKeyCertificate: receiver.text,
        WrappedKeyBlock: KeyMaterial,
        KeyBlockFormat: 'X9_TR34_2012',
        RandomNonce: NONCE,
      },
    });
    expect(key.KeyCheckValue).toBe('08D7B4');
  });
});

test('a customer brings a KEK by TR-34, working keys under it by TR-31, uses them, and takes them away again', async () => {
  const given = await service.controlPlane.send(
    new GetParametersForImportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_3072' }),
  );
  const clearKek = Buffer.alloc(16, 'a KEK of theirs');
  const token = buildKeyTransport({
    form: 'X9_TR34_2012',
    header: 'D0112K0AB00E0000',
    key: clearKek,
    kdh: partner,
    krd: {
      certificate: certificateOf(given.WrappingKeyCertificate!),
      issuer: certificateOf(given.WrappingKeyCertificateChain!),
    },
    time: new Date(),
    nonce: Buffer.from(NONCE, 'hex'),
  });
  const kek = await importMaterial(service, {
    Tr34KeyBlock: {
      CertificateAuthorityPublicKeyIdentifier: partnerRoot.KeyArn,
      SigningKeyCertificate: partner.text,
      ImportToken: given.ImportToken,
      WrappedKeyBlock: token.toString('hex').toUpperCase(),
      KeyBlockFormat: 'X9_TR34_2012',
      RandomNonce: NONCE,
    },
  });
  expect(kek).toMatchObject({ KeyAttributes: { KeyUsage: K0, KeyAlgorithm: 'AES_128' }, Exportable: true });

  const WrappedKeyBlock = keyBlock(
    { algorithm: 'AES', key: clearKek },
    { clear: TDES_KEY, usage: 'TR31_M3_ISO_9797_3_MAC_KEY', algorithm: 'TDES_2KEY', modes: ['Generate', 'Verify'] },
  );
  const macKey = await importMaterial(service, {
    Tr31KeyBlock: { WrappingKeyIdentifier: kek.KeyArn, WrappedKeyBlock },
  });
  const { Mac } = await service.dataPlane
    .generateMac({
      KeyIdentifier: macKey.KeyArn,
      MessageData: '4E6F77206973207468652074696D6520666F7220616C6C20',
      GenerationAttributes: { Algorithm: 'ISO9797_ALGORITHM3' },
    })
    .promise();
  expect(Mac).toBe('A1C72E74');

  const { KeyMaterial, KeyCheckValue } = await exportKey(macKey, underKek());
  expect(KeyCheckValue).toBe(macKey.KeyCheckValue);
  expect(open(KeyMaterial).key.toString('hex').toUpperCase()).toBe(TDES_KEY);
});

// Last, since the clock doesn't go back.
test('tokens come again while they last, are their owner’s alone, and expire; roots and certificates are renewed', async () => {
  const input = { KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' };
  const reuse = { ...input, ReuseLastGeneratedToken: true };
  const first = await ask('GetParametersForImport', reuse);
  expect(first['ImportToken']).toMatch(/^import-token-[0-9a-z]{16}$/);
  expect(first.ParametersValidUntilTimestamp).toBe(
    certificateOf(first['WrappingKeyCertificate']!).notAfter.getTime() / 1000,
  );
  expect(await ask('GetParametersForImport', reuse)).toEqual(first);
  const second = await ask('GetParametersForImport', input);
  expect(second['ImportToken']).not.toBe(first['ImportToken']);
  expect(second['WrappingKeyCertificateChain']).toBe(first['WrappingKeyCertificateChain']);

  const use = async (ImportToken: string) => {
    const KeyAttributes = {
      KeyUsage: K0,
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: 'TDES_2KEY',
      KeyModesOfUse: { NoRestrictions: true },
    };
    const KeyCryptogram = { KeyAttributes, Exportable: true, ImportToken, WrappedKeyCryptogram: '00'.repeat(256) };
    const body = JSON.stringify({ KeyMaterial: { KeyCryptogram } });
    return (await service.send({ headers: target('ImportKey'), body })).json['Message'];
  };
  expect(await use(first['ImportToken']!)).toContain('is not a key of this KeyAlgorithm');
  for (const other of ['TR31_KEY_BLOCK', 'ROOT_PUBLIC_KEY_CERTIFICATE'])
    expect(
      (
        await service.send({
          headers: target('GetParametersForImport'),
          body: JSON.stringify({ ...input, KeyMaterialType: other }),
        })
      ).json['Message'],
    ).toContain('without a token');
  const badAlgorithm = { KeyMaterialType: 'TR34_KEY_BLOCK', SigningKeyAlgorithm: 'RSA_4096' };
  expect(
    (await service.send({ headers: target('GetParametersForExport'), body: JSON.stringify(badAlgorithm) })).json[
      'Message'
    ],
  ).toContain('must be RSA_2048');

  service.clock.advance(24 * DAY_MS);
  const third = await ask('GetParametersForImport', reuse);
  expect([first['ImportToken'], second['ImportToken']]).not.toContain(third['ImportToken']);
  expect(await use(first['ImportToken']!)).toContain('is not a key of this KeyAlgorithm');
  service.clock.advance(7 * DAY_MS);
  expect(await use(first['ImportToken']!)).toContain('token is unknown, has expired');

  service.clock.advance(3600 * DAY_MS);
  const late = await ask('GetParametersForImport', reuse);
  const [oldRoot, newRoot] = [first, late].map((answer) => certificateOf(answer['WrappingKeyCertificateChain']!));
  expect(newRoot!.publicKey).not.toEqual(oldRoot!.publicKey);
  expect(newRoot!.subject).toEqual(oldRoot!.subject);
});
