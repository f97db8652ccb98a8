import { createSecretKey, generateKeyPairSync, verify } from 'node:crypto';
import { CryptoThread, MAX_WAITING } from './crypto-thread.js';

const thread = new CryptoThread();
afterAll(() => thread.onApplicationShutdown());

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const message = { bytes: Buffer.from('a message'), type: 'RAW' } as const;
const refusal = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;

test('the thread computes with keys and buffers, which the caller keeps', async () => {
  const signature = await thread.run('signMessage', 'RSASSA_PKCS1_V1_5_SHA_256', privateKey, message);
  expect(Buffer.isBuffer(signature)).toBe(true);
  expect(verify('sha256', message.bytes, publicKey, signature)).toBe(true);
  expect(message.bytes.toString()).toBe('a message');
});

test('concurrent computations have separate results', async () => {
  const seeds = Array.from({ length: 5 }, (_, i) => createSecretKey(Buffer.alloc(64, i)));
  const publicKeys = await Promise.all(seeds.map((seed) => thread.run('postQuantumPublicKey', 'ML_KEM_512', seed)));
  const secrets = await Promise.all(
    publicKeys.map(async (spki, i) => {
      const { sharedSecret, ciphertext } = await thread.run('mlKemEncapsulate', 'ML_KEM_512', spki);
      const recovered = await thread.run('mlKemDecapsulate', 'ML_KEM_512', seeds[i]!, ciphertext);
      expect(recovered).toEqual(sharedSecret);
      return recovered.toString('hex');
    }),
  );
  expect(new Set(secrets).size).toBe(5);
});

test('an input that a computation refuses is refused with the same error', async () => {
  const ciphertext = Buffer.alloc(256, 1);
  await expect(thread.run('rsaDecrypt', privateKey, 'OAEP_SHA256', ciphertext)).rejects.toEqual(
    refusal('DECRYPTION_FAILED'),
  );
  await expect(thread.run('rsaDecrypt', privateKey, 'OAEP_SHA256', Buffer.alloc(1))).rejects.toEqual(
    refusal('DATA_LENGTH'),
  );
});

test('another error of a computation is reported, and the thread continues', async () => {
  const wrong = createSecretKey(Buffer.alloc(32));
  await expect(thread.run('signMessage', 'ECDSA_SHA_256', wrong, message)).rejects.toThrow();
  expect(await thread.run('verifyMessage', 'RSASSA_PSS_SHA_256', publicKey, message, Buffer.alloc(256))).toBe(false);
});

test('the event loop is not blocked while the thread computes', async () => {
  const seed = createSecretKey(Buffer.alloc(32, 1));
  /** Signs once. @returns how often the event loop turned meanwhile */
  const turnsOfSigning = async () => {
    const state = { isSigned: false };
    const signing = thread.run('signMessage', 'ML_DSA_87', seed, message).then(() => (state.isSigned = true));
    let turns = 0;
    while (!state.isSigned) {
      await new Promise(setImmediate);
      turns++;
    }
    await signing;
    return turns;
  };
  // The thread signs in a millisecond, for which this one may have no processor.
  let turns = 0;
  for (let i = 0; i < 100 && turns < 2; i++) turns = await turnsOfSigning();
  expect(turns).toBeGreaterThan(1);
});

test('when a thread ends, waiting computations fail, and the next computation starts another thread', async () => {
  const ended = new CryptoThread();
  const seed = createSecretKey(Buffer.alloc(32, 1));
  const waiting = ended.run('signMessage', 'ML_DSA_87', seed, message);
  const failing = expect(waiting).rejects.toThrow('The crypto thread ended');
  await ended.onApplicationShutdown();
  await failing;
  expect(await ended.run('postQuantumPublicKey', 'ML_DSA_44', seed)).toHaveLength(1334);
  await ended.onApplicationShutdown();
});

test('the thread accepts a limited number of computations, and more only when one of them ends', async () => {
  const secret = createSecretKey(Buffer.alloc(32, 1));
  const compute = () => thread.run('postQuantumPublicKey', 'ML_DSA_44', secret);
  const taken = Array.from({ length: MAX_WAITING }, compute);
  expect(thread.waiting).toBe(MAX_WAITING);
  await expect(compute()).rejects.toMatchObject({ name: 'BusyError' });
  expect(thread.waiting).toBe(MAX_WAITING);
  await taken[0];
  expect(await compute()).toHaveLength(1334);
  expect(new Set((await Promise.all(taken)).map((publicKey) => publicKey.toString('hex'))).size).toBe(1);
  expect(thread.waiting).toBe(0);
});

test('a thread that was never used ends', async () => {
  await new CryptoThread().onApplicationShutdown();
});
