import fc from 'fast-check';
import { rootCall } from '../../../test/support/call.js';
import { runCommand, TEST_SETTINGS, testServices } from '../../../test/support/host-commands.js';
import { underTestLmk } from '../../../test/support/host-keys.js';
import { hex, vectors } from '../../../test/support/vectors.js';
import { cardValue } from '../../payment/dataplane/card-validation/card-values.js';
import { HostCall } from '../command.js';
import { RequestFields } from '../layouts/request-fields.js';
import { CY } from './cw-cy.command.js';
import { DATA_COMMANDS } from './data-commands.js';

const run = (text: string) => runCommand(DATA_COMMANDS, text);

const CVK = 'U9B4934384B19946B040CD702B4D58145';
const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
const CARD = '4123456789012345;8701101';

// Published requests under the public test LMK.
test.each([
  [`CW${CVK}${CARD}`, 'CX00561'],
  ['CW0A61E674E88C6A7EEABC38C2B2BB492F4999988887777;9105111', 'CX00649'],
  [`CY${CVK}561${CARD}`, 'CZ00'],
  [`CY0A61E674E88C6A7EEABC38C2B2BB492F6494999988887777;9105111`, 'CZ00'],
])('%s is answered %s', async (request, reply) => {
  expect(await run(request)).toBe(reply);
  expect(await run(`${request}%00\x19trailer`)).toBe(`${reply}\x19trailer`);
});

interface CvvVector {
  cvk: string;
  pan: string;
  expiry: string;
  serviceCode: string;
  expected: { value: string };
}

test.each(vectors<CvvVector>('cardvalidation', 'CVV', 'CVV2', 'iCVV', 'CAVV-like'))(
  'matches $algorithm $id: $source',
  async ({ cvk, pan, expiry, serviceCode, expected: { value } }) => {
    const key = underTestLmk('402', cvk);
    expect(await run(`CW${key}${pan};${expiry}${serviceCode}`)).toBe(`CX00${value}`);
    expect(await run(`CY${key}${value}${pan};${expiry}${serviceCode}`)).toBe('CZ00');
  },
);

test('generates what GenerateCardValidationData generates, and verifies nothing else', async () => {
  const digits = (least: number, most = least) => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
  await fc.assert(
    fc.asyncProperty(digits(12, 19), digits(4), digits(3), digits(3), async (pan, expiry, serviceCode, guess) => {
      const attributes = { CardExpiryDate: expiry, ServiceCode: serviceCode };
      const value = cardValue({ name: 'CardVerificationValue1', value: attributes })(hex(CLEAR), pan, 3);
      expect(await run(`CW${CVK}${pan};${expiry}${serviceCode}`)).toBe(`CX00${value}`);
      expect(await run(`CY${CVK}${guess}${pan};${expiry}${serviceCode}`)).toBe(guess === value ? 'CZ00' : 'CZ01');
    }),
  );
});

test.each([
  ['a changed CVV', `CY${CVK}562${CARD}`, 'CZ01'],
  ['another account', `CY${CVK}5614123456789012346;8701101`, 'CZ01'],
  ['another expiry date', `CY${CVK}5614123456789012345;8702101`, 'CZ01'],
  ['another service code', `CY${CVK}5614123456789012345;8701102`, 'CZ01'],
  ['a CVV of letters', `CY${CVK}56A${CARD}`, 'CZ15'],
  ['no account number', `CY${CVK}561;8701101`, 'CZ15'],
  ['an account number of 11 digits', `CW${CVK}41234567890;8701101`, 'CX15'],
  ['an account number of 20 digits', `CW${CVK}41234567890123456789;8701101`, 'CX15'],
  ['an account number with a letter', `CW${CVK}412345678901234A;8701101`, 'CX15'],
  ['no semicolon', `CW${CVK}4123456789012345870110`, 'CX15'],
  ['an expiry date of 3 digits', `CW${CVK}4123456789012345;870110`, 'CX15'],
  ['a character too many', `CW${CVK}${CARD}0`, 'CX15'],
  ['nothing', 'CW', 'CX15'],
  ['a key that is cut off', 'CWU9B49', 'CX15'],
  ['a key with a letter too many', `CW${CVK.replace('U9', 'UG')}${CARD}`, 'CX15'],
  ['a single-length key', `CWZ${CVK.slice(1, 17)}${CARD}`, 'CX10'],
  ['a changed key', `CW${CVK.replace('U9', 'U8')}${CARD}`, 'CX10'],
  ['a key of another type', `CW${underTestLmk('003', CLEAR)}${CARD}`, 'CX10'],
  ['a triple-length key', `CW${underTestLmk('402', `${CLEAR}89ABCDEF01234567`)}${CARD}`, 'CX27'],
  ['an LMK that does not exist', `CW${CVK}${CARD}%07`, 'CX13'],
  ['an index of user storage', `CWUK001${CARD}`, 'CX12'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});

test('answers at once, without a promise, under a cached key', () => {
  const host = new HostCall(rootCall('VerifyCardValidationData'), '00', testServices());
  const request = CY.parse(new RequestFields(Buffer.from(`CY${CVK}561${CARD}`), 2, TEST_SETTINGS));
  expect(CY.execute(request, host)).toEqual({ fields: [] });
});
