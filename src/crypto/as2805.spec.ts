import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import {
  kekValidationRequest,
  kekValidationResponse,
  type KekValidationMask,
  transactionPinKey,
  unwrapWorkingKey,
  type WorkingKeyVariant,
  wrapWorkingKey,
} from './as2805.js';
import { toHex, xor } from './bytes.js';
import { generateTdesKey, tdes, withOddParity } from './des.js';
import { kcvEcb } from './kcv.js';
import { decryptPinBlock, encryptPinBlock } from './pin-block.js';

const code = (expected: string) => expect.objectContaining({ name: 'CryptoError', code: expected }) as Error;
const bytes = (...lengths: number[]) =>
  fc
    .constantFrom(...lengths)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b)));

const MASKS: KekValidationMask[] = ['VARIANT_MASK_82', 'VARIANT_MASK_82C0'];
const VARIANTS: WorkingKeyVariant[] = [
  'PIN_ENCRYPTION_KEY_VARIANT_28',
  'MESSAGE_AUTHENTICATION_KEY_VARIANT_24',
  'DATA_ENCRYPTION_KEY_VARIANT_22',
  'TERMINAL_MAJOR_KEY_VARIANT_00',
];
const KEK = hex('0123456789ABCDEFFEDCBA9876543210');

function kcv(key: Buffer): string {
  using cipher = tdes(key);
  return toHex(kcvEcb(cipher));
}

function decryptedEcb(key: Buffer, blocks: string): string {
  using cipher = tdes(key);
  return toHex(cipher.decrypt(hex(blocks)));
}

/** Translates a format 0 PIN block from a transaction key to another key. */
function translatedPinBlock(
  kpe: Buffer,
  { encryptedPinBlock, pan, outgoingKey }: { encryptedPinBlock: string; pan: string; outgoingKey: string },
) {
  using incoming = tdes(kpe);
  using outgoing = tdes(hex(outgoingKey));
  const pin = decryptPinBlock(incoming, 0, { block: hex(encryptedPinBlock), pan });
  return { pin, translated: toHex(encryptPinBlock(outgoing, 0, { pin, pan })) };
}

interface ExchangeVector<I, E> {
  operation: string;
  why: string;
  inputs: I;
  expected: E;
}

const exchange = <I, E>(operation: string) =>
  vectors<ExchangeVector<I, E>>('as2805-exchange').filter((vector) => vector.operation === operation);

type Strings<K extends string> = Record<K, string>;

describe('KEK validation', () => {
  test.each(
    exchange<
      Strings<'kek' | 'randomKey'> & { randomKeySendVariantMask: KekValidationMask },
      Strings<'randomKeySend' | 'randomKeyReceive' | 'keyCheckValue'>
    >('GenerateAs2805KekValidation.KekValidationRequest'),
  )('matches $id: $why', ({ inputs, expected }) => {
    const how = { kek: hex(inputs.kek), mask: inputs.randomKeySendVariantMask };
    const { randomKeySend, randomKeyReceive } = kekValidationRequest(how, hex(inputs.randomKey));
    expect(toHex(randomKeySend)).toBe(expected.randomKeySend);
    expect(toHex(randomKeyReceive)).toBe(expected.randomKeyReceive);
    expect(toHex(kekValidationResponse(how, randomKeySend))).toBe(expected.randomKeyReceive);
    expect(kcv(how.kek)).toBe(expected.keyCheckValue);
  });

  test.each(
    exchange<
      Strings<'kek' | 'randomKeySend'> & { randomKeySendVariantMask: KekValidationMask },
      Strings<'randomKeyReceive'>
    >('GenerateAs2805KekValidation.KekValidationResponse'),
  )('matches $id: $why', ({ inputs, expected }) => {
    const how = { kek: hex(inputs.kek), mask: inputs.randomKeySendVariantMask };
    expect(toHex(kekValidationResponse(how, hex(inputs.randomKeySend)))).toBe(expected.randomKeyReceive);
  });

  test.each(
    vectors<Strings<'kek' | 'kcv' | 'rnd'> & { expected: Strings<'randomKeySend' | 'randomKeyReceive'> }>(
      'as2805',
      'AS2805 KEK validation, VARIANT_MASK_82',
    ),
  )('matches $id: $source', ({ kek, rnd, kcv: expectedKcv, expected }) => {
    const how = { kek: hex(kek), mask: 'VARIANT_MASK_82' } as const;
    const { randomKeySend, randomKeyReceive } = kekValidationRequest(how, hex(rnd));
    expect(toHex(randomKeySend)).toBe(expected.randomKeySend);
    expect(toHex(randomKeyReceive)).toBe(expected.randomKeyReceive);
    expect(toHex(kekValidationResponse(how, hex(expected.randomKeySend)))).toBe(expected.randomKeyReceive);
    expect(kcv(how.kek)).toBe(expectedKcv);
  });

  test('the response equals the one that the request expects, for any random key', () => {
    fc.assert(
      fc.property(bytes(16, 24), fc.constantFrom(...MASKS), bytes(8, 16, 24), (kek, mask, randomKey) => {
        const { randomKeySend, randomKeyReceive } = kekValidationRequest({ kek, mask }, randomKey);
        expect(randomKeySend).toHaveLength(randomKey.length);
        expect(toHex(kekValidationResponse({ kek, mask }, randomKeySend))).toBe(toHex(randomKeyReceive));
      }),
    );
  });

  test('the response contains the inverted random key with odd parity, whatever the parity of the input', () => {
    fc.assert(
      fc.property(bytes(8, 16, 24), (randomKey) => {
        const { randomKeyReceive } = kekValidationRequest({ kek: KEK, mask: 'VARIANT_MASK_82' }, randomKey);
        using cipher = tdes(xor(KEK, Buffer.alloc(16, 0x84)));
        const inverse = cipher.decryptCbc(Buffer.alloc(8), randomKeyReceive);
        expect(toHex(inverse)).toBe(toHex(withOddParity(xor(randomKey, Buffer.alloc(randomKey.length, 0xff)))));
      }),
    );
  });

  test('the inverse of a random key with odd parity is its complement', () => {
    const randomKey = generateTdesKey(16);
    const { randomKeyReceive } = kekValidationRequest({ kek: KEK, mask: 'VARIANT_MASK_82C0' }, randomKey);
    using cipher = tdes(xor(KEK, Buffer.alloc(16, '84C0', 'hex')));
    expect(toHex(xor(cipher.decryptCbc(Buffer.alloc(8), randomKeyReceive), randomKey))).toBe('FF'.repeat(16));
  });

  test('another KEK or mask gives a different response', () => {
    const how = { kek: KEK, mask: 'VARIANT_MASK_82' } as const;
    const { randomKeySend, randomKeyReceive } = kekValidationRequest(how, generateTdesKey(16));
    for (const other of [
      { ...how, kek: generateTdesKey(16) },
      { ...how, mask: 'VARIANT_MASK_82C0' as const },
    ])
      expect(toHex(kekValidationResponse(other, randomKeySend))).not.toBe(toHex(randomKeyReceive));
  });

  test.each([0, 7, 9, 15, 23, 25, 32])('refuses a random key of %i bytes', (length) => {
    const how = { kek: KEK, mask: 'VARIANT_MASK_82' } as const;
    expect(() => kekValidationRequest(how, Buffer.alloc(length))).toThrow(code('DATA_LENGTH'));
    expect(() => kekValidationResponse(how, Buffer.alloc(length))).toThrow(code('DATA_LENGTH'));
  });

  test.each([0, 8, 15, 17, 32])('refuses a KEK of %i bytes', (length) => {
    const how = { kek: Buffer.alloc(length), mask: 'VARIANT_MASK_82' } as const;
    expect(() => kekValidationRequest(how, Buffer.alloc(16))).toThrow(code('KEY_LENGTH'));
    expect(() => kekValidationResponse(how, Buffer.alloc(16))).toThrow(code('KEY_LENGTH'));
  });
});

describe('working keys', () => {
  test.each(
    exchange<
      Strings<'kek' | 'key'> & { as2805KeyVariant: WorkingKeyVariant },
      Strings<'wrappedKeyCryptogram' | 'keyCheckValue'>
    >('As2805KeyCryptogram'),
  )('matches $id: $why', ({ inputs, expected }) => {
    const how = { kek: hex(inputs.kek), variant: inputs.as2805KeyVariant };
    expect(toHex(wrapWorkingKey(how, hex(inputs.key)))).toBe(expected.wrappedKeyCryptogram);
    const key = unwrapWorkingKey(how, hex(expected.wrappedKeyCryptogram));
    expect(toHex(key)).toBe(inputs.key);
    expect(kcv(key)).toBe(expected.keyCheckValue);
  });

  test.each(
    vectors<Strings<'kek' | 'variantMask' | 'workingKey'> & { expected: Strings<'wrappedKey' | 'kcv'> }>(
      'as2805',
      'AS2805 working key wrap, PIN key',
      'AS2805 working key wrap, data key',
      'AS2805 working key wrap, MAC key',
    ),
  )('matches $id: $algorithm', ({ kek, variantMask, workingKey, expected }) => {
    const how = { kek: hex(kek), variant: VARIANTS.find((v) => v.endsWith(variantMask.slice(0, 2)))! };
    expect(toHex(wrapWorkingKey(how, hex(workingKey)))).toBe(expected.wrappedKey);
    const key = unwrapWorkingKey(how, hex(expected.wrappedKey));
    expect(toHex(key)).toBe(workingKey);
    expect(kcv(key)).toBe(expected.kcv);
  });

  test('unwrapping inverts wrapping, bit for bit, without modifying the arguments', () => {
    fc.assert(
      fc.property(bytes(16, 24), fc.constantFrom(...VARIANTS), bytes(16, 24), (kek, variant, key) => {
        const before = [kek, key].map(toHex);
        expect(toHex(unwrapWorkingKey({ kek, variant }, wrapWorkingKey({ kek, variant }, key)))).toBe(toHex(key));
        expect([kek, key].map(toHex)).toEqual(before);
      }),
    );
  });

  test('a terminal major key is encrypted under the KEK itself', () => {
    fc.assert(
      fc.property(bytes(16), (key) => {
        const expected = createCipheriv('des-ede-cbc', KEK, Buffer.alloc(8)).setAutoPadding(false).update(key);
        const how = { kek: KEK, variant: 'TERMINAL_MAJOR_KEY_VARIANT_00' } as const;
        expect(toHex(wrapWorkingKey(how, key))).toBe(toHex(expected));
      }),
    );
  });

  test('each variant gives a different cryptogram for a key and a different key for a cryptogram', () => {
    const key = generateTdesKey(16);
    const cryptograms = VARIANTS.map((variant) => wrapWorkingKey({ kek: KEK, variant }, key));
    expect(new Set(cryptograms.map(toHex)).size).toBe(4);
    const keys = VARIANTS.map((variant) => unwrapWorkingKey({ kek: KEK, variant }, cryptograms[0]!));
    expect(keys.map((other) => toHex(other) === toHex(key))).toEqual([true, false, false, false]);
  });

  test.each([0, 8, 15, 17, 23, 32])('refuses a working key, a cryptogram and a KEK of %i bytes', (length) => {
    for (const variant of VARIANTS) {
      expect(() => wrapWorkingKey({ kek: KEK, variant }, Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
      expect(() => unwrapWorkingKey({ kek: KEK, variant }, Buffer.alloc(length))).toThrow(code('KEY_LENGTH'));
      const short = { kek: Buffer.alloc(length), variant };
      expect(() => wrapWorkingKey(short, Buffer.alloc(16))).toThrow(code('KEY_LENGTH'));
      expect(() => unwrapWorkingKey(short, Buffer.alloc(16))).toThrow(code('KEY_LENGTH'));
    }
  });
});

describe('the PIN key of a transaction', () => {
  test.each(
    exchange<
      Strings<
        | 'pinProtectionKey'
        | 'systemTraceAuditNumber'
        | 'transactionAmount'
        | 'primaryAccountNumber'
        | 'encryptedPinBlock'
        | 'outgoingKey'
      >,
      Strings<'derivedPinKey' | 'clearPinBlock' | 'pin' | 'pinBlock' | 'outgoingKeyCheckValue'>
    >('TranslatePinData.IncomingAs2805Attributes'),
  )('matches $id: $why', ({ inputs, expected }) => {
    const transaction = { stan: inputs.systemTraceAuditNumber, amount: inputs.transactionAmount };
    const kpe = transactionPinKey(hex(inputs.pinProtectionKey), transaction);
    expect(toHex(kpe)).toBe(expected.derivedPinKey);
    expect(decryptedEcb(kpe, inputs.encryptedPinBlock)).toBe(expected.clearPinBlock);
    const { pin, translated } = translatedPinBlock(kpe, { ...inputs, pan: inputs.primaryAccountNumber });
    expect(pin).toBe(expected.pin);
    expect(translated).toBe(expected.pinBlock);
    expect(kcv(hex(inputs.outgoingKey))).toBe(expected.outgoingKeyCheckValue);
  });

  test.each(
    vectors<
      Strings<'kpp' | 'stan' | 'amount' | 'pan' | 'pin' | 'outgoingKey'> & {
        expected: Strings<'kpe' | 'pinBlock' | 'encryptedPinBlock' | 'translatedPinBlock'>;
      }
    >('as2805', 'AS2805 PIN key derivation and translation'),
  )('matches $id: $source', ({ kpp, stan, amount, pan, pin, outgoingKey, expected }) => {
    const kpe = transactionPinKey(hex(kpp), { stan, amount });
    expect(toHex(kpe)).toBe(expected.kpe);
    expect(decryptedEcb(kpe, expected.encryptedPinBlock)).toBe(expected.pinBlock);
    const { encryptedPinBlock } = expected;
    expect(translatedPinBlock(kpe, { encryptedPinBlock, pan, outgoingKey })).toEqual({
      pin,
      translated: expected.translatedPinBlock,
    });
  });

  test('matches a known answer under 0123456789ABCDEFFEDCBA9876543210', () => {
    const kpe = transactionPinKey(KEK, { stan: '123456', amount: '000000012345' });
    expect(toHex(kpe)).toBe('533C02ECFAA712302F14312F0EF6D46C');
  });

  test('is derived by two passes of the one-way function', () => {
    fc.assert(
      fc.property(
        bytes(16, 24),
        fc.stringMatching(/^[0-9]{6}$/),
        fc.stringMatching(/^[0-9]{12}$/),
        (kpp, stan, amount) => {
          const data = hex(`${stan}00000000000000${amount}`);
          using cipher = tdes(kpp);
          const m = cipher.encryptCbc(Buffer.alloc(8), data).subarray(8);
          expect(toHex(transactionPinKey(kpp, { stan, amount }))).toBe(toHex(xor(cipher.encryptCbc(m, data), data)));
        },
      ),
    );
  });

  test.each(['', '12345', '1234567', '12345A', ' 12345', '12345\n', '１23456'])('refuses the STAN %j', (stan) => {
    expect(() => transactionPinKey(KEK, { stan, amount: '000000012345' })).toThrow(code('DIGITS'));
  });

  test.each(['', '00000001234', '0000000123456', '00000001234.', '-00000012345', '000000012345\n'])(
    'refuses the amount %j',
    (amount) => {
      expect(() => transactionPinKey(KEK, { stan: '123456', amount })).toThrow(code('DIGITS'));
    },
  );

  test.each([0, 8, 15, 17, 32])('refuses a KPP of %i bytes', (length) => {
    const transaction = { stan: '123456', amount: '000000012345' };
    expect(() => transactionPinKey(Buffer.alloc(length), transaction)).toThrow(code('KEY_LENGTH'));
  });
});
