import { execFileSync } from 'node:child_process';
import { createECDH, createPrivateKey, ECDH, generateKeyPairSync } from 'node:crypto';
import { bitString, encode, integer, NULL, octetString, oid, sequence, unsignedInteger } from '../../crypto/asn1.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import type { KeySpec } from '../keys/key-specs.js';
import { readImported } from './imported-material.js';
import { materialIdOf } from './material.js';

const WRONG = expect.objectContaining({ name: 'IncorrectKeyMaterialException' }) as Error;

const thread = new CryptoThread();
afterAll(() => thread.onApplicationShutdown());

const read = async (spec: KeySpec, given: Buffer) => readImported(spec, given, thread);
/** The public key and the id of a material. */
async function identityOf(spec: KeySpec, given: Buffer): Promise<object> {
  const material = await read(spec, given);
  const id = materialIdOf({ accountId: '000000000000', keyId: 'key' }, material);
  return { id, publicKey: material.publicKey?.toString('hex') };
}

describe('RSA', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const numbers = privateKey.export({ format: 'jwk' }) as Record<string, string>;
  /** PKCS#8 of the key, with other numbers: RFC 8017 appendix A.1.2. */
  const pkcs8 = (others: Record<string, Buffer> = {}) => {
    const numberOf = (name: string) => unsignedInteger(others[name] ?? Buffer.from(numbers[name] ?? '', 'base64url'));
    const key = sequence(integer(0), ...['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map(numberOf));
    return sequence(integer(0), sequence(oid('1.2.840.113549.1.1.1'), NULL), octetString(key));
  };
  const long = (bytes: number) => Buffer.alloc(bytes, 0xff);

  test('takes a private key', async () => {
    const { clear } = await read('RSA_2048', pkcs8());
    expect(clear.equals(privateKey.export({ format: 'der', type: 'pkcs8' }))).toBe(true);
  });

  const number = (name: string) => BigInt(`0x${Buffer.from(numbers[name] ?? '', 'base64url').toString('hex')}`);
  const bytesOf = (value: bigint) => {
    const hex = value.toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  };
  /** The multiplicative inverse modulo a prime: Fermat's little theorem. */
  function inverse(value: bigint, prime: bigint): bigint {
    let [result, base] = [1n, value % prime];
    for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
      if (exponent & 1n) result = (result * base) % prime;
      base = (base * base) % prime;
    }
    return result;
  }
  /** The least common multiple of p - 1 and q - 1, by which private exponents of one key differ. */
  function period(): bigint {
    const [a, b] = [number('p') - 1n, number('q') - 1n];
    let [x, y] = [a, b];
    while (y > 0n) [x, y] = [y, x % y];
    return (a * b) / x;
  }

  test('is the same material with its primes exchanged, and with another private exponent', async () => {
    const [p, q] = [number('p'), number('q')];
    const part = (name: string) => Buffer.from(numbers[name] ?? '', 'base64url');
    const exchanged = { p: part('q'), q: part('p'), dp: part('dq'), dq: part('dp'), qi: bytesOf(inverse(p, q)) };
    const least = number('d') % period();
    const exponents = [least, least + period()].filter((d) => d < number('n'));
    const expected = await identityOf('RSA_2048', pkcs8());
    expect(await identityOf('RSA_2048', pkcs8(exchanged))).toEqual(expected);
    expect(exponents).toHaveLength(2);
    for (const d of exponents) expect(await identityOf('RSA_2048', pkcs8({ d: bytesOf(d) }))).toEqual(expected);
  });

  test('is another material with another modulus', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const encoded = other.export({ format: 'der', type: 'pkcs8' });
    expect(await identityOf('RSA_2048', encoded)).not.toEqual(await identityOf('RSA_2048', pkcs8()));
  });

  test('refuses a private exponent of another public exponent', async () => {
    await expect(read('RSA_2048', pkcs8({ e: Buffer.from([3]) }))).rejects.toThrow(WRONG);
  });

  // With a prime of 16,000 bits, OpenSSL signs correctly, but takes seconds.
  test.each<[string, Record<string, Buffer>]>([
    ['a prime', { p: long(2000), dp: long(2000) }],
    ['a private exponent', { d: long(300) }],
    ['an exponent of a prime', { dq: long(130) }],
    ['a coefficient', { qi: long(130) }],
  ])('refuses a key with %s that is too long', async (_, others) => {
    await expect(read('RSA_2048', pkcs8(others))).rejects.toThrow(WRONG);
  });
});

describe('elliptic curves', () => {
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const pkcs8 = (scalar: bigint) => {
    const key = sequence(integer(1), octetString(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')));
    const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
    return sequence(integer(0), algorithm, octetString(key));
  };

  test.each([1n, ORDER - 1n])('takes the private key %i', async (scalar) => {
    expect((await read('ECC_NIST_P256', pkcs8(scalar))).publicKey).toHaveLength(91);
  });

  test.each([ORDER, ORDER + 1n])('refuses the private key %i, which is not below the order', async (scalar) => {
    await expect(read('ECC_NIST_P256', pkcs8(scalar))).rejects.toThrow();
  });

  test.each<[spec: KeySpec, name: string, curve: string]>([
    ['ECC_NIST_P256', 'prime256v1', '1.2.840.10045.3.1.7'],
    ['ECC_NIST_P384', 'secp384r1', '1.3.132.0.34'],
    ['ECC_NIST_P521', 'secp521r1', '1.3.132.0.35'],
    ['ECC_SECG_P256K1', 'secp256k1', '1.3.132.0.10'],
  ])('of %s are one material in all encodings of PKCS#8', async (spec, name, curve) => {
    const pair = createECDH(name);
    pair.generateKeys();
    const bytes = { ECC_NIST_P384: 48, ECC_NIST_P521: 66 }[spec as string] ?? 32;
    const scalar = Buffer.concat([Buffer.alloc(bytes), pair.getPrivateKey()]).subarray(-bytes);
    /** ECPrivateKey of RFC 5915 section 3, in PKCS#8. */
    const encoding = (
      { parameters = false, point }: { parameters?: boolean; point?: Buffer },
      ...attributes: Buffer[]
    ) =>
      sequence(
        integer(0),
        sequence(oid('1.2.840.10045.2.1'), oid(curve)),
        octetString(
          sequence(
            ...[integer(1), octetString(scalar)],
            ...(parameters ? [encode(0xa0, oid(curve))] : []),
            ...(point ? [encode(0xa1, bitString(point))] : []),
          ),
        ),
        ...attributes,
      );
    const point = pair.getPublicKey();
    const compressed = pair.getPublicKey(null, 'compressed');
    const hybrid = pair.getPublicKey(null, 'hybrid');
    const expected = await identityOf(spec, encoding({ point }));
    for (const other of [
      encoding({}),
      encoding({ parameters: true }),
      encoding({ parameters: true, point }),
      encoding({ point: compressed }),
      encoding({ point: hybrid }),
      encoding({ point }, encode(0xa0, sequence(oid('1.2.840.113549.1.9.20'), encode(0x31, octetString(point))))),
    ])
      expect(await identityOf(spec, other)).toEqual(expected);

    const stranger = createECDH(name).generateKeys();
    await expect(read(spec, encoding({ point: stranger }))).rejects.toThrow(WRONG);
    const otherHalf = ECDH.convertKey(stranger, name, undefined, undefined, 'compressed') as Buffer;
    await expect(read(spec, encoding({ point: otherHalf }))).rejects.toThrow(WRONG);
  });

  test('refuses the parameters of a curve in place of its name', async () => {
    const command =
      'openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit | openssl pkcs8 -topk8 -nocrypt -outform DER';
    const given = execFileSync('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(createPrivateKey({ key: given, format: 'der', type: 'pkcs8' }).asymmetricKeyDetails).toEqual({
      namedCurve: 'prime256v1',
    });
    await expect(read('ECC_NIST_P256', given)).rejects.toThrow(
      new ValidationException('Key material of KeySpec ECC_NIST_P256 must name its curve instead of its parameters.'),
    );
  });
});
