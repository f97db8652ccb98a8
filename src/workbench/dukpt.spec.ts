import { hex, vectors } from '../../test/support/vectors.js';
import { deriveTransaction } from './dukpt.js';

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
