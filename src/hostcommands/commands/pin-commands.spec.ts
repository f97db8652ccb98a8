import fc from 'fast-check';
import { rootCall } from '../../../test/support/call.js';
import { pinUnderTestLmk, runCommand, testServices } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { toHex } from '../../crypto/bytes.js';
import { tdes } from '../../crypto/des.js';
import { encryptPinBlock } from '../../crypto/pin-block.js';
import { HostCall } from '../command.js';
import type { Lmks } from '../lmk/lmks.js';
import { VariantLmk } from '../lmk/variant-lmk.js';
import { LmkPins } from '../pins-under-lmk.js';
import { PIN_COMMANDS } from './pin-commands.js';

const run = (text: string, settings = {}) => runCommand(PIN_COMMANDS, text, settings);
const authorised = (...activities: string[]) => ({ authorised: new Set(activities) });

const ZPK = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
const CLEAR_ZPK = hex('C7152C20BC2C830EA7EC9E8334ABE3FE');
const TPK = 'U8463435FC4B4DAA0C49025272C29B12C';
const PVK = '9B395FB9FE5F07DA';
const PAIR = 'X367930344805B1FAD6146EF4ED7502B3';
const ACCOUNT = '550000025321';
const OTHER = '550000025399';
const TABLE = '3456789012345678';
/** PIN 1234 of ACCOUNT. */
const BLOCK = '91DDDA0A7C12CFAA';

const clear = async (pin: string, account = ACCOUNT) =>
  (await run(`NG${account}${pin}`, authorised('pin.clear'))).replace(/^NH00/, '').replace(/F+$/, '');
const zpkBlock = (pin: string, format: 0 | 1 | 3 | 'DIEBOLD' = 0) => {
  using cipher = tdes(CLEAR_ZPK);
  return toHex(encryptPinBlock(cipher, format, { pin, pan: `${ACCOUNT}0` }));
};

test.each([
  ['DGX367930344805B1FAD6146EF4ED7502B3{1234}5500000253211', 'DH004402'],
  ['DGU183DF6EA5EDFF7D5C91C8F2BA6451884{1234}5500000253211', 'DH000481'],
  ['DGUE9F05D2F2DB8A8579CA3E806B35E336F{1234}1234567890120', 'DH001226'],
  ['JGTA5E7D4FE829B0D83C5E7352636C16C7827E197349E34A5CD01123456789012{1234}', 'JH0098A841D13467F185'],
])('%s is answered %s', async (request, reply) => {
  const account = request.startsWith('JG') ? '123456789012' : request.split('}')[1]!.slice(0, 12);
  expect(await run(request.replace('{1234}', await pinUnderTestLmk('1234', account)))).toBe(reply);
});

test('JA generates a PIN of the length that is asked for', async () => {
  expect(await clear((await run(`JA${ACCOUNT}`)).slice(4))).toMatch(/^[0-9]{4}$/);
  const pins = new Set<string>();
  for (let i = 0; i < 20; i++) pins.add(await clear((await run(`JA${ACCOUNT}06%00`)).slice(4)));
  for (const pin of pins) expect(pin).toMatch(/^[0-9]{6}$/);
  expect(pins.size).toBeGreaterThan(10);
  for (const length of ['03', '00', '07', '12', '13']) expect(await run(`JA${ACCOUNT}${length}`)).toBe('JB24');
  for (const rest of ['0', '0A', ';04', '041']) expect(await run(`JA${ACCOUNT}${rest}`)).toBe('JB15');
  expect(await run('JA1234567890128;05')).toBe('JB15');
});

test('PINs come from and go to PIN blocks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[0-9]{4,6}$/), async (pin) => {
      const encrypted = (await run(`JE${ZPK}${zpkBlock(pin)}01${ACCOUNT}`)).slice(4);
      expect(await clear(encrypted)).toBe(pin);
      expect(await run(`JG${ZPK}01${ACCOUNT}${encrypted}`)).toBe(`JH00${zpkBlock(pin)}`);
      expect(await run(`BE${ZPK}${zpkBlock(pin)}01${ACCOUNT}${encrypted}`)).toBe('BF00');
    }),
    { numRuns: 20 },
  );
  const format3 = (await run(`JG${ZPK}47${ACCOUNT}${await pinUnderTestLmk('1234', ACCOUNT)}`)).slice(4);
  expect(await clear((await run(`JE${ZPK}${format3}47${ACCOUNT}`)).slice(4))).toBe('1234');
});

test('a TPK has separate commands', async () => {
  const pin = await pinUnderTestLmk('1234', ACCOUNT);
  expect(await run(`JC${TPK}6428EB94035AF53B01${ACCOUNT}`)).toBe(`JD00${pin}`);
  expect(await run(`BC${TPK}6428EB94035AF53B01${ACCOUNT}${pin}`)).toBe('BD00');
  expect(await run(`JE${TPK}6428EB94035AF53B01${ACCOUNT}`)).toBe('JF10');
  expect(await run(`BE${TPK}6428EB94035AF53B01${ACCOUNT}${pin}`)).toBe('BF10');
});

test('BC and BE compare', async () => {
  const pin = await pinUnderTestLmk('1234', ACCOUNT);
  for (const other of ['1235', '12345', '0123'])
    expect(await run(`BE${ZPK}${zpkBlock(other)}01${ACCOUNT}${pin}`)).toBe('BF01');
  expect(await run(`BE${ZPK}0123456789ABCDEF01${ACCOUNT}${pin}`)).toBe('BF20');
});

test('an offset belongs to a PIN', async () => {
  const [pin, natural] = [await pinUnderTestLmk('123456', ACCOUNT), `${ACCOUNT}${TABLE}9230000N0431`];
  const offset = (await run(`DE${PVK}${pin}06${natural}`)).slice(4);
  expect(offset).toMatch(/^[0-9]{6}F{6}$/);
  expect(await run(`EE${PVK}${offset}06${natural}`)).toBe(`EF00${pin}`);
  expect(await run(`DE${PVK}${pin}04${natural}`)).toBe(`DF00${offset.slice(0, 4)}FFFFFFFF`);
  expect(await run(`EE${PVK}${offset}04${natural}`)).toBe(`EF00${await pinUnderTestLmk('1234', ACCOUNT)}`);
  expect(await run(`EA${ZPK}${PVK}12${zpkBlock('123456')}0106${natural}${offset}`)).toBe('EB00');
  expect(await run(`DE${PVK}${pin}07${natural}`)).toBe('DF24');
  expect(await run(`EE${PVK}${offset}07${natural}`)).toBe('EF15');
  const weak = natural.replace(TABLE, '0000000000000000');
  expect(await run(`DE${PVK}${pin}06${weak}`)).toBe('DF25');
  expect(await run(`EE${PVK}${offset}06${weak}`)).toBe('EF25');
  expect(await run(`EE${PVK}330FFFFFFFFF04${natural}`)).toBe('EF15');
});

test('clear PINs and other accounts need an authorised activity', async () => {
  const pin = await pinUnderTestLmk('1234', ACCOUNT);
  expect(await run(`NG${ACCOUNT}${pin}`, authorised('pin.clear'))).toBe('NH001234FFF');
  expect(await run(`BA1234FFF${ACCOUNT}`, authorised('pin.clear'))).toBe(`BB00${pin}`);
  expect(await run(`QK${pin}${ACCOUNT}${OTHER}`, authorised('pin.account'))).toBe(
    `QL00${await pinUnderTestLmk('1234', OTHER)}`,
  );
  expect(await run(`NG${ACCOUNT}${pin}`, authorised('pin.account'))).toBe('NH17');
  expect(await run(`BA1234FFF${ACCOUNT}`)).toBe('BB17');
  expect(await run(`QK${pin}${ACCOUNT}${OTHER}`, authorised('pin.clear'))).toBe('QL17');
  for (const clear of ['123FFFF', '12F4FFF', 'FFFFFFF', '1234567']) {
    const reply = await run(`BA${clear}${ACCOUNT}`, authorised('pin.clear'));
    expect(reply).toBe('BB24');
  }
});

test('BG re-encrypts PINs of another length', async () => {
  const pin = await pinUnderTestLmk('1234', ACCOUNT);
  expect(await run(`BG${ACCOUNT}${pin}`)).toBe(`BH00${pin}`);
  expect(await run(`BG${ACCOUNT}${pin}%00`)).toBe(`BH00${pin}`);
  const lmk = VariantLmk.test();
  for (const pinLength of [4, 5, 8, 12]) {
    const old: Lmks = new Map([['00', { scheme: 'variant', id: '00', pinLength, lmk }]]);
    const services = testServices();
    const encrypted = await new LmkPins(old).encrypt(
      new HostCall(rootCall('TranslatePinData'), '00', services),
      '1234',
      ACCOUNT,
    );
    expect(encrypted).toHaveLength(pinLength + 1);
    expect(await run(`BG${ACCOUNT}${encrypted}`)).toBe(`BH00${pin}`);
  }
  for (const malformed of ['1234', '12345678901234', 'ABCDEFG'])
    expect(await run(`BG${ACCOUNT}${malformed}`)).toBe('BH15');
});

describe('refuses', () => {
  test('to remove the account', async () => {
    const pin = await pinUnderTestLmk('1234', ACCOUNT);
    for (const format of ['05', '03']) expect(await run(`JG${ZPK}${format}${ACCOUNT}${pin}`)).toBe('JH23');
  });

  test('the PIN of another account', async () => {
    const pin = await pinUnderTestLmk('1234', ACCOUNT);
    expect(await run(`JG${ZPK}01${OTHER}${pin}`)).toBe('JH14');
    expect(await run(`DG${PAIR}${pin}${OTHER}1`)).toBe('DH14');
    expect(await run(`BE${ZPK}${BLOCK}01${OTHER}${pin}`)).toBe('BF14');
  });

  test('a PIN that is longer than those of the LMK', async () => {
    expect(await run(`JE${ZPK}${zpkBlock('1234567')}01${ACCOUNT}`)).toBe('JF24');
  });

  test.each([
    `JA${ACCOUNT}`,
    `JC${TPK}6428EB94035AF53B01${ACCOUNT}`,
    `JE${ZPK}${BLOCK}01${ACCOUNT}`,
    `JG${ZPK}01${ACCOUNT}1234567`,
    `BA1234FFF${ACCOUNT}`,
    `NG${ACCOUNT}1234567`,
    `BG${ACCOUNT}1234567`,
    `QK1234567${ACCOUNT}${OTHER}`,
    `BC${TPK}6428EB94035AF53B01${ACCOUNT}1234567`,
    `BE${ZPK}${BLOCK}01${ACCOUNT}1234567`,
    `DE${PVK}123456706${ACCOUNT}${TABLE}9230000N0431`,
    `EE${PVK}330309FFFFFF06${ACCOUNT}${TABLE}9230000N0431`,
    `DG${PAIR}1234567${ACCOUNT}1`,
  ])('%s where PINs under the LMK are not served', async (request) => {
    const settings = { servesPinsUnderLmk: false, ...authorised('pin.clear', 'pin.account') };
    expect((await run(request, settings)).slice(2)).toBe('68');
  });
});

test('every command answers any text with an error code or a reply, and no command occurs twice', async () => {
  expect(new Set(PIN_COMMANDS.map(({ code }) => code)).size).toBe(PIN_COMMANDS.length);
  const pieces = [
    ZPK,
    TPK,
    PVK,
    PAIR,
    ACCOUNT,
    BLOCK,
    TABLE,
    '01',
    '03',
    '05',
    '12',
    ';',
    '%00',
    'A05',
    '*',
    'S',
    '@',
    'F',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PIN_COMMANDS.map(({ code }) => code)),
      fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8 })), { maxLength: 10 }),
      async (code, parts) => {
        expect(await run(`${code}${parts.join('')}`)).toMatch(/^[A-Z][0-9A-Z][0-9A-F]{2}/);
      },
    ),
    { numRuns: 1000 },
  );
});
