import forge from 'node-forge';
import {
  decryptWithForge,
  encryptWithForge,
  forgePrivateKey,
  forgePublicHalf,
  openedWithForge,
  type RsaScheme,
} from '../../test/support/forge.js';
import { testPki } from '../../test/support/tr34.js';
import { publicKeyOf, rsaDecrypt, rsaEncrypt } from './rsa.js';

const SCHEMES: RsaScheme[] = ['PKCS1', 'OAEP_SHA1', 'OAEP_SHA256', 'OAEP_SHA512'];
/** Maximum message length in bytes with a 256-byte modulus. */
const MAXIMUM: Record<RsaScheme, number> = { PKCS1: 245, OAEP_SHA1: 214, OAEP_SHA256: 190, OAEP_SHA512: 126 };

const pair = testPki().kdh!.privateKey;
const other = testPki().otherKdh!.privateKey;
const forgeKey = forgePrivateKey(pair);
const forgeOther = forgePrivateKey(other);
const forgePublic = forgePublicHalf(forgeKey);
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
/** Encrypts again while a ciphertext to be refused holds, by chance, a PKCS #1 v1.5 block, as one OAEP block in 400 does. */
function unlikePkcs1(encrypt: () => Buffer, refused: (ciphertext: Buffer) => Buffer[]): Buffer {
  for (;;) {
    const ciphertext = encrypt();
    const looksRight = (key: forge.pki.rsa.PrivateKey, block: Buffer) =>
      openedWithForge(key, 'PKCS1', block) !== undefined;
    if (looksRight(forgeOther, ciphertext) || refused(ciphertext).some((block) => looksRight(forgeKey, block)))
      continue;
    return ciphertext;
  }
}
/** Gives a ciphertext with one bit changed at its ends and in its middle. */
const modified = (ciphertext: Buffer) =>
  [0, 1, 127, 255].map((at) => {
    const changed = Buffer.from(ciphertext);
    changed[at]! ^= 1;
    return changed;
  });
/** Builds a message whose first and last bytes are zero, which removing the padding must preserve. */
const message = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * (length - 1 - i)) & 0xff));

describe.each(SCHEMES)('%s', (scheme) => {
  test.each([1, 16, 24, MAXIMUM[scheme]])('we decrypt %d bytes that forge encrypted', (length) => {
    expect(rsaDecrypt(pair, scheme, encryptWithForge(forgePublic, scheme, message(length)))).toEqual(message(length));
  });

  test.each([1, 16, 24, MAXIMUM[scheme]])('forge decrypts %d bytes that we encrypted', (length) => {
    expect(decryptWithForge(forgeKey, scheme, rsaEncrypt(publicKeyOf(pair), scheme, message(length)))).toEqual(
      message(length),
    );
  });

  const ciphertext = unlikePkcs1(
    () => encryptWithForge(forgePublic, scheme, message(16)),
    (drawn) => (scheme === 'PKCS1' ? modified(drawn) : [drawn]),
  );

  test.each(SCHEMES.filter((each) => each !== scheme))('we refuse to decrypt it as %s', (as) => {
    expect(() => rsaDecrypt(pair, as, ciphertext)).toThrow(refusal('DECRYPTION_FAILED'));
  });

  test.each(SCHEMES.filter((each) => each !== scheme))('forge refuses to decrypt ours as %s', (as) => {
    const ours = rsaEncrypt(publicKeyOf(pair), scheme, message(16));
    expect(openedWithForge(forgeKey, as, ours)).not.toEqual(message(16));
  });

  test('we refuse it with a byte modified', () => {
    for (const changed of modified(ciphertext))
      expect(() => rsaDecrypt(pair, scheme, changed)).toThrow(refusal('DECRYPTION_FAILED'));
  });

  test('we refuse it with another key, truncated, or with an extra byte', () => {
    expect(() => rsaDecrypt(other, scheme, ciphertext)).toThrow(refusal('DECRYPTION_FAILED'));
    expect(() => rsaDecrypt(pair, scheme, ciphertext.subarray(1))).toThrow(refusal('DATA_LENGTH'));
    expect(() => rsaDecrypt(pair, scheme, Buffer.concat([Buffer.alloc(1), ciphertext]))).toThrow(
      refusal('DATA_LENGTH'),
    );
  });

  test('neither encrypts a message one byte too long', () => {
    const long = message(MAXIMUM[scheme] + 1);
    expect(() => encryptWithForge(forgePublic, scheme, long)).toThrow();
    expect(() => rsaEncrypt(publicKeyOf(pair), scheme, long)).toThrow(refusal('DATA_LENGTH'));
  });
});

test('we refuse OAEP with different hashes for MGF1 and label', () => {
  const mixed = () =>
    forgePublic.encrypt('key', 'RSA-OAEP', { md: forge.md.sha256.create(), mgf1: { md: forge.md.sha1.create() } });
  const ciphertext = unlikePkcs1(
    () => Buffer.from(mixed(), 'latin1'),
    (drawn) => [drawn],
  );
  for (const scheme of SCHEMES)
    expect(() => rsaDecrypt(pair, scheme, ciphertext)).toThrow(refusal('DECRYPTION_FAILED'));
});

test('we refuse OAEP with a label', () => {
  const labelled = forgePublic.encrypt('key', 'RSA-OAEP', {
    label: 'label',
    md: forge.md.sha256.create(),
    mgf1: { md: forge.md.sha256.create() },
  });
  expect(() => rsaDecrypt(pair, 'OAEP_SHA256', Buffer.from(labelled, 'latin1'))).toThrow(refusal('DECRYPTION_FAILED'));
});
