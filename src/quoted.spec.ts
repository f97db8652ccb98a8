import { quoted } from './quoted.js';

test('every character is quoted as JSON.stringify quotes it, alone and within a text', () => {
  const isDifferent = (text: string) => quoted(text) !== JSON.stringify(text);
  const characters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));
  expect(characters.filter((character) => isDifferent(character) || isDifferent(`a${character}b`))).toEqual([]);
});

test.each(['', 'GenerateMac', 'arn:aws:iam::111122223333:user/"ann"', 'C:\\keys', 'one\ntwo', 'ü', '🔑'])(
  '%j keeps its characters',
  (text) => {
    expect(quoted(text)).toBe(JSON.stringify(text));
    expect(JSON.parse(quoted(text))).toBe(text);
  },
);
