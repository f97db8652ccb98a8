import { generateKeyPairSync } from 'node:crypto';
import {
  auditKeyId,
  type AuditPublicKey,
  AuditSigningKey,
  pemOf,
  successionOf,
  TrustedAuditKeys,
} from './signing-key.js';

/** A series of keys, each signed by the one before it. */
function series(length: number): { keys: AuditPublicKey[]; signing: AuditSigningKey[] } {
  const keys: AuditPublicKey[] = [];
  const signing: AuditSigningKey[] = [];
  for (let number = 1; number <= length; number++) {
    const { publicKey: object, privateKey } = generateKeyPairSync('ed25519');
    const publicKey = object.export({ format: 'der', type: 'spki' });
    const key = { id: auditKeyId(publicKey), number, publicKey };
    keys.push({ ...key, signature: signing.at(-1)?.sign(successionOf(key)) ?? null });
    signing.push(new AuditSigningKey([...keys], privateKey));
  }
  return { keys, signing };
}

const { keys, signing } = series(3);
const [first, second, third] = keys as [AuditPublicKey, AuditPublicKey, AuditPublicKey];
const bytes = Buffer.from('a manifest');

test('a signature verifies only under its own key', () => {
  const trusted = new TrustedAuditKeys(keys.map((key) => `Key ${key.number}\n${pemOf(key)}`).join(''));
  for (const key of signing) {
    const signature = key.sign(bytes);
    for (const { id } of keys) expect(trusted.verifies(id, bytes, signature)).toBe(id === key.keyId);
    expect(trusted.verifies(key.keyId, Buffer.from('another'), signature)).toBe(false);
    expect(trusted.verifies(key.keyId, bytes, signature.subarray(1))).toBe(false);
  }
});

test('a successor is trusted if a trusted key has signed it', () => {
  const trusted = new TrustedAuditKeys(pemOf(first));
  expect([trusted.has(first.id), trusted.has(third.id)]).toEqual([true, false]);
  trusted.accept(keys);
  expect(trusted.verifies(third.id, bytes, signing[2]!.sign(bytes))).toBe(true);
});

const other = series(3);
test.each<[what: string, keys: AuditPublicKey[]]>([
  ['without its predecessor', [third]],
  ['after a key that is not its predecessor', [first, third]],
  ['without a signature', [first, { ...second, signature: null }]],
  ['with another number', [first, { ...second, number: 3 }]],
  ['with another public key', [first, { ...second, publicKey: other.keys[1]!.publicKey }]],
  ['signed by a stranger', [first, { ...second, signature: other.signing[0]!.sign(successionOf(second)) }]],
  ['under the id of another', [first, { ...other.keys[1]!, id: second.id }]],
  ['of a stranger', other.keys],
])('a key is not trusted %s', (_, claimed) => {
  const trusted = new TrustedAuditKeys(pemOf(first));
  trusted.accept(claimed);
  for (const { id } of [second, third, ...other.keys]) expect(trusted.has(id)).toBe(false);
});

test.each([
  ['nothing', '', 'no public key'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', 'no public key'],
  [
    'a key of another algorithm',
    pemOf({
      publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' }),
    }),
    'not of Ed25519',
  ],
])('%s is refused', (_, pem, message) => {
  expect(() => new TrustedAuditKeys(pem)).toThrow(message);
});
