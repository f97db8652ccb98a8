import { hex, vectors } from '../../test/support/vectors.js';
import { aes as createAes } from '../crypto/aes.js';
import { encryptPinBlock } from '../crypto/pin-block.js';
import { deriveTransaction, neighbourOf, readingsUnder } from './dukpt.js';

interface DukptVector {
  bdk: string;
  ksn: string;
  expected: { initialKey?: string; transactionKey?: string; workingKeys?: Record<string, string> };
}

const digits = (key: Buffer) => key.toString('hex').toUpperCase();
const walks = vectors<DukptVector>('dukpt').filter(({ expected }) => expected.transactionKey !== undefined);

/** The example of ANSI X9.24-1:2009 Annex A.4. */
const BDK = hex('0123456789ABCDEFFEDCBA9876543210');

test.each(walks)('$id: walks to the transaction key and the working keys', ({ bdk, ksn, expected }) => {
  const derivation = deriveTransaction({ bdk: hex(bdk), ksn: hex(ksn) });
  expect(digits(derivation.initialKey)).toBe(expected.initialKey);
  expect(digits(derivation.steps.at(-1)?.key ?? derivation.initialKey)).toBe(expected.transactionKey);
  const own = `/AES_${bdk.length * 4}`;
  const keys = Object.entries(expected.workingKeys ?? {}).filter(([name]) => !name.includes('/') || name.endsWith(own));
  const named = derivation.workingKeys.map(({ usage, key }) => [usage, digits(key)]);
  for (const [name, key] of keys) expect(named).toContainEqual([name.split('/')[0], key]);
});

test('names the fields of a key serial number, and each step of the counter', () => {
  const tdes = deriveTransaction({ bdk: BDK, ksn: hex('FFFF9876543210E00006') });
  expect(tdes.fields.map((field) => field.digits)).toEqual(['FFFF987654', '3210E', '000006']);
  expect(tdes.steps.map(({ counter }) => counter)).toEqual([4, 6]);
  const aes = deriveTransaction({ bdk: BDK, ksn: hex('123456789012345680000003') });
  expect(aes.fields.map((field) => field.digits)).toEqual(['12345678', '90123456', '80000003']);
  expect(aes.steps.map(({ counter }) => counter)).toEqual([0x80000000, 0x80000002, 0x80000003]);
});

test('takes a key serial number without its padding', () => {
  const whole = deriveTransaction({ bdk: BDK, ksn: hex('FFFF9876543210E00006') });
  expect(deriveTransaction({ bdk: BDK, ksn: hex('9876543210E00006') })).toEqual(whole);
});

test.each([
  ['a key serial number of 9 bytes', BDK, '00'.repeat(9), /key serial number/],
  ['a base derivation key of 15 bytes', hex('00'.repeat(15)), 'FFFF9876543210E00001', /16 bytes/],
  ['an AES base derivation key of 8 bytes', hex('00'.repeat(8)), '00'.repeat(12), /16, 24 or 32/],
  ['an AES counter with 18 one-bits', BDK, '12345678901234560003FFFF', /one-bits/],
])('refuses %s', (_, bdk, ksn, message) => {
  expect(() => deriveTransaction({ bdk, ksn: hex(ksn) })).toThrow(message);
});

describe('the key that encrypted something', () => {
  const derivation = deriveTransaction({ bdk: BDK, ksn: hex('FFFF9876543210E00001') });
  const plausible = (ciphertext: string, pan?: string) =>
    readingsUnder(derivation, hex(ciphertext), pan)
      .filter((reading) => reading.plausible)
      .map((reading) => [reading.usage, reading.plausible]);

  test.each([
    ['a PIN block', '1B9C1845EB993A7A', '4012345678909', [['PIN', 'PIN']]],
    ['a PIN block without its PAN', '1B9C1845EB993A7A', undefined, []],
    ['a PIN block with another PAN', '1B9C1845EB993A7A', '5555555555554444', []],
    ['data', 'FC0D53B7EA1FDA9EE68AAF2E70D9B9506229BE2AA993F04F', undefined, [['DATA_REQUEST', 'TEXT']]],
  ])('is found for %s', (_, ciphertext, pan, expected) => {
    expect(plausible(ciphertext, pan)).toEqual(expected);
  });

  test('is found for a PIN block of AES, which needs its PAN', () => {
    const aes = deriveTransaction({
      bdk: hex('FEDCBA9876543210F1F1F1F1F1F1F1F1'),
      ksn: hex('123456789012345600000001'),
    });
    const { key } = aes.workingKeys.find(({ usage }) => usage === 'PIN_ENCRYPTION')!;
    using cipher = createAes(key);
    const pan = '4111111111111111';
    const block = encryptPinBlock(cipher, 4, { pin: '1234', pan });
    const found = (given?: string) => readingsUnder(aes, block, given).filter((reading) => reading.plausible === 'PIN');
    expect(found(pan).map(({ usage }) => usage)).toEqual(['PIN_ENCRYPTION']);
    expect(found()).toEqual([]);
  });

  test.each([
    ['7 bytes', '00'.repeat(7)],
    ['nothing', ''],
  ])('is not looked for in %s', (_, ciphertext) => {
    expect(() => plausible(ciphertext)).toThrow('whole blocks of 8 bytes');
  });
});

test.each([
  ['FFFF9876543210E00001', 1, 'FFFF9876543210E00002'],
  ['FFFF9876543210E00001', -1, 'FFFF9876543210E00000'],
  ['FFFF9876543210E00000', -1, undefined],
  ['FFFF9876543210E003FF', 1, 'FFFF9876543210E00400'],
  ['FFFF9876543210E007FE', 1, 'FFFF9876543210E00800'],
  ['FFFF9876543210FFFFFF', 1, undefined],
  ['9876543210E00001', 1, '9876543210E00002'],
  ['12345678901234560000FFFF', 1, '123456789012345600010000'],
  ['1234567890123456FFFF0000', -1, '1234567890123456FFFE8000'],
  ['1234567890123456FFFFFFFE', 1, undefined],
] as const)('%s is followed at a distance of %s by %s', (ksn, step, expected) => {
  expect(neighbourOf(hex(ksn), step)?.toString('hex').toUpperCase()).toBe(expected);
});
