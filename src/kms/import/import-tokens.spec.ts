import { ImportTokens } from './import-tokens.js';

const NOW = new Date('2026-11-28T10:00:00.000Z');
const KEY_ARN = 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555';
const NAMED = {
  id: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  keyArn: KEY_ARN,
  validTo: new Date('2026-11-29T10:00:00.000Z'),
};
const tokens = new ImportTokens(Buffer.alloc(32, 1));
const refused = (name: string) => expect.objectContaining({ name, message: '' }) as Error;
const INVALID = refused('InvalidImportTokenException');

test('a token names its wrapping key until it ends', () => {
  const token = tokens.issue(NAMED);
  expect(tokens.read(token, KEY_ARN, NOW)).toBe(NAMED.id);
  expect(tokens.read(token, KEY_ARN, new Date(NAMED.validTo.getTime() - 1))).toBe(NAMED.id);
  for (const late of [0, 1, 86_400_000])
    expect(() => tokens.read(token, KEY_ARN, new Date(NAMED.validTo.getTime() + late))).toThrow(
      refused('ExpiredImportTokenException'),
    );
});

test('a token with any byte changed, cut or added is refused', () => {
  const token = tokens.issue(NAMED);
  for (let i = 0; i < token.length; i++) {
    const changed = Buffer.from(token);
    changed[i]! ^= 1;
    expect(() => tokens.read(changed, KEY_ARN, NOW)).toThrow(INVALID);
    expect(() => tokens.read(token.subarray(0, i), KEY_ARN, NOW)).toThrow(INVALID);
  }
  expect(() => tokens.read(Buffer.concat([token, Buffer.alloc(1)]), KEY_ARN, NOW)).toThrow(INVALID);
});

test.each([
  ['another key', KEY_ARN.replace('1111', '2222')],
  ['the related key of another Region', KEY_ARN.replace('us-east-1', 'eu-west-1')],
  ['a key of another account', KEY_ARN.replace('000000000000', '111111111111')],
])('a token of %s is refused, even when it has ended', (_, keyArn) => {
  const token = tokens.issue({ ...NAMED, keyArn });
  for (const now of [NOW, NAMED.validTo]) expect(() => tokens.read(token, KEY_ARN, now)).toThrow(INVALID);
});

test("another deployment's token is refused", () => {
  expect(() => tokens.read(new ImportTokens(Buffer.alloc(32, 2)).issue(NAMED), KEY_ARN, NOW)).toThrow(INVALID);
});
