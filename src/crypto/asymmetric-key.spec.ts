import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { hex } from '../../test/support/vectors.js';
import { exportPublicKey, readPrivateKey, readPublicHalf, readPublicKey } from './asymmetric-key.js';
import { issueRoot } from './x509/issue.js';

const KEY_TYPE = expect.objectContaining({ name: 'CryptoError', code: 'KEY_TYPE' }) as Error;

describe.each([
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['P-521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
])('%s', (_type, generate) => {
  const { privateKey, publicKey } = generate();
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });

  test('is read from DER', () => {
    expect(readPrivateKey(pkcs8).equals(privateKey)).toBe(true);
    expect(readPublicKey(spki).equals(publicKey)).toBe(true);
  });

  test('its public half is read from every encoding', () => {
    const validity = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') };
    const { der } = issueRoot({ subject: [{ type: 'CN', value: 'any' }], privateKey: pkcs8, validity });
    for (const form of [spki, pkcs8, der]) expect(exportPublicKey(readPublicHalf(form))).toEqual(spki);
    for (const form of [Buffer.alloc(0), spki.subarray(1), der.subarray(0, -1)])
      expect(() => readPublicHalf(form)).toThrow(KEY_TYPE);
  });

  test('is refused in any other encoding', () => {
    for (const der of [spki, pkcs8.subarray(1), pkcs8.subarray(0, -1), Buffer.alloc(0)])
      expect(() => readPrivateKey(der)).toThrow(KEY_TYPE);
    const followed = Buffer.concat([spki, Buffer.alloc(1)]);
    for (const der of [pkcs8, spki.subarray(1), spki.subarray(0, -1), followed, Buffer.alloc(0)])
      expect(() => readPublicKey(der)).toThrow(KEY_TYPE);
  });
});

test('a password-protected private key is refused', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const how = { format: 'der', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'secret' } as const;
  expect(() => readPrivateKey(privateKey.export(how))).toThrow(KEY_TYPE);
});

describe('a point of P-256', () => {
  /** Builds a SubjectPublicKeyInfo of id-ecPublicKey on prime256v1 (RFC 5480) with these bytes as the point. */
  const spkiWith = (point: Buffer) => {
    const algorithm = hex('301306072A8648CE3D020106082A8648CE3D030107');
    const bits = Buffer.concat([Buffer.from([0x03, point.length + 1, 0]), point]);
    return Buffer.concat([Buffer.from([0x30, algorithm.length + bits.length]), algorithm, bits]);
  };
  // The base point, from SEC 2.
  const x = '6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296';
  const y = '4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5';

  test('is read uncompressed or compressed', () => {
    const whole = readPublicKey(spkiWith(hex(`04${x}${y}`)));
    expect(whole.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const compressed = readPublicKey(spkiWith(hex(`03${x}`)));
    expect(compressed.export({ format: 'jwk' })).toEqual(whole.export({ format: 'jwk' }));
  });

  test.each([
    ['off the curve', `04${x}${y.slice(0, -1)}4`],
    ['with a coordinate not smaller than the prime', `04${'F'.repeat(64)}${y}`],
    ['at 0, 0', `04${'0'.repeat(128)}`],
    ['too short', `04${x}`],
    ['with an unknown format byte', `05${x}${y}`],
    ['at infinity', '00'],
    ['when empty', ''],
  ])('is refused %s', (_where, point) => {
    expect(() => readPublicKey(spkiWith(hex(point)))).toThrow(KEY_TYPE);
  });

  test('is refused at infinity in a private key', () => {
    // ECPrivateKey of RFC 5915: version, the private key 1, [1] public key.
    const privateKeyWith = (point: string) => {
      const bits = hex(`00${point}`);
      const publicKey = Buffer.concat([hex('A1'), Buffer.of(bits.length + 2, 0x03, bits.length), bits]);
      const fields = Buffer.concat([hex('020101'), hex('0420'), hex('01'.padStart(64, '0')), publicKey]);
      const key = Buffer.concat([Buffer.of(0x30, fields.length), fields]);
      const info = [hex('020100301306072A8648CE3D020106082A8648CE3D030107'), Buffer.of(0x04, key.length), key];
      return Buffer.concat([Buffer.of(0x30, Buffer.concat(info).length), ...info]);
    };
    expect(readPrivateKey(privateKeyWith(`03${x}`)).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(() => readPrivateKey(privateKeyWith('00'))).toThrow(KEY_TYPE);
  });

  test('at infinity is accepted by OpenSSL, so keys are encoded again to detect it', () => {
    const key = createPublicKey({ key: spkiWith(hex('00')), format: 'der', type: 'spki' });
    expect(() => key.export({ format: 'der', type: 'spki' })).toThrow('invalid form');
  });
});
