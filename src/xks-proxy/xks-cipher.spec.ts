import vectors from '../../test/vectors/xks-proxy.json' with { type: 'json' };
import { randomBytes } from 'node:crypto';
import { HeldKey } from '../crypto/held-key.js';
import { integrityValue, materialOf, open, seal, type Sealed } from './xks-cipher.js';

interface Vector extends Record<keyof Sealed, string> {
  id: number;
  comment: string;
  result: string;
  material: string;
  materialId: string;
  plaintext: string;
  aad: string;
  random?: string;
  integrityValue?: string;
}

const hex = (text: string) => Buffer.from(text, 'hex');
const held = (material: string) => new HeldKey(hex(material));
const sealedOf = (vector: Record<keyof Sealed, string>): Sealed => ({
  ciphertext: hex(vector.ciphertext),
  initializationVector: hex(vector.initializationVector),
  authenticationTag: hex(vector.authenticationTag),
  ciphertextMetadata: hex(vector.ciphertextMetadata),
});
const tests: Vector[] = vectors.tests;
const valid = tests.filter(({ result }) => result === 'valid');
const invalid = tests.filter(({ result }) => result !== 'valid');

describe(`seal and open, ${vectors.source}`, () => {
  test('the vectors refuse more than they accept', () => {
    expect({ valid: valid.length, invalid: invalid.length }).toEqual({ valid: 4, invalid: 19 });
  });

  test.each(valid)('#$id seals: $comment', ({ random = '', ...vector }) => {
    const { materialId, plaintext, aad, material } = vector;
    const sealed = seal({ materialId, held: held(material) }, hex(plaintext), hex(aad), hex(random));
    expect(sealed).toEqual(sealedOf(vector));
    expect(integrityValue(sealed, hex(aad)).toString('hex')).toBe(vector.integrityValue);
  });

  test.each(valid)('#$id opens: $comment', (vector) => {
    const sealed = sealedOf(vector);
    expect(materialOf(sealed)).toBe(vector.materialId.slice(0, 12));
    expect(open(held(vector.material), sealed, hex(vector.aad)).toString('hex')).toBe(vector.plaintext);
  });

  test.each(invalid)('#$id does not open: $comment', (vector) => {
    const opening = () => open(held(vector.material), sealedOf(vector), hex(vector.aad));
    expect(opening).toThrow(expect.objectContaining({ name: vector.result, status: 400 }));
  });

  test.each(['', '01', `02${'00'.repeat(14)}`, `01${'00'.repeat(15)}`, `00${'00'.repeat(14)}`])(
    'metadata %s name no material',
    (metadata) => {
      expect(materialOf({ ciphertextMetadata: hex(metadata) })).toBeUndefined();
    },
  );

  test('each message has its own nonce and IV', () => {
    const material = { materialId: 'ab'.repeat(32), held: new HeldKey(randomBytes(32)) };
    const sealed = Array.from({ length: 100 }, () => seal(material, Buffer.from('same'), Buffer.alloc(0)));
    for (const part of ['ciphertext', 'initializationVector', 'authenticationTag', 'ciphertextMetadata'] as const)
      expect(new Set(sealed.map((each) => each[part].toString('hex'))).size).toBe(100);
  });
});

test(`the integrity value, ${vectors.integrityValue.source}`, () => {
  const { aad, integrityValue: expected, ...parts } = vectors.integrityValue;
  expect(integrityValue(sealedOf(parts), hex(aad)).toString('hex')).toBe(expected);
  const shifted = { ...parts, ciphertext: `${parts.ciphertext}00` };
  expect(integrityValue(sealedOf(shifted), hex(aad)).toString('hex')).not.toBe(expected);
});
