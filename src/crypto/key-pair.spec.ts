import { createPrivateKey, createPublicKey } from 'node:crypto';
import { BusyError } from './errors.js';
import { generateEcPair, generateEd25519Pair, generateRsaPair, type KeyPair, MAX_WAITING } from './key-pair.js';

const detailsOf = ({ privateKey, publicKey }: KeyPair) => {
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
  expect(createPublicKey(key).export({ format: 'der', type: 'spki' })).toEqual(publicKey);
  return { type: key.asymmetricKeyType, ...key.asymmetricKeyDetails };
};

test('an RSA pair has the exponent 65537', async () => {
  expect(detailsOf(await generateRsaPair(2048))).toEqual({
    type: 'rsa',
    modulusLength: 2048,
    publicExponent: 65537n,
  });
});

test.each(['prime256v1', 'secp384r1', 'secp521r1', 'secp256k1'])('a pair on %s', async (namedCurve) => {
  expect(detailsOf(await generateEcPair(namedCurve))).toEqual({ type: 'ec', namedCurve });
});

test('an Ed25519 pair', async () => {
  const pair = await generateEd25519Pair();
  expect(detailsOf(pair)).toEqual({ type: 'ed25519' });
  expect(pair.publicKey).toHaveLength(44);
});

test('pairs differ', async () => {
  expect((await generateEd25519Pair()).privateKey).not.toEqual((await generateEd25519Pair()).privateKey);
});

test('many RSA pairs leave room for other pairs', async () => {
  let generated = 0;
  const pairs = Array.from({ length: 12 }, () => generateRsaPair(2048).then(() => generated++));
  await generateEcPair('prime256v1');
  expect(generated).toBeLessThan(8);
  await Promise.all(pairs);
});

test('more RSA pairs than may wait are refused, and room is left once they are generated', async () => {
  const pairs = Array.from({ length: MAX_WAITING + 2 }, () => generateRsaPair(1024));
  await expect(generateRsaPair(1024)).rejects.toThrow(BusyError);
  await Promise.all(pairs);
  expect(detailsOf(await generateRsaPair(1024)).modulusLength).toBe(1024);
});

test('RSA pairs that fail leave room for others', async () => {
  const failing = Array.from({ length: 5 }, () => generateRsaPair(-1));
  const results = await Promise.allSettled(failing);
  expect(results.map(({ status }) => status)).toEqual(Array.from(failing, () => 'rejected'));
  expect(detailsOf(await generateRsaPair(2048)).modulusLength).toBe(2048);
});

test('an unknown curve is refused', async () => {
  await expect(generateEcPair('a curve')).rejects.toThrow();
});
