import { runCommand } from '../../../test/support/host-commands.js';
import { hex } from '../../../test/support/vectors.js';
import { pinOffset } from '../../crypto/ibm3624.js';
import { pvv } from '../../crypto/pvv.js';
import { CK, CM, GO, GQ } from './go-gq-ck-cm.command.js';

const run = (text: string) => runCommand([CK, CM, GO, GQ], text);

/** The example of ANSI X9.24, whose PIN is 1234, and PVKs of the test LMK. */
const BDK = 'U8E3D3E2FD5919657F05A1AA90D32A014';
const TRANSACTION = 'A05FFFF9876543210E000011B9C1845EB993A7A';
const ACCOUNT = '401234567890';
const PVK = '9B395FB9FE5F07DA';
const PAIR = 'X367930344805B1FAD6146EF4ED7502B3';
const TABLE = '3456789012345678';
const OFFSET = pinOffset(
  hex('4C9BE09E681A19DC'.repeat(2)),
  { validationData: '4012346789056789', padCharacter: 'F', decimalizationTable: TABLE },
  '1234',
).padEnd(12, 'F');
const PVV = pvv(hex('C8199237EA5857BC40EF9DA2B5E96BBF'), { pan: `${ACCOUNT}0`, pvki: 1, pin: '1234' });
const other = (value: string) => String((Number(value[0]) + 1) % 10) + value.slice(1);

const ibm = (offset = OFFSET, table = TABLE) => `04${ACCOUNT}${table}401234N56789${offset}`;

test('validation data has the last digits of the account in it', () => {
  expect('401234N56789'.replace('N', ACCOUNT.slice(-5))).toBe('4012346789056789');
});

test.each([
  ['GO0', PVK, '01', ibm(), ibm(other(OFFSET))],
  ['CK', PVK, '', ibm(), ibm(other(OFFSET))],
  ['GQ0', PAIR, '01', `${ACCOUNT}1${PVV}`, `${ACCOUNT}1${other(PVV)}`],
  ['CM', PAIR, '', `${ACCOUNT}1${PVV}`, `${ACCOUNT}1${other(PVV)}`],
])('%s verifies the PIN of a transaction', async (code, pvk, format, right, wrong) => {
  const reply = code.startsWith('GO') ? 'GP' : code.startsWith('GQ') ? 'GR' : code === 'CK' ? 'CL' : 'CN';
  const start = `${code}${BDK}${pvk}`;
  expect(await run(`${start}${TRANSACTION}${format}${right}`)).toBe(`${reply}00`);
  expect(await run(`${start}605${TRANSACTION.slice(3)}${format}${right}%00`)).toBe(`${reply}00`);
  expect(await run(`${start}${TRANSACTION}${format}${wrong}`)).toBe(`${reply}01`);
  expect(await run(`${start}${TRANSACTION.replace('00001', '00002')}${format}${right}`)).toBe(`${reply}20`);
  expect(await run(`${start}${TRANSACTION}${format}${right}0`)).toBe(`${reply}15`);
});

test('refuses keys of other types, weak tables, and modes with a MAC', async () => {
  const zpk = 'U1EF828AA8F6B80EB83E19FBC373F3A85';
  expect(await run(`GO0${zpk}${PVK}${TRANSACTION}01${ibm()}`)).toBe('GP10');
  expect(await run(`GO0${BDK}${zpk}${TRANSACTION}01${ibm()}`)).toBe('GP11');
  expect(await run(`GO0~${BDK}${PVK}${TRANSACTION}01${ibm()}`)).toBe('GP10');
  expect(await run(`GO0${BDK}${PVK}${TRANSACTION}01${ibm(OFFSET, '0000000000000000')}`)).toBe('GP25');
  expect(await run(`GO1${BDK}${PVK}${TRANSACTION}01${ibm()}`)).toBe('GP15');
});
