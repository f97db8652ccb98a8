import { randomBytes } from 'node:crypto';
import { GetPublicKeyCertificateCommand } from '@aws-sdk/client-payment-cryptography';
import { rsaEncrypt } from '../../../../src/crypto/rsa.js';
import { issueLeaf, issueRoot } from '../../../../src/crypto/x509/issue.js';
import { certificateOf, textOf } from '../../../../src/payment/exchange/certificate-text.js';
import { publicKeyOf, rsaDecrypt } from '../../../../src/crypto/rsa.js';
import { apiOf, useService } from '../../../support/api.js';
import { aMonth, importKeys, type KeyImports, importMaterial, importRoot, keyBlock } from '../../../support/import.js';
import { createKey } from '../../../support/keys.js';
import { storePair } from '../../../support/known-pairs.js';
import { pkcs8 } from '../../../support/tr34.js';
import { hex } from '../../../support/vectors.js';
import rsa from '../../../vectors/rsa.json' with { type: 'json' };

const D0 = 'TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY';
const D1 = 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION';
const CIPHER = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] as const;
const PRIVATE_KEY = pkcs8(rsa.pki.RSA_2048.privateKeyPem);
const PADDINGS = ['PKCS1', 'OAEP_SHA1', 'OAEP_SHA256', 'OAEP_SHA512'] as const;
const CBC = { Symmetric: { Mode: 'CBC' } };

const service = useService();
let imports: KeyImports;
let aes: string;
let pair: string;
beforeAll(async () => {
  imports = await importKeys(service);
  const clear = '000102030405060708090A0B0C0D0E0F';
  aes = (await imports.importKey({ clear, usage: D0, algorithm: 'AES_128', modes: CIPHER })).KeyArn;
  pair = await storePair(service, { usage: D1, algorithm: 'RSA_2048', modes: [...CIPHER], privateKey: PRIVATE_KEY });
});

const { answerTo } = apiOf(service);
const encrypt = async (key: string, plaintext: Buffer, attributes: object) =>
  (
    await answerTo<Record<string, string>>(`keys/${encodeURIComponent(key)}/encrypt`, {
      PlainText: plaintext.toString('hex'),
      EncryptionAttributes: attributes,
    })
  )['CipherText']!;
const reEncrypt = (
  [incoming, from]: [key: string, attributes: object],
  CipherText: string,
  [outgoing, to]: [key: string, attributes: object],
  more: object = {},
) =>
  answerTo<Record<string, string>>(`keys/${encodeURIComponent(incoming)}/reencrypt`, {
    OutgoingKeyIdentifier: outgoing,
    CipherText,
    IncomingEncryptionAttributes: from,
    OutgoingEncryptionAttributes: to,
    ...more,
  });
const rsaWith = (PaddingType?: string) => ({ Asymmetric: { PaddingType } });
const invalid = (message: string): unknown =>
  expect.objectContaining({ __type: 'ValidationException', message: expect.stringContaining(message) });

describe.each(PADDINGS)('%s', (padding) => {
  test('re-encrypts from RSA to a symmetric key', async () => {
    const plaintext = randomBytes(48);
    const given = rsaEncrypt(publicKeyOf(PRIVATE_KEY), padding, plaintext).toString('hex');
    const answer = await reEncrypt([pair, rsaWith(padding)], given, [aes, CBC]);
    expect(answer).toMatchObject({ KeyArn: aes, CipherText: await encrypt(aes, plaintext, CBC) });
  });

  test('re-encrypts from a symmetric key to RSA', async () => {
    const plaintext = randomBytes(48);
    const answer = await reEncrypt([aes, CBC], await encrypt(aes, plaintext, CBC), [pair, rsaWith(padding)]);
    expect(answer).toMatchObject({ KeyArn: pair, KeyCheckValue: expect.stringMatching(/^[0-9A-F]{8}$/) });
    expect(rsaDecrypt(PRIVATE_KEY, padding, hex(answer['CipherText']!))).toEqual(plaintext);
  });
});

test('accepts the longest data that a padding allows, and refuses one block more', async () => {
  const longest = { PKCS1: 240, OAEP_SHA1: 208, OAEP_SHA256: 176, OAEP_SHA512: 112 };
  for (const padding of PADDINGS) {
    const bytes = longest[padding];
    const to: [string, object] = [pair, rsaWith(padding)];
    const fitting = await encrypt(aes, Buffer.alloc(bytes), CBC);
    expect(await reEncrypt([aes, CBC], fitting, to)).toMatchObject({ KeyArn: pair });
    expect(await reEncrypt([aes, CBC], await encrypt(aes, Buffer.alloc(bytes + 16), CBC), to)).toEqual(
      invalid('encrypt at most'),
    );
  }
});

test('accepts a wrapped key on the symmetric side', async () => {
  const key = { clear: '0F0E0D0C0B0A09080706050403020100', usage: D0, algorithm: 'AES_128', modes: CIPHER } as const;
  const block = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, key);
  const plaintext = randomBytes(16);
  const given = rsaEncrypt(publicKeyOf(PRIVATE_KEY), 'OAEP_SHA256', plaintext).toString('hex');
  const to = { OutgoingWrappedKey: { WrappedKeyMaterial: { Tr31KeyBlock: block } } };
  const answer = await reEncrypt([pair, rsaWith('OAEP_SHA256')], given, [imports.kek.KeyArn, CBC], to);
  const stored = await imports.importKey(key);
  expect(answer).toMatchObject({
    KeyArn: imports.kek.KeyArn,
    CipherText: await encrypt(stored.KeyArn, plaintext, CBC),
  });
});

test('an imported public key encrypts, but does not decrypt', async () => {
  const authority = {
    subject: [{ type: 'CN' as const, value: 'Authority' }],
    privateKey: PRIVATE_KEY,
    validity: aMonth(),
  };
  const root = issueRoot(authority);
  const { KeyArn: rootArn } = await importRoot(service, textOf('CERTIFICATE', root.der));
  const leaf = issueLeaf({
    subject: [{ type: 'CN', value: 'Partner' }],
    publicKey: publicKeyOf(PRIVATE_KEY),
    validity: aMonth(),
    issuer: { certificate: root, privateKey: PRIVATE_KEY },
  });
  const { KeyArn } = await importMaterial(service, {
    TrustedCertificatePublicKey: {
      KeyAttributes: {
        KeyUsage: D1,
        KeyClass: 'PUBLIC_KEY',
        KeyAlgorithm: 'RSA_2048',
        KeyModesOfUse: { Encrypt: true, Wrap: true },
      },
      PublicKeyCertificate: textOf('CERTIFICATE', leaf.der),
      CertificateAuthorityPublicKeyIdentifier: rootArn,
    },
  });
  const plaintext = randomBytes(16);
  const answer = await reEncrypt([aes, CBC], await encrypt(aes, plaintext, CBC), [KeyArn, rsaWith('OAEP_SHA1')]);
  expect(rsaDecrypt(PRIVATE_KEY, 'OAEP_SHA1', hex(answer['CipherText']!))).toEqual(plaintext);
  expect(await reEncrypt([KeyArn, rsaWith('OAEP_SHA1')], '00'.repeat(256), [aes, CBC])).toEqual(
    invalid(`KeyModesOfUse of the input key ${KeyArn}`),
  );
});

describe('ReEncryptData with RSA is refused', () => {
  const given = () => rsaEncrypt(publicKeyOf(PRIVATE_KEY), 'PKCS1', Buffer.alloc(16)).toString('hex');

  test('without PaddingType on either side', async () => {
    const message = 'PaddingType of Asymmetric is required in ReEncryptData.';
    expect(await reEncrypt([pair, rsaWith()], given(), [aes, CBC])).toEqual(invalid(message));
    expect(await reEncrypt([aes, CBC], '00'.repeat(16), [pair, rsaWith()])).toEqual(invalid(message));
  });

  test('with RSA or DUKPT on the other side', async () => {
    const dukpt = { Dukpt: { KeySerialNumber: '123456789012345600000001' } };
    const [one, other]: [string, object][] = [
      [pair, rsaWith('PKCS1')],
      [aes, dukpt],
    ] as const;
    const message = 'needs Symmetric on the other';
    for (const [from, to] of [
      [one, one],
      [one, other],
      [other, one],
    ] as [[string, object], [string, object]][])
      expect(await reEncrypt(from, given(), to)).toEqual(invalid(message));
  });

  test('with attributes that do not fit the key of their side', async () => {
    expect(await reEncrypt([aes, rsaWith('PKCS1')], given(), [aes, CBC])).toEqual(
      invalid(`KeyUsage of the input key ${aes}`),
    );
    expect(await reEncrypt([pair, CBC], given(), [aes, CBC])).toEqual(invalid(`KeyUsage of the input key ${pair}`));
    expect(await reEncrypt([aes, CBC], '00'.repeat(16), [aes, rsaWith('PKCS1')])).toEqual(
      invalid('KeyUsage of the input key'),
    );
    const both = { ...rsaWith('PKCS1'), ...CBC };
    expect(await reEncrypt([pair, both], given(), [aes, CBC])).toEqual(invalid('exactly one member'));
  });

  test('with a wrapped key on the RSA side', async () => {
    const key = { clear: '0F0E0D0C0B0A09080706050403020100', usage: D0, algorithm: 'AES_128', modes: CIPHER } as const;
    const block = keyBlock({ algorithm: 'AES', key: imports.kek.clear }, key);
    const from = { IncomingWrappedKey: { WrappedKeyMaterial: { Tr31KeyBlock: block } } };
    expect(await reEncrypt([imports.kek.KeyArn, rsaWith('PKCS1')], given(), [aes, CBC], from)).toEqual(
      invalid('KeyUsage of the key wrapped under'),
    );
  });

  test('with one message for another padding, another key, and a plaintext that is empty or not whole blocks', async () => {
    const { KeyArn: other } = await createKey(service, {
      KeyAttributes: {
        KeyUsage: D1,
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'RSA_2048',
        KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
      },
    });
    const { KeyCertificate = '' } = await service.controlPlane.send(
      new GetPublicKeyCertificateCommand({ KeyIdentifier: other }),
    );
    const underOther = rsaEncrypt(certificateOf(KeyCertificate).publicKey, 'PKCS1', Buffer.alloc(16));
    const under = (bytes: number) => rsaEncrypt(publicKeyOf(PRIVATE_KEY), 'PKCS1', Buffer.alloc(bytes)).toString('hex');
    const answers = [
      await reEncrypt([pair, rsaWith('OAEP_SHA256')], under(16), [aes, CBC]),
      await reEncrypt([pair, rsaWith('PKCS1')], `00${underOther.toString('hex').slice(2)}`, [aes, CBC]),
      await reEncrypt([pair, rsaWith('PKCS1')], under(15), [aes, CBC]),
      await reEncrypt([pair, rsaWith('PKCS1')], under(0), [aes, CBC]),
      await reEncrypt([pair, rsaWith('PKCS1')], '00'.repeat(256), [aes, CBC]),
    ];
    expect(answers[0]).toEqual(invalid('The ciphertext could not be decrypted with this key and padding'));
    expect(new Set(answers.map(({ message }) => message)).size).toBe(1);
  });
});
