import { runCommand } from '../../../test/support/host-commands.js';
import { underTestLmk } from '../../../test/support/host-keys.js';
import { hex } from '../../../test/support/vectors.js';
import { cscVersion1, cscVersion2 } from '../../crypto/csc.js';
import { DATA_COMMANDS } from './data-commands.js';

const run = (text: string) => runCommand(DATA_COMMANDS, text);

const CLEAR = '0123456789ABCDEFFEDCBA9876543210';
const CSCK = underTestLmk('402', CLEAR);
const card = { pan: '371234567890123', expiry: '9912' };
const ACCOUNT = `0000${card.pan}`;
const codes = [5, 4, 3].map((length) => cscVersion1(hex(CLEAR), card, length));
const codes2 = [5, 4, 3].map((length) => cscVersion2(hex(CLEAR), { ...card, serviceCode: '702' }, length));

test('calculates the three codes of version 1 and of version 2', async () => {
  expect(await run(`RY30${CSCK}${ACCOUNT}9912`)).toBe(`RZ003${codes.join('')}`);
  expect(await run(`RY32${CSCK}${ACCOUNT}9912702`)).toBe(`RZ003${codes2.join('')}`);
});

test('states for each code whether it is right, absent or wrong', async () => {
  expect(await run(`RY40${CSCK}${ACCOUNT}9912${codes.join('')}`)).toBe('RZ004000');
  expect(await run(`RY42${CSCK}${ACCOUNT}9912702${codes2.join('')}`)).toBe('RZ004000');
  expect(await run(`RY40${CSCK}${ACCOUNT}9912FFFFF${codes[1]}FFF`)).toBe('RZ004101');
  const wrong = String((Number(codes[2]) + 1) % 1000).padStart(3, '0');
  expect(await run(`RY40${CSCK}${ACCOUNT}9912${codes[0]}FFFF${wrong}`)).toBe('RZ014012');
});

test.each([
  ['another mode', `RY50${CSCK}${ACCOUNT}9912`, 'RZ15'],
  ['AEVV, whose input has no public description', `RY33${CSCK}${ACCOUNT}9912`, 'RZ15'],
  ['an account of zeros', `RY30${CSCK}${'0'.repeat(19)}9912`, 'RZ22'],
  ['a code of letters', `RY40${CSCK}${ACCOUNT}9912${'A'.repeat(12)}`, 'RZ15'],
  ['no codes', `RY40${CSCK}${ACCOUNT}9912`, 'RZ15'],
  ['a key of another type', `RY30${underTestLmk('109', CLEAR)}${ACCOUNT}9912`, 'RZ10'],
])('refuses %s', async (_, request, reply) => {
  expect(await run(request)).toBe(reply);
});
