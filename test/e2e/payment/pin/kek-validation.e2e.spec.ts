import { createDecipheriv } from 'node:crypto';
import { K0, usePins } from '../../../support/pin.js';
import { vectors, hex } from '../../../support/vectors.js';

const { key, expectOk, expectInvalid } = usePins();

describe('GenerateAs2805KekValidation', () => {
  interface KekValidation {
    id: string;
    operation: string;
    inputs: { kek: string; randomKeySendVariantMask: string; randomKeySend?: string; randomKey?: string };
    expected: { randomKeySend: string; randomKeyReceive: string; keyCheckValue?: string };
  }

  const exchange = (vectors('as2805-exchange') as unknown as KekValidation[]).filter(({ operation }) =>
    operation.startsWith('GenerateAs2805KekValidation'),
  );
  const walked = vectors<{ kek: string; kcv: string; expected: KekValidation['expected'] }>(
    'as2805',
    'AS2805 KEK validation, VARIANT_MASK_82',
  ).map(({ id, kek, kcv, expected }) => ({
    id,
    inputs: { kek, randomKeySendVariantMask: 'VARIANT_MASK_82' },
    expected: { ...expected, keyCheckValue: kcv },
  }));

  test.each([...exchange, ...walked])(
    '$id: computes the response only from the random key of the request',
    async ({ inputs, expected }) => {
      const { arn } = await key(K0, inputs.kek);
      for (const RandomKeySend of [expected.randomKeySend, expected.randomKeySend.toLowerCase()])
        expect(
          await expectOk('as2805kekvalidation/generate', {
            KeyIdentifier: arn,
            KekValidationType: { KekValidationResponse: { RandomKeySend } },
            RandomKeySendVariantMask: inputs.randomKeySendVariantMask,
          }),
        ).toEqual({
          KeyArn: arn,
          KeyCheckValue: expected.keyCheckValue,
          RandomKeySend: expected.randomKeySend,
          RandomKeyReceive: expected.randomKeyReceive,
        });
    },
  );

  const MASKS = [
    ['VARIANT_MASK_82', '82', '84'],
    ['VARIANT_MASK_82C0', '82C0', '84C0'],
  ] as const;
  const KEK = '4F29F74CB91010B94667804C6B61C25D';
  const request = async (KekValidationRequest: object, mask = 'VARIANT_MASK_82') => ({
    KeyIdentifier: (await key(K0, KEK)).arn,
    KekValidationType: { KekValidationRequest },
    RandomKeySendVariantMask: mask,
  });

  /** Decrypts a random key under a mask of the KEK, with OpenSSL. */
  function clearOf(cryptogram: string, mask: string): Buffer {
    const masked = Buffer.from(hex(KEK).map((byte, i) => byte ^ hex(mask)[i % (mask.length / 2)]!));
    return createDecipheriv('des-ede-cbc', masked, Buffer.alloc(8)).setAutoPadding(false).update(hex(cryptogram));
  }

  test.each([
    ['TDES_2KEY', undefined, 16],
    ['TDES_3KEY', undefined, 24],
    ['TDES_2KEY', 'BYTES_8', 8],
    ['TDES_2KEY', 'BYTES_16', 16],
    ['TDES_2KEY', 'BYTES_24', 16],
    ['TDES_3KEY', 'BYTES_8', 8],
    ['TDES_3KEY', 'BYTES_16', 16],
    ['TDES_3KEY', 'BYTES_24', 24],
  ])(
    'a request for %s and %s generates a random key of %i bytes and its inverse',
    async (DeriveKeyAlgorithm, RandomKeyMaxLength, bytes) => {
      for (const [mask, send, receive] of MASKS) {
        const { RandomKeySend, RandomKeyReceive } = await expectOk(
          'as2805kekvalidation/generate',
          await request({ DeriveKeyAlgorithm, RandomKeyMaxLength }, mask),
        );
        const randomKey = clearOf(RandomKeySend!, send);
        expect(randomKey).toHaveLength(bytes);
        const inverse = clearOf(RandomKeyReceive!, receive);
        for (const [i, byte] of randomKey.entries()) {
          expect(byte.toString(2).replaceAll('0', '').length % 2).toBe(1);
          expect(inverse[i]! & 0xfe).toBe(~byte & 0xfe);
          expect(inverse[i]!.toString(2).replaceAll('0', '').length % 2).toBe(1);
        }
      }
    },
  );

  test('a request generates a different random key each time, with its own expected response', async () => {
    const input = await request({ DeriveKeyAlgorithm: 'TDES_2KEY' });
    const sent = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const { RandomKeySend, RandomKeyReceive } = await expectOk('as2805kekvalidation/generate', input);
      sent.add(RandomKeySend!);
      const response = { ...input, KekValidationType: { KekValidationResponse: { RandomKeySend } } };
      expect((await expectOk('as2805kekvalidation/generate', response))['RandomKeyReceive']).toBe(RandomKeyReceive);
    }
    expect(sent.size).toBe(10);
  });

  const REQUEST_2KEY = { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY' } };
  const RESPONSE = { KekValidationResponse: { RandomKeySend: '0'.repeat(32) } };
  test.each([
    [
      'AES',
      { KekValidationRequest: { DeriveKeyAlgorithm: 'AES_128' } },
      'The DeriveKeyAlgorithm AES_128 is invalid for a KEK validation: use TDES_2KEY or TDES_3KEY.',
    ],
    [
      'HMAC',
      { KekValidationRequest: { DeriveKeyAlgorithm: 'HMAC_SHA256', RandomKeyMaxLength: 'BYTES_16' } },
      'The DeriveKeyAlgorithm HMAC_SHA256 is invalid',
    ],
    ['a missing algorithm', { KekValidationRequest: {} }, 'DeriveKeyAlgorithm is required'],
    [
      'a maximum length of 32 bytes',
      { KekValidationRequest: { DeriveKeyAlgorithm: 'TDES_2KEY', RandomKeyMaxLength: 'BYTES_32' } },
      'RandomKeyMaxLength must be one of',
    ],
    [
      'a random key of 12 bytes',
      { KekValidationResponse: { RandomKeySend: '0'.repeat(24) } },
      'RandomKeySend must be 16, 32 or 48',
    ],
    ['both types', { ...REQUEST_2KEY, ...RESPONSE }, '/KekValidationType must have exactly one member'],
    ['a missing type', {}, '/KekValidationType must have exactly one member'],
  ])('rejects %s', async (_, KekValidationType, message) => {
    await expectInvalid('as2805kekvalidation/generate', { ...(await request({})), KekValidationType }, message);
  });
});
