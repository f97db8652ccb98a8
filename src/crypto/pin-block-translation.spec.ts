import fc from 'fast-check';
import { hex, vectors } from '../../test/support/vectors.js';
import { aes } from './aes.js';
import { toHex } from './bytes.js';
import { tdes } from './des.js';
import { aesWorkingKey, type AesDukptKeyType } from './dukpt/aes.js';
import { tdesWorkingKey } from './dukpt/tdes.js';
import {
  decryptPinBlock,
  encryptPinBlock,
  type PinBlockFormat,
  type PinBlockSide,
  translatePinBlock,
  translateWithLength,
} from './pin-block.js';

interface TranslationVector {
  incomingFormat: PinBlockSide['format'];
  outgoingFormat: PinBlockSide['format'];
  pan: string;
  incomingKey?: string;
  incomingBdk?: string;
  incomingKsn?: string;
  incomingDerivationType?: AesDukptKeyType;
  incomingPinBlock: string;
  outgoingKey?: string;
  outgoingBdk?: string;
  outgoingKsn?: string;
  expected: { pin: string; outgoingPinBlock?: string; exampleOutgoingPinBlock?: string };
}

const FORMATS: PinBlockFormat[] = [0, 1, 2, 3, 4];
const PAN = '5555555551234567';
const tdesKey = hex('52839ECD0243FB26D3C1FE3243163283');
const aesKey = hex('0E98318106D0B1865DEED075C22159A5');

const refused = (code: string) => expect.objectContaining({ name: 'CryptoError', code }) as Error;
const undecodable = expect.objectContaining({
  code: 'PIN_BLOCK',
  message: 'Pin block provided is invalid. Please check your input to ensure all field values are correct.',
});
const digits = (min: number, max = min) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const cipherFor = (format: PinBlockFormat, key = format === 4 ? aesKey : tdesKey) =>
  format === 4 ? aes(key) : tdes(key);

describe('PIN block translation', () => {
  const translations = vectors<TranslationVector>(
    'pinblock',
    'PIN block translation',
    'PIN block translation, TDES DUKPT to static key',
    'PIN block translation, AES DUKPT (AES-128 working key) to static key',
    'PIN block translation, AES DUKPT (2-key TDES working key) to static key',
    'PIN block translation, static key to TDES DUKPT',
  );

  const pinKey = (key?: string, bdk?: string, ksn?: string, keyType?: AesDukptKeyType) => {
    if (key !== undefined) return hex(key);
    const base = { bdk: hex(bdk!), ksn: hex(ksn!) };
    return keyType
      ? aesWorkingKey({ ...base, usage: 'PIN_ENCRYPTION', keyType })
      : tdesWorkingKey({ ...base, usage: 'PIN' });
  };

  test.each(translations)('matches $id, $incomingFormat to $outgoingFormat: $source', (vector) => {
    const { incomingFormat, outgoingFormat, pan, expected } = vector;
    using incoming = cipherFor(
      incomingFormat,
      pinKey(vector.incomingKey, vector.incomingBdk, vector.incomingKsn, vector.incomingDerivationType),
    );
    using outgoing = cipherFor(outgoingFormat, pinKey(vector.outgoingKey, vector.outgoingBdk, vector.outgoingKsn));

    const given = hex(vector.incomingPinBlock);
    expect(decryptPinBlock(incoming, incomingFormat, { block: given, pan })).toBe(expected.pin);
    const block = translatePinBlock(
      given,
      { cipher: incoming, format: incomingFormat, pan },
      { cipher: outgoing, format: outgoingFormat, pan },
    );
    if (expected.outgoingPinBlock !== undefined) expect(toHex(block)).toBe(expected.outgoingPinBlock);
    for (const valid of [toHex(block), expected.exampleOutgoingPinBlock ?? expected.outgoingPinBlock!])
      expect(decryptPinBlock(outgoing, outgoingFormat, { block: hex(valid), pan })).toBe(expected.pin);
    expect(toHex(given)).toBe(vector.incomingPinBlock);
  });

  /** Builds a block with PIN 1234 and both sides of its translation, each with its own key. */
  function translation(
    from: PinBlockSide['format'],
    to: PinBlockSide['format'],
    pans: [string?, string?] = [PAN, PAN],
  ) {
    const incoming = cipherFor(from);
    const outgoing = cipherFor(to, hex(to === 4 ? '11'.repeat(16) : `${'23'.repeat(8)}${'45'.repeat(8)}`));
    const block = encryptPinBlock(incoming, from, { pin: '1234', pan: PAN });
    return () =>
      translatePinBlock(
        block,
        { cipher: incoming, format: from, pan: pans[0] },
        { cipher: outgoing, format: to, pan: pans[1] },
      );
  }

  test.each([0, 3, 4] as const)('refuses to translate format %i to format 1, which would remove the PAN', (from) => {
    expect(translation(from, 1)).toThrow(refused('MODE'));
    expect(translation(from, 1, [PAN, undefined])).toThrow(refused('MODE'));
  });

  test.each(([0, 3, 4] as const).flatMap((from) => ([0, 3, 4] as const).map((to) => [from, to] as const)))(
    'refuses to change the PAN, even its check digit, when translating format %i to format %i',
    (from, to) => {
      for (const pan of [`${PAN.slice(0, -1)}0`, PAN.replace('5', '4'), `5${PAN}`, undefined]) {
        expect(translation(from, to, [PAN, pan])).toThrow(refused('PAN'));
        expect(translation(from, to, [pan, PAN])).toThrow(refused('PAN'));
      }
      expect(translation(from, to, [undefined, undefined])).toThrow(refused('PAN'));
    },
  );

  test('translates format 1 with any PAN or none', () => {
    using reading = tdes(hex(`${'23'.repeat(8)}${'45'.repeat(8)}`));
    for (const to of [0, 3] as const) {
      const block = translation(1, to, [undefined, '4000001234567899'])();
      expect(decryptPinBlock(reading, to, { block, pan: '4000001234567899' })).toBe('1234');
    }
    expect(decryptPinBlock(reading, 1, { block: translation(1, 1, [])() })).toBe('1234');
    expect(translation(1, 0, [PAN, undefined])).toThrow(refused('PAN'));
  });

  test('translates Diebold blocks, which have no PAN, to every format', () => {
    for (const to of [0, 1, 3, 4, 'DIEBOLD'] as const) {
      using reading = cipherFor(to, hex(to === 4 ? '11'.repeat(16) : `${'23'.repeat(8)}${'45'.repeat(8)}`));
      const block = translation('DIEBOLD', to, [undefined, PAN])();
      expect(decryptPinBlock(reading, to, { block, pan: PAN })).toBe('1234');
    }
    expect(translation('DIEBOLD', 0, [PAN, undefined])).toThrow(refused('PAN'));
  });

  test.each([0, 1, 3, 4] as const)('refuses to translate format %i to Diebold blocks', (from) => {
    expect(translation(from, 'DIEBOLD')).toThrow(refused('MODE'));
  });

  test('returns the number of digits of the PIN with the block', () => {
    using cipher = tdes(tdesKey);
    for (const pin of ['1234', '123456789012']) {
      const block = encryptPinBlock(cipher, 3, { pin, pan: PAN });
      const translated = translateWithLength(block, { cipher, format: 3, pan: PAN }, { cipher, format: 0, pan: PAN });
      expect(translated.pinLength).toBe(pin.length);
      expect(decryptPinBlock(cipher, 0, { block: translated.block, pan: PAN })).toBe(pin);
    }
  });

  test('generates new random fill', () => {
    for (const format of [1, 3, 4] as const) {
      const translated = translation(format, format);
      expect(new Set(Array.from({ length: 20 }, () => toHex(translated()))).size).toBe(20);
    }
  });

  test('refuses a cipher that does not match the format on either side, and a block without a valid PIN', () => {
    using three = tdes(tdesKey);
    using four = aes(aesKey);
    const block = Buffer.alloc(8);
    expect(() =>
      translatePinBlock(block, { cipher: four, format: 0, pan: PAN }, { cipher: three, format: 0, pan: PAN }),
    ).toThrow(refused('MODE'));
    expect(() =>
      translatePinBlock(block, { cipher: three, format: 0, pan: PAN }, { cipher: three, format: 4, pan: PAN }),
    ).toThrow(refused('MODE'));
    for (const wrong of [block, Buffer.alloc(7), Buffer.alloc(16)])
      expect(() =>
        translatePinBlock(wrong, { cipher: three, format: 0, pan: PAN }, { cipher: three, format: 0, pan: PAN }),
      ).toThrow(undecodable);
  });
});

describe('PIN block translation is refused', () => {
  const incoming = vectors<TranslationVector>('pinblock').filter(({ incomingKey }) => incomingKey !== undefined);

  test.each(incoming)('for $id, $incomingFormat, with another format, key, PAN or block', (vector) => {
    const { incomingFormat: format, pan } = vector;
    const [key, block] = [hex(vector.incomingKey!), hex(vector.incomingPinBlock)];
    const decrypt = (formatAsked: PinBlockFormat, keyUsed = key, from: { block?: Buffer; pan?: string } = {}) => {
      using cipher = cipherFor(format, keyUsed);
      return decryptPinBlock(cipher, formatAsked, { block, pan, ...from });
    };
    for (const other of FORMATS.filter((asked) => asked !== format))
      expect(() => decrypt(other)).toThrow((other === 4) === (format === 4) ? undecodable : refused('MODE'));
    const otherKey = Buffer.from(key);
    otherKey[0]! ^= 0x10;
    expect(() => decrypt(format, otherKey)).toThrow(undecodable);
    expect(() => decrypt(format, key, { block: block.subarray(1) })).toThrow(undecodable);
    if (format !== 1) expect(() => decrypt(format, key, { pan: pan.slice(0, 11) })).toThrow(refused('PAN'));
  });
});

/** Translations that ISO 9564-1 allows a host: none removes the PAN that a PIN is bound to. */
const TRANSLATIONS: Record<0 | 1 | 3 | 4, (0 | 1 | 3 | 4)[]> = {
  0: [0, 3, 4],
  1: [0, 1, 3, 4],
  3: [0, 3, 4],
  4: [0, 3, 4],
};
const pairs = ([0, 1, 3, 4] as const).flatMap((from) => TRANSLATIONS[from].map((to) => ({ from, to })));

test.each(pairs)('preserves any PIN from format $from to $to and back, for any PAN and keys', ({ from, to }) => {
  const key = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => Buffer.from(b));
  fc.assert(
    fc.property(key, key, digits(4, 12), digits(12, 19), (incomingKey, outgoingKey, pin, pan) => {
      using incoming = cipherFor(from, incomingKey);
      using outgoing = cipherFor(to, outgoingKey);
      const there = encryptPinBlock(incoming, from, { pin, pan });
      const translated = translatePinBlock(
        there,
        { cipher: incoming, format: from, pan },
        { cipher: outgoing, format: to, pan },
      );
      const back = encryptPinBlock(incoming, from, {
        pin: decryptPinBlock(outgoing, to, { block: translated, pan }),
        pan,
      });
      expect(decryptPinBlock(incoming, from, { block: back, pan })).toBe(pin);
      if (from === 0) expect(toHex(back)).toBe(toHex(there));
    }),
  );
});
