import { HOST_MESSAGES } from '../../../test/fuzz/host-messages.js';
import { executeCommand, pinUnderTestLmk, TEST_LMKS, textOf } from '../../../test/support/host-commands.js';
import { HostError } from '../host-error.js';
import { KeyIssuer } from '../key-issuer.js';
import { COMMANDS } from '../registry.js';
import { replyFields } from './reply-fields.js';

const services = { issuer: new KeyIssuer(TEST_LMKS) };
/** Names of two fields that a reply doesn't tell apart. */
const EITHER: Record<string, string> = { MAC: 'MAC or IV' };
const ACCOUNT = '550000025321';

test.each([
  ...HOST_MESSAGES.filter((text) => !/^(?:NC|NO|NK|N0)/.test(text)),
  'BA1234FFF550000025321',
  'M0011100AU482C4E722BB0CF1845E1E5BD163101190123456789ABCDEF00100123456789ABCDEF',
  'GM0600003ABC',
])('the reply to %j is split into the fields that the command has named', async (text) => {
  const code = text.slice(0, 2);
  const settings = { authorised: new Set(['pin.clear']) };
  let reply;
  try {
    reply = await executeCommand(COMMANDS, text, settings, services);
  } catch (error) {
    // Some messages are refused, but none as a command that isn't served.
    expect(error).toMatchObject({ name: expect.stringMatching(/Error|Exception/) as unknown });
    expect(error instanceof HostError ? error.code : '00').not.toBe('68');
    return;
  }
  const named = reply.fields.map((field) => [(code === 'M6' && EITHER[field[0]]) || field[0], textOf(field)]);
  expect(replyFields(code, named.map(([, value]) => value).join(''))).toEqual(named);
});

test('PINs under the LMK', async () => {
  const pin = await pinUnderTestLmk('1234', ACCOUNT);
  expect(replyFields('JA', pin)).toEqual([['PIN under the LMK', pin]]);
});

test.each([
  ['CA', '0491DDDA0A7C12CFAA01', ['PIN length', 'PIN block', 'PIN block format']],
  ['CA', `04${'A'.repeat(32)}48`, ['PIN length', 'PIN block', 'PIN block format']],
  ['A0', `S10096${'0'.repeat(91)}123456`, ['key under the LMK', 'check value']],
  ['A0', `U${'0'.repeat(32)}X${'0'.repeat(32)}123456`, ['key under the LMK', 'key under the ZMK', 'check value']],
  ['NO', '0', ['PCI HSM compliance']],
  [
    'NO',
    '3110000000-KB0100000',
    ['I/O buffer size', 'connection', 'number of sockets', 'firmware', 'reserved', 'reserved'],
  ],
  ['CA', '04', ['fields']],
  ['CA', 'x'.repeat(3), ['fields']],
  ['A0', 'S1', ['fields']],
  ['A0', 'Sxxxxx', ['fields']],
  ['M0', '0010ABC', ['fields']],
  ['CW', '56', ['fields']],
  ['ZZ', 'ANY', ['fields']],
  ['CY', '', []],
])('the reply to %s that is %s has the fields %j', (code, reply, names) => {
  const fields = replyFields(code, reply);
  expect(fields.map(([name]) => name)).toEqual(names);
  expect(fields.map(([, value]) => value).join('')).toBe(reply);
});
