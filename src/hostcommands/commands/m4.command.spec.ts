import { runCommand } from '../../../test/support/host-commands.js';
import { length4, underTestLmk } from '../../../test/support/host-keys.js';
import { DATA_COMMANDS } from './data-commands.js';

const run = (text: string) => runCommand(DATA_COMMANDS, text);

const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
const ZEK = underTestLmk('00A', CLEAR);
const TEK = underTestLmk('30B', '7962D9ECE03D1ACD4C76089DCE131543');
const BDK = underTestLmk('009', CLEAR);
const [IV1, IV2] = ['0011223344556677', '8899AABBCCDDEEFF'];
const PLAINTEXT = '4E6F77206973207468652074696D6520';
const field = (text: string) => length4(text.length) + text;
const last = (ciphertext: string) => ciphertext.slice(-16);
const encrypted = async (fields: string, iv = '') =>
  (await run(`M0${fields}${iv}${field(PLAINTEXT)}`)).slice(8 + iv.length);

test('translates between modes and keys, with the vectors of both sides', async () => {
  const from = await encrypted(`011100A${ZEK}`, IV1);
  const to = await encrypted(`011130B${TEK}`, IV2);
  const request = `M401011100A${ZEK}30B${TEK}${IV1}${IV2}${field(from)}`;
  expect(await run(request)).toBe(`M500${last(from)}${last(to)}${field(to)}`);

  const ecb = await encrypted(`001130B${TEK}`);
  expect(await run(`M401001100A${ZEK}30B${TEK}${IV1}${field(from)}%00`)).toBe(`M500${last(from)}${field(ecb)}`);
  expect(await run(`M400011130B${TEK}00A${ZEK}${IV1}${field(ecb)}`)).toBe(`M500${last(from)}${field(from)}`);
});

test('translates from the data key of a DUKPT transaction', async () => {
  const ksn = '605FFFF9876543210E00001';
  const from = await encrypted(`0011009${BDK}${ksn}`);
  const to = await encrypted(`001100A${ZEK}`);
  expect(await run(`M40000110` + `09${BDK}${ksn}00A${ZEK}${field(from)}`)).toBe(`M500${field(to)}`);
  expect(await run(`M4000011009${BDK}605${ksn.slice(7)}00A${ZEK}${field(from)}`)).toBe(`M500${field(to)}`);
});

test.each([
  ['another source mode', `M404001100A${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M502'],
  ['another destination mode', `M400041100A${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M507'],
  ['another input format', `M400003100A${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M503'],
  ['another output format', `M400001200A${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M504'],
  ['another source key type', `M4000011001${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M505'],
  ['another destination key type', `M400001100A${ZEK}001${TEK}${field(PLAINTEXT)}`, 'M508'],
  ['a wrong source key', `M400001100A${TEK}30B${TEK}${field(PLAINTEXT)}`, 'M510'],
  ['a wrong destination key', `M400001100A${ZEK}30B${ZEK}${field(PLAINTEXT)}`, 'M511'],
  ['half a block', `M400001100A${ZEK}30B${TEK}${field(PLAINTEXT.slice(8))}`, 'M580'],
  ['half a block for the destination', `M402001100A${ZEK}30B${TEK}${IV1}${field(PLAINTEXT.slice(8))}`, 'M580'],
  ['no data', `M400001100A${ZEK}30B${TEK}0000`, 'M580'],
  ['data that is not hexadecimal', `M400001100A${ZEK}30B${TEK}0010${'G'.repeat(16)}`, 'M535'],
  ['no vector', `M401001100A${ZEK}30B${TEK}${field(PLAINTEXT)}`, 'M515'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});
