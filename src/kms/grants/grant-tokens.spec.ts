import { GrantTokens } from './grant-tokens.js';

const SCOPE = { accountId: '000000000000', region: 'us-east-1' };
const GRANT = {
  keyArn: 'arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555',
  grantId: '0123456789abcdef'.repeat(4),
};
const tokens = new GrantTokens(Buffer.alloc(32, 1));
const refused = expect.objectContaining({ name: 'InvalidGrantTokenException' }) as Error;

test('every token of a grant names it', () => {
  const [one, other] = [tokens.issue(GRANT), tokens.issue(GRANT)];
  expect(one).not.toBe(other);
  expect([tokens.read(one, SCOPE), tokens.read(other, SCOPE)]).toEqual([GRANT, GRANT]);
});

test('a token with any byte changed is refused', () => {
  const token = Buffer.from(tokens.issue(GRANT), 'base64');
  for (let i = 0; i < token.length; i++) {
    const changed = Buffer.from(token);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(() => tokens.read(changed.toString('base64'), SCOPE)).toThrow(refused);
  }
});

test.each([
  ['empty', () => ''],
  ['text', () => 'not a token'],
  ['cut', () => tokens.issue(GRANT).slice(0, 40)],
  ['longer', () => `${tokens.issue(GRANT)}AAAA`],
  ['in another alphabet', () => Buffer.from(tokens.issue(GRANT), 'base64').toString('base64url')],
  ["another deployment's", () => new GrantTokens(Buffer.alloc(32, 2)).issue(GRANT)],
  ["another Region's", () => tokens.issue({ ...GRANT, keyArn: GRANT.keyArn.replace('us-east-1', 'eu-west-1') })],
  ["another account's", () => tokens.issue({ ...GRANT, keyArn: GRANT.keyArn.replace(/0{12}/, '111111111111') })],
])('a token that is %s is refused', (_, token) => expect(() => tokens.read(token(), SCOPE)).toThrow(refused));
