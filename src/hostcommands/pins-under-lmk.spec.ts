import { rootCall } from '../../test/support/call.js';
import type { HostCall } from './command.js';
import { RequestFields } from './layouts/request-fields.js';
import type { Lmks } from './lmk/lmks.js';
import { VariantLmk } from './lmk/variant-lmk.js';
import { LmkPins } from './pins-under-lmk.js';

const lmk = VariantLmk.test();
const LMKS: Lmks = new Map([
  ['00', { scheme: 'variant', id: '00', pinLength: 4, lmk }],
  ['02', { scheme: 'variant', id: '02', pinLength: 6, lmk }],
  ['03', { scheme: 'variant', id: '03', pinLength: 12, lmk }],
  ['04', { scheme: 'keyblock', id: '04', pinLength: 4, key: 'alias/lmk' }],
]);
const pins = new LmkPins(LMKS);
const host = (id: string) => ({ call: rootCall('TranslatePinData'), lmk: id }) as HostCall;
const ACCOUNT = '550000025321';
const refusal = (code: string) => expect.objectContaining({ name: 'HostError', code }) as Error;

test.each([
  ['00', '1234'],
  ['00', '0000'],
  ['02', '1234'],
  ['02', '123456'],
  ['03', '1234'],
  ['03', '123456789012'],
])('under LMK %s, the encrypted PIN %s has one digit more than the longest PIN, and decrypts again', (id, pin) => {
  const encrypted = pins.encrypt(host(id), pin, ACCOUNT) as string;
  expect(encrypted).toMatch(new RegExp(`^[0-9]{${(LMKS.get(id)?.pinLength ?? 0) + 1}}$`));
  expect(pins.decrypt(host(id), encrypted, ACCOUNT)).toBe(pin);
});

test('a PIN opens after the LMK was given another PIN length', () => {
  const encrypted = pins.encrypt(host('00'), '1234', ACCOUNT) as string;
  expect(pins.decrypt(host('02'), encrypted, ACCOUNT)).toBe('1234');
  const longer = pins.decrypt(host('00'), pins.encrypt(host('02'), '123456', ACCOUNT) as string, ACCOUNT) as string;
  expect(longer).toBe('123456');
  expect(() => pins.encrypt(host('00'), longer, ACCOUNT)).toThrow(refusal('24'));
});

test('every PIN has its own encrypted form, which depends on the account', () => {
  const all = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(4, '0'));
  const forms = all.map((pin) => pins.encrypt(host('00'), pin, ACCOUNT) as string);
  expect(new Set(forms).size).toBe(10_000);
  expect(pins.encrypt(host('00'), '1234', '550000025322')).not.toBe(forms[1234]);
});

test('digits that are not an encrypted PIN are refused under an LMK for 4-digit PINs', () => {
  let refused = 0;
  for (let i = 0; i < 1000; i++)
    try {
      void pins.decrypt(host('00'), String(97 * i).padStart(5, '0'), ACCOUNT);
    } catch (error) {
      expect(error).toMatchObject({ name: 'HostError', code: '14' });
      refused++;
    }
  // A tenth of the 100,000 values is a PIN.
  expect(refused).toBeGreaterThan(850);
  expect(refused).toBeLessThan(950);
});

test('a short PIN of another account is detected', () => {
  const encrypted = pins.encrypt(host('03'), '1234', ACCOUNT) as string;
  expect(() => pins.decrypt(host('03'), encrypted, '550000025322')).toThrow(refusal('14'));
});

test.each(['123', '12345', '', '12a4', '1234567890123'])('refuses the PIN %j', (pin) => {
  expect(() => pins.encrypt(host('00'), pin, ACCOUNT)).toThrow(refusal('24'));
});

test('refuses an LMK that does not exist', () => {
  expect(() => pins.encrypt(host('09'), '1234', ACCOUNT)).toThrow(refusal('13'));
});

describe('reads the field of a PIN', () => {
  const settings = { lmks: LMKS, defaultLmk: '00', hexLength: 'characters', takesKeyNames: false } as const;
  const read = (text: string) => pins.read(new RequestFields(Buffer.from(text), 0, settings), 'PIN');

  test.each([
    ['12345550000', '12345'],
    ['1234567%02', '1234567'],
    ['12345\x19%02', '12345'],
    ['1234567%02\x19%00', '1234567'],
    ['J0123456789abcdef0123456789ABCDEF%04', 'J0123456789ABCDEF0123456789ABCDEF'],
  ])('%s', (text, field) => expect(read(text)).toBe(field));

  test.each(['1234', '1234F', 'K0123456789ABCDEF0123456789ABCDEF%04', 'J0123456789ABCDEF%04', '12345%04'])(
    'refuses %s',
    (text) => expect(() => read(text)).toThrow(refusal('15')),
  );

  test('refuses an LMK that does not exist', () => {
    expect(() => read('12345%09')).toThrow(refusal('13'));
  });
});
