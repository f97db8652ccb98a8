// Measures the cryptography of a call by itself.
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  randomFillSync,
  sign,
} from 'node:crypto';

const SECONDS = 0.3;
const KEY = createSecretKey(randomBytes(32));
const MESSAGE = Buffer.alloc(256, 'order ');
const AAD = Buffer.from('orders');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Bare calls to OpenSSL by the names of operations: AES-256-GCM with a random IV, and ECDSA. */
const BARE = {
  'KMS Encrypt of 256 bytes': () => encrypt(MESSAGE),
  'KMS Decrypt of 256 bytes': decryption(MESSAGE),
  'KMS GenerateDataKey': () => encrypt(randomBytes(32)),
  'KMS Sign, ECDSA with P-256': () => sign('sha256', MESSAGE, privateKey),
};

function encrypt(plaintext) {
  const iv = randomFillSync(Buffer.allocUnsafe(12));
  const cipher = createCipheriv('aes-256-gcm', KEY, iv).setAAD(AAD);
  return { iv, ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final()]), tag: cipher.getAuthTag() };
}

function decryption(plaintext) {
  const { iv, ciphertext, tag } = encrypt(plaintext);
  return () => {
    const decipher = createDecipheriv('aes-256-gcm', KEY, iv).setAAD(AAD).setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  };
}

/** @returns the CPU time of the bare calls in microseconds, or undefined for an operation without a row */
export function bareMicroseconds(name) {
  const call = BARE[name];
  if (!call) return undefined;
  let calls = 0;
  const [begin, before] = [performance.now(), process.cpuUsage()];
  for (; performance.now() < begin + SECONDS * 1000; calls++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
