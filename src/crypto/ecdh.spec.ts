import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  ECDH,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import fc from 'fast-check';
import { bitFlips, hex, vectors } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import { equal, toHex } from './bytes.js';
import { tdes } from './des.js';
import {
  type EcdhDerivation,
  type EcdhHash,
  type EcdhKdf,
  type EcdhParties,
  ecdhKdf,
  ecdhKey,
  ecdhSharedSecret,
} from './ecdh.js';
import { kcvCmac, kcvEcb } from './kcv.js';
import { decryptPinBlock } from './pin-block.js';
import { unwrapKeyBlock } from './tr31/unwrap.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;

const pkcs8 = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' });
const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });

const CURVES = {
  'P-256': { openssl: 'prime256v1', fieldBytes: 32 },
  'P-384': { openssl: 'secp384r1', fieldBytes: 48 },
  'P-521': { openssl: 'secp521r1', fieldBytes: 66 },
} as const;
type Curve = keyof typeof CURVES;

function jwk(curve: Curve, point: Buffer) {
  const { fieldBytes } = CURVES[curve];
  const [x, y] = [point.subarray(1, 1 + fieldBytes), point.subarray(1 + fieldBytes)];
  return { kty: 'EC', crv: curve, x: x.toString('base64url'), y: y.toString('base64url') };
}

const publicKeyOfPoint = (curve: Curve, point: Buffer) =>
  spki(createPublicKey({ key: jwk(curve, point), format: 'jwk' }));

function privateKeyOfScalar(curve: Curve, scalar: Buffer): Buffer {
  const pair = createECDH(CURVES[curve].openssl);
  pair.setPrivateKey(scalar);
  return pkcs8(
    createPrivateKey({ key: { ...jwk(curve, pair.getPublicKey()), d: scalar.toString('base64url') }, format: 'jwk' }),
  );
}

/** Checks that every kind of invalid key is refused on both sides, whatever the curve. */
function expectInvalidKeysRefused(parties: EcdhParties, derivation: EcdhDerivation): void {
  const { privateKey, peerPublicKey } = parties;
  const otherCurve = createPublicKey({ key: peerPublicKey, format: 'der', type: 'spki' }).asymmetricKeyDetails!;
  const namedCurve = otherCurve.namedCurve === 'secp384r1' ? 'P-521' : 'P-384';
  const offCurve = Buffer.from(peerPublicKey);
  offCurve[offCurve.length - 1]! ^= 1;
  const invalid: Partial<EcdhParties>[] = [
    { peerPublicKey: offCurve },
    { peerPublicKey: withPoint(peerPublicKey, hex('00')) },
    { peerPublicKey: spki(generateKeyPairSync('ec', { namedCurve }).publicKey) },
    { peerPublicKey: peerPublicKey.subarray(0, -1) },
    { peerPublicKey: privateKey },
    { privateKey: pkcs8(generateKeyPairSync('ec', { namedCurve }).privateKey) },
    { privateKey: privateKey.subarray(0, -1) },
    { privateKey: peerPublicKey },
  ];
  for (const other of invalid) expect(() => ecdhKey({ ...parties, ...other }, derivation)).toThrow(code('KEY_TYPE'));
}

/** Replaces the point in the BIT STRING of a SubjectPublicKeyInfo; the point has fewer than 100 bytes. */
function withPoint(der: Buffer, point: Buffer): Buffer {
  const start = der[1] === 0x81 ? 3 : 2;
  const algorithm = der.subarray(start, start + 2 + der[start + 1]!);
  const bits = Buffer.concat([Buffer.from([0x03, point.length + 1, 0]), point]);
  return Buffer.concat([Buffer.from([0x30, algorithm.length + bits.length]), algorithm, bits]);
}

const KEY_BYTES: Record<string, number> = { TDES_2KEY: 16, TDES_3KEY: 24, AES_128: 16, AES_192: 24, AES_256: 32 };

interface EcdhVector {
  curve: string;
  privateKey: string;
  ownPublicKey: string;
  peerPrivateKey: string;
  peerPublicKey: string;
  kdf: EcdhKdf;
  hash: EcdhHash;
  sharedInformation: string;
  keyAlgorithm: string;
  expected: { z: string; derivedKey: string; kcvCmac: string };
}

describe('vectors of ecdh.json', () => {
  test.each(vectors<EcdhVector>('ecdh'))('matches $id: $algorithm, $curve, $hash, $keyAlgorithm', (vector) => {
    const curve = vector.curve.replace('NIST_P', 'P-') as Curve;
    const { kdf, hash, keyAlgorithm, expected } = vector;
    const derivation = { kdf, hash, sharedInfo: hex(vector.sharedInformation), length: KEY_BYTES[keyAlgorithm]! };
    const sides = [
      [vector.privateKey, vector.peerPublicKey],
      [vector.peerPrivateKey, vector.ownPublicKey],
    ] as const;
    for (const [scalar, point] of sides) {
      const parties = {
        privateKey: privateKeyOfScalar(curve, hex(scalar)),
        peerPublicKey: publicKeyOfPoint(curve, hex(point)),
      };
      expect(toHex(ecdhSharedSecret(parties))).toBe(expected.z);
      const key = ecdhKey(parties, derivation);
      expect(toHex(key)).toBe(expected.derivedKey);
      using cipher = aes(key);
      expect(toHex(kcvCmac(cipher))).toBe(expected.kcvCmac);
    }
  });

  test.each(vectors<EcdhVector>('ecdh'))('refuses invalid keys in place of those of $id', (vector) => {
    const curve = vector.curve.replace('NIST_P', 'P-') as Curve;
    const parties = {
      privateKey: privateKeyOfScalar(curve, hex(vector.privateKey)),
      peerPublicKey: publicKeyOfPoint(curve, hex(vector.peerPublicKey)),
    };
    const { kdf, hash } = vector;
    expectInvalidKeysRefused(parties, { kdf, hash, sharedInfo: hex(vector.sharedInformation), length: 16 });
  });
});

interface ExchangeVector {
  why: string;
  inputs: {
    servicePrivateKeyPem: string;
    clientPrivateKeyPem: string;
    servicePublicPoint: string;
    publicKeyCertificatePem: string;
    deriveKeyAlgorithm: string;
    keyDerivationFunction: EcdhKdf;
    keyDerivationHashAlgorithm: EcdhHash;
    sharedInformation: string;
    wrappedKeyBlock?: string;
    encryptedPinBlock?: string;
    pinBlockFormat?: string;
    primaryAccountNumber?: string;
  };
  expected: Partial<Record<'sharedSecretZ' | 'derivedKey' | 'derivedKeyCheckValue' | 'pin' | 'reason', string>>;
}

interface PrimitiveVector {
  inputs: { curve: Curve; privateScalar: string; peerPublicPoint: string };
  expected: { sharedSecretZ: string };
}

interface KdfVector {
  inputs: {
    keyDerivationFunction: EcdhKdf;
    keyDerivationHashAlgorithm: EcdhHash;
    sharedSecretZ: string;
    sharedInformation: string;
    length: number;
  };
  expected: { derivedKey: string };
}

// Certificates, chains and certification requests are not part of key agreement: chain-*, csr-* and ecdh-neg-rogue-ca
// are tested in x509/.
interface CavpVector {
  curve: Curve;
  d: string;
  x: string;
  y: string;
  peerX: string;
  peerY: string;
  expected: { secret?: string; accept?: boolean; not?: string };
}

describe('vectors of ecdh-cavp.json', () => {
  const partiesOf = ({ curve, d, x, y, peerX, peerY }: CavpVector): EcdhParties => {
    const [own, peer] = [hex(`04${x}${y}`), hex(`04${peerX}${peerY}`)];
    // The point of the peer may be off the curve: it takes the place of a valid one.
    const peerPublicKey = Buffer.concat([publicKeyOfPoint(curve, own).subarray(0, -own.length), peer]);
    return { privateKey: privateKeyOfScalar(curve, hex(d)), peerPublicKey };
  };

  test.each(vectors<CavpVector>('ecdh-cavp'))('$id, $source', (vector) => {
    const { secret, accept, not } = vector.expected;
    if (accept === false) {
      expect(() => ecdhSharedSecret(partiesOf(vector))).toThrow(code('KEY_TYPE'));
      return;
    }
    const z = toHex(ecdhSharedSecret(partiesOf(vector)));
    if (secret === undefined) expect(z).not.toBe(not);
    else expect(z).toBe(secret);
  });
});

describe('vectors of ecdh-exchange.json', () => {
  const exchange = <T extends object>(chosen: RegExp) =>
    vectors<T>('ecdh-exchange').filter(({ id }) => chosen.test(id));

  const partiesOf = ({ inputs }: ExchangeVector) => ({
    privateKey: pkcs8(createPrivateKey(inputs.servicePrivateKeyPem)),
    peerPublicKey: spki(new X509Certificate(inputs.publicKeyCertificatePem).publicKey),
  });
  const derivationOf = ({ inputs }: ExchangeVector): EcdhDerivation => ({
    kdf: inputs.keyDerivationFunction,
    hash: inputs.keyDerivationHashAlgorithm,
    sharedInfo: hex(inputs.sharedInformation),
    length: KEY_BYTES[inputs.deriveKeyAlgorithm]!,
  });

  test.each(exchange<ExchangeVector>(/^ecdh-p/))('matches $id: $why', (vector) => {
    const { inputs, expected } = vector;
    const parties = partiesOf(vector);
    expect(toHex(ecdhSharedSecret(parties))).toBe(expected.sharedSecretZ);
    const key = ecdhKey(parties, derivationOf(vector));
    expect(toHex(key)).toBe(expected.derivedKey);
    using cipher = (inputs.deriveKeyAlgorithm.startsWith('TDES') ? tdes : aes)(key);
    const kcv = inputs.deriveKeyAlgorithm.startsWith('TDES') ? kcvEcb(cipher) : kcvCmac(cipher);
    expect(toHex(kcv)).toBe(expected.derivedKeyCheckValue);
    // The client derives the same key from its side.
    const ourPublicKey = spki(createPublicKey(inputs.servicePrivateKeyPem));
    expect(toHex(ourPublicKey.subarray(-hex(inputs.servicePublicPoint).length))).toBe(inputs.servicePublicPoint);
    const client = {
      privateKey: pkcs8(createPrivateKey(inputs.clientPrivateKeyPem)),
      peerPublicKey: ourPublicKey,
    };
    expect(toHex(ecdhKey(client, derivationOf(vector)))).toBe(expected.derivedKey);
    if (inputs.encryptedPinBlock === undefined) return;
    const from = { block: hex(inputs.encryptedPinBlock), pan: inputs.primaryAccountNumber };
    expect(decryptPinBlock(cipher, inputs.pinBlockFormat === 'IsoFormat4' ? 4 : 0, from)).toBe(expected.pin);
  });

  test.each(exchange<ExchangeVector>(/^ecdh-p/))('refuses invalid keys in place of those of $id', (vector) => {
    expectInvalidKeysRefused(partiesOf(vector), derivationOf(vector));
  });

  test.each(exchange<ExchangeVector>(/^ecdh-neg-(curve-mismatch|rsa-peer)$/))('refuses $id: $why', (vector) => {
    expect(() => ecdhKey(partiesOf(vector), derivationOf(vector))).toThrow(code('KEY_TYPE'));
  });

  // The import decides whether a key of this strength may be transported over this curve.
  test.each(exchange<ExchangeVector>(/^ecdh-neg-strength-/))('unwraps $id, which the import refuses', (vector) => {
    const kbpk = { algorithm: 'AES', key: ecdhKey(partiesOf(vector), derivationOf(vector)) } as const;
    const { header, key } = unwrapKeyBlock(kbpk, vector.inputs.wrappedKeyBlock!);
    expect(header).toMatchObject({ keyUsage: 'K1', algorithm: 'A' });
    expect(key).toHaveLength(32);
  });

  test.each(exchange<PrimitiveVector>(/^nist-cavp-ecdh-/))('matches $id: $source', ({ inputs, expected }) => {
    const privateKey = privateKeyOfScalar(inputs.curve, hex(inputs.privateScalar));
    const peerPublicKey = publicKeyOfPoint(inputs.curve, hex(inputs.peerPublicPoint));
    expect(toHex(ecdhSharedSecret({ privateKey, peerPublicKey }))).toBe(expected.sharedSecretZ);
  });

  test.each(exchange<KdfVector>(/^(nist-cavp-x963|kdf)-/))('matches $id: $source', ({ inputs, expected }) => {
    const derivation = {
      kdf: inputs.keyDerivationFunction,
      hash: inputs.keyDerivationHashAlgorithm,
      sharedInfo: hex(inputs.sharedInformation),
      length: inputs.length,
    };
    const z = hex(inputs.sharedSecretZ);
    expect(toHex(ecdhKdf(derivation, z))).toBe(expected.derivedKey);
    const isTheSame = (key: Buffer) => equal(key, hex(expected.derivedKey));
    expect(bitFlips(z).filter((other) => isTheSame(ecdhKdf(derivation, other)))).toEqual([]);
    const otherInfo = bitFlips(derivation.sharedInfo);
    expect(otherInfo.filter((sharedInfo) => isTheSame(ecdhKdf({ ...derivation, sharedInfo }, z)))).toEqual([]);
  });
});

describe.each(Object.keys(CURVES) as Curve[])('the shared secret on %s', (curve) => {
  const ours = generateKeyPairSync('ec', { namedCurve: curve });
  const { openssl, fieldBytes } = CURVES[curve];

  test('is the same for both parties, equals that of createECDH, and has the length of the field', () => {
    for (let i = 0; i < 10; i++) {
      const peer = createECDH(openssl);
      peer.generateKeys();
      const peerPublicKey = publicKeyOfPoint(curve, peer.getPublicKey());
      const z = ecdhSharedSecret({ privateKey: pkcs8(ours.privateKey), peerPublicKey });
      expect(z).toHaveLength(fieldBytes);
      expect(toHex(z)).toBe(toHex(peer.computeSecret(spki(ours.publicKey).subarray(-2 * fieldBytes - 1))));
    }
  });

  test('is the same for a compressed point', () => {
    const privateKey = pkcs8(ours.privateKey);
    const peerPublicKey = spki(generateKeyPairSync('ec', { namedCurve: curve }).publicKey);
    const point = peerPublicKey.subarray(-2 * fieldBytes - 1);
    const compressed = ECDH.convertKey(point, openssl, undefined, undefined, 'compressed') as Buffer;
    const z = ecdhSharedSecret({ privateKey, peerPublicKey: withPoint(peerPublicKey, compressed) });
    expect(toHex(z)).toBe(toHex(ecdhSharedSecret({ privateKey, peerPublicKey })));
  });

  test('does not modify the keys', () => {
    const [privateKey, peerPublicKey] = [pkcs8(ours.privateKey), spki(ours.publicKey)];
    const before = [privateKey, peerPublicKey].map(toHex);
    ecdhSharedSecret({ privateKey, peerPublicKey });
    expect([privateKey, peerPublicKey].map(toHex)).toEqual(before);
  });

  test.each((Object.keys(CURVES) as Curve[]).filter((other) => other !== curve))('refuses a peer on %s', (other) => {
    const peerPublicKey = spki(generateKeyPairSync('ec', { namedCurve: other }).publicKey);
    expect(() => ecdhSharedSecret({ privateKey: pkcs8(ours.privateKey), peerPublicKey })).toThrow(code('KEY_TYPE'));
  });

  test('refuses a point off the curve and the point at infinity', () => {
    const privateKey = pkcs8(ours.privateKey);
    const off = spki(ours.publicKey);
    off[off.length - 1]! ^= 1;
    expect(() => ecdhSharedSecret({ privateKey, peerPublicKey: off })).toThrow(code('KEY_TYPE'));
    const infinity = withPoint(spki(ours.publicKey), hex('00'));
    expect(() => ecdhSharedSecret({ privateKey, peerPublicKey: infinity })).toThrow(code('KEY_TYPE'));
  });
});

describe('the shared secret is refused', () => {
  const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test.each(['secp256k1', 'brainpoolP256r1', 'P-224'])('on %s', (namedCurve) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const parties = { privateKey: pkcs8(privateKey), peerPublicKey: spki(publicKey) };
    expect(() => ecdhSharedSecret(parties)).toThrow(code('KEY_TYPE'));
    expect(() => ecdhSharedSecret({ ...parties, privateKey: pkcs8(ours.privateKey) })).toThrow(code('KEY_TYPE'));
  });

  test.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['X25519', generateKeyPairSync('x25519')],
  ])('for a key of %s', (_type, { privateKey, publicKey }) => {
    const parties = { privateKey: pkcs8(ours.privateKey), peerPublicKey: spki(ours.publicKey) };
    expect(() => ecdhSharedSecret({ ...parties, privateKey: pkcs8(privateKey) })).toThrow(code('KEY_TYPE'));
    expect(() => ecdhSharedSecret({ ...parties, peerPublicKey: spki(publicKey) })).toThrow(code('KEY_TYPE'));
  });

  test('for swapped keys and keys that are not DER', () => {
    const [privateKey, peerPublicKey] = [pkcs8(ours.privateKey), spki(ours.publicKey)];
    const none = Buffer.alloc(0);
    expect(() => ecdhSharedSecret({ privateKey: peerPublicKey, peerPublicKey: privateKey })).toThrow(code('KEY_TYPE'));
    expect(() => ecdhSharedSecret({ privateKey: none, peerPublicKey })).toThrow(code('KEY_TYPE'));
    expect(() => ecdhSharedSecret({ privateKey, peerPublicKey: none })).toThrow(code('KEY_TYPE'));
  });
});

describe.each(['NIST_SP800', 'ANSI_X963'] as const)('%s', (kdf) => {
  const bytes = fc.uint8Array({ maxLength: 70 }).map((b) => Buffer.from(b));
  const anyHash = fc.constantFrom<EcdhHash>('SHA_256', 'SHA_384', 'SHA_512');

  test('a shorter key is the beginning of a longer one', () => {
    fc.assert(
      fc.property(anyHash, bytes, bytes, fc.integer({ min: 1, max: 200 }), (hash, z, sharedInfo, length) => {
        const key = ecdhKdf({ kdf, hash, sharedInfo, length }, z);
        const longer = ecdhKdf({ kdf, hash, sharedInfo, length: 200 }, z);
        expect(toHex(key)).toBe(toHex(longer.subarray(0, length)));
      }),
    );
  });

  test('the result depends on every input', () => {
    const derivation: EcdhDerivation = { kdf, hash: 'SHA_256', sharedInfo: hex('01'), length: 16 };
    const z = Buffer.alloc(32, 7);
    const keys = [
      ecdhKdf(derivation, z),
      ecdhKdf({ ...derivation, kdf: kdf === 'ANSI_X963' ? 'NIST_SP800' : 'ANSI_X963' }, z),
      ecdhKdf({ ...derivation, hash: 'SHA_384' }, z),
      ecdhKdf({ ...derivation, sharedInfo: hex('0100') }, z),
      ecdhKdf({ ...derivation, sharedInfo: hex('') }, z),
      ecdhKdf(derivation, z.subarray(1)),
    ].map(toHex);
    expect(new Set(keys).size).toBe(keys.length);
    expect(z).toEqual(Buffer.alloc(32, 7));
  });

  test.each([0, -1, -16, 0.5, 16.5, NaN, Infinity])('refuses a key of %d bytes', (length) => {
    const derivation: EcdhDerivation = { kdf, hash: 'SHA_256', sharedInfo: hex(''), length };
    expect(() => ecdhKdf(derivation, Buffer.alloc(32))).toThrow(code('KEY_LENGTH'));
  });
});
