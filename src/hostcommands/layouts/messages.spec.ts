import { HOST_MESSAGES } from '../../../test/fuzz/host-messages.js';
import { readReply, readRequest } from './messages.js';
import type { FieldSettings } from './request-fields.js';

const SETTINGS: FieldSettings = {
  lmks: new Map([['00', { scheme: 'variant', pinLength: 4 }]]),
  defaultLmk: '00',
  hexLength: 'characters',
  takesKeyNames: false,
};
const HEADER = 'HEAD';
const bytes = (text: string) => Buffer.from(HEADER + text, 'latin1');
const read = (text: string) => readRequest(bytes(text), HEADER.length, SETTINGS);

test.each(HOST_MESSAGES)('%j is read in order, and nothing but delimiters lies between its fields', (text) => {
  const { layout, places, end, problem } = read(text);
  expect(problem).toBeUndefined();
  expect(layout?.code).toBe(text.slice(0, 2));
  expect(end).toBe(bytes(text).length);
  let position = 0;
  for (const place of [...places, { start: end, end }]) {
    expect(bytes(text).toString('latin1', position, place.start)).toMatch(/^[;*~%#&!J@]?$/);
    position = place.end;
  }
});

test.each([
  ['CA', '15', "TPK doesn't begin with a key scheme", 6],
  ['CW0A61E674E88C6A7EEABC38C2B2BB492F49999', '15', 'account number must be 12 to 19 digits', 38],
  ['CW0A61E674E88C6A7EEABC38C2B2BB492F4999988887777;9105', '15', 'service code must have 3 characters', 56],
  ['CWK12', '26', "CVK doesn't begin with a key scheme", 6],
  ['NO00X', '15', '1 character after the last field', 8],
  ['NC%0', '15', 'LMK identifier must have 2 characters', 6],
])('%j is refused with error %s: %s', (text, code, message, end) => {
  const request = read(text);
  expect(request.problem).toMatchObject({ code, message: expect.stringContaining(message) as unknown });
  expect(request.end).toBe(end);
});

test('a code that no command has leaves its fields unread', () => {
  expect(read('ZZ12')).toMatchObject({ layout: undefined, end: 6, problem: { code: '15' } });
  expect(read('ZZ')).toMatchObject({ layout: undefined, problem: undefined });
});

test('the fields of a reply follow one another up to its end', () => {
  const names = (text: string) => readReply('CA', bytes(text), HEADER.length).map(({ name }) => name);
  expect(names('CB0004AAAAAAAAAAAAAAAA01\x19T')).toEqual([
    ...['header', 'reply code', 'error code', 'PIN length', 'PIN block', 'PIN block format', 'trailer'],
  ]);
  expect(names('CB24')).toEqual(['header', 'reply code', 'error code']);
  expect(readReply('CA', bytes('CB00X'), HEADER.length).at(-1)).toEqual({ name: 'fields', start: 8, end: 9 });
});
