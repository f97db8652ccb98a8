import { checkIdentityPolicy, readIdentityPolicy, ResourcePolicies } from './policy-document.js';
import { decide, refusal } from './decision.js';
import { type AccessRequest, identityStatements, resourceStatements, Statements } from './policy.js';

/** Each case is a rule of the IAM user guide: "Policy evaluation logic" and "JSON policy element reference". */

const keyPolicies = new ResourcePolicies('payment-cryptography', 'EncryptData');
const KEY = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/kwapwa6qaifllw2h';
const ALIAS = 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek';
const USER = 'arn:aws:iam::000000000000:user/ann';
const ROOT = 'arn:aws:iam::000000000000:root';
const ROLE = 'arn:aws:iam::000000000000:role/line';
const SESSION = 'arn:aws:sts::000000000000:assumed-role/line/monday';
const ACTION = 'payment-cryptography:EncryptData';

type Said = Record<string, string | readonly string[]>;
interface Asked {
  action?: string;
  resource?: string;
  caller?: 'user' | 'root' | 'session';
  says?: Said;
}
type Elements = Record<string, unknown>;

const CALLERS = {
  user: { arn: USER, principalArn: USER, accountId: '000000000000' },
  root: { arn: ROOT, principalArn: ROOT, accountId: '000000000000' },
  session: { arn: SESSION, principalArn: ROLE, accountId: '000000000000' },
};

function requestOf({ action = ACTION, resource = KEY, caller = 'user', says = {} }: Asked): AccessRequest {
  const said = new Map(Object.entries(says).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  return { action, resource, caller: CALLERS[caller], context: (key) => said.get(key) };
}

const document = (statements: readonly Elements[], Version = '2012-10-17') =>
  JSON.stringify({ Version, Statement: statements });
const identityOf = (...policies: string[]) =>
  new Statements(policies.flatMap((policy, i) => identityStatements(`policy ${i}`, readIdentityPolicy(policy))));
const resourceOf = (policy: string) => new Statements(resourceStatements(KEY, keyPolicies.check(policy, KEY)));

const ALLOW = { Effect: 'Allow', Action: ACTION, Resource: '*' };
const DENY = { ...ALLOW, Effect: 'Deny' };

/** Returns whether a statement that allows everything by default allows the request with these elements. */
function allows(elements: Elements, asked: Asked = {}, version?: string): boolean {
  const statement = {
    Effect: 'Allow',
    ...('NotAction' in elements ? {} : { Action: '*' }),
    ...('NotResource' in elements ? {} : { Resource: '*' }),
    ...elements,
  };
  return decide(requestOf(asked), identityOf(document([statement], version)), undefined).allowed;
}

type Row = [rule: string, elements: Elements, asked: Asked, allowed: boolean];

describe('Action', () => {
  test.each<Row>([
    ['names one', { Action: ACTION }, {}, true],
    ['does not name another', { Action: 'payment-cryptography:DecryptData' }, {}, false],
    ['is not case-sensitive', { Action: 'Payment-Cryptography:encryptdata' }, {}, true],
    ['is one of several', { Action: ['payment-cryptography:GetKey', ACTION] }, {}, true],
    ['is none of several', { Action: ['payment-cryptography:GetKey', 'payment-cryptography:ListKeys'] }, {}, false],
    ['* is every action', { Action: '*' }, {}, true],
    ['service:* is every action of it', { Action: 'payment-cryptography:*' }, {}, true],
    ['service:* is no action of another', { Action: 'kms:*' }, {}, false],
    ['* begins a name', { Action: 'payment-cryptography:*Data' }, {}, true],
    ['* ends a name', { Action: 'payment-cryptography:Encrypt*' }, {}, true],
    ['* is inside a name', { Action: 'payment-cryptography:E*Data' }, {}, true],
    ['* also matches the empty string', { Action: 'payment-cryptography:EncryptData*' }, {}, true],
    ['? is one character', { Action: 'payment-cryptography:?ncryptData' }, {}, true],
    ['? does not match the empty string', { Action: 'payment-cryptography:EncryptData?' }, {}, false],
    ['* with another end', { Action: 'payment-cryptography:Encrypt*Key' }, {}, false],
    ['a prefix without * is not enough', { Action: 'payment-cryptography:Encrypt' }, {}, false],
    ['several * backtrack as far as they must', { Action: 'payment-cryptography:*e*t*t*t*' }, {}, false],
    ['several * find their places', { Action: 'payment-cryptography:*n*y*t*a' }, {}, true],
    ['NotAction is every action but one', { NotAction: 'payment-cryptography:DeleteKey' }, {}, true],
    ['NotAction is not that one', { NotAction: ACTION }, {}, false],
    ['NotAction is none of several', { NotAction: ['payment-cryptography:GetKey', ACTION] }, {}, false],
    ['NotAction has wildcards', { NotAction: 'payment-cryptography:Encrypt*' }, {}, false],
    ['NotAction is not case-sensitive', { NotAction: 'payment-cryptography:ENCRYPTDATA' }, {}, false],
  ])('%s', (_, elements, asked, allowed) => expect(allows(elements, asked)).toBe(allowed));
});

/** An ARN of any Region and account. */
const any = (resource: string) => `arn:aws:payment-cryptography:*:*:${resource}`;
const KEYS = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/*';

describe('Resource', () => {
  test.each<Row>([
    ['names one', { Resource: KEY }, {}, true],
    ['does not name another', { Resource: KEY.replace('kwap', 'paws') }, {}, false],
    ['is case-sensitive', { Resource: KEY.replace('kwap', 'KWAP') }, {}, false],
    ['is one of several', { Resource: [ALIAS, KEY] }, {}, true],
    ['* is every resource', { Resource: '*' }, {}, true],
    ['key/* is every key', { Resource: KEYS }, {}, true],
    ['key/* does not match an alias', { Resource: KEYS }, { resource: ALIAS }, false],
    ['* is any Region and account', { Resource: any('key/kwapwa6qaifllw2h') }, {}, true],
    ['another Region', { Resource: 'arn:aws:payment-cryptography:eu-west-1:*:key/*' }, {}, false],
    ['another account', { Resource: 'arn:aws:payment-cryptography:*:111122223333:key/*' }, {}, false],
    ['? is one character', { Resource: 'arn:aws:payment-cryptography:us-east-?:*:key/kwapwa6qaifllw2h' }, {}, true],
    ['? is not two', { Resource: 'arn:aws:payment-cryptography:us-east?:*:key/*' }, {}, false],
    ['an alias is the alias itself, not its key', { Resource: ALIAS }, {}, false],
    ['an ARN is not *', { Resource: any('key/*') }, { resource: '*' }, false],
    ['* matches an operation without a resource', { Resource: '*' }, { resource: '*' }, true],
    ['* matches a slash', { Resource: any('alias/*') }, { resource: `${ALIAS}/2026/a` }, true],
    ['NotResource is every one but that', { NotResource: ALIAS }, {}, true],
    ['NotResource is not that one', { NotResource: KEY }, {}, false],
    ['NotResource has wildcards', { NotResource: any('key/*') }, {}, false],
    ['NotResource is none of several', { NotResource: [ALIAS, KEY] }, {}, false],
    [
      'a variable in it',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': 'pek' } },
      true,
    ],
    [
      'a variable of another value',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': 'ann' } },
      false,
    ],
    [
      'a variable and a wildcard',
      { Resource: any('alias/${aws:username}/*') },
      { resource: `${ALIAS}/7`, says: { 'aws:username': 'pek' } },
      true,
    ],
    [
      'a variable without a value matches nothing',
      { Resource: any('alias/${aws:username}*') },
      { resource: ALIAS },
      false,
    ],
    ['a variable with a default', { Resource: any("alias/${aws:username, 'pek'}") }, { resource: ALIAS }, true],
    [
      'a default gives way to a value',
      { Resource: any("alias/${aws:username, 'pek'}") },
      { resource: ALIAS, says: { 'aws:username': 'ann' } },
      false,
    ],
    [
      'a wildcard in a value is literal',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': '*' } },
      false,
    ],
    ['${*} is an asterisk', { Resource: any('alias/p${*}') }, { resource: ALIAS }, false],
    ['${?} is a question mark', { Resource: any('alias/pe${?}') }, { resource: ALIAS }, false],
  ])('%s', (_, elements, asked, allowed) => expect(allows(elements, asked)).toBe(allowed));
});

test('variables are plain text in version 2008-10-17, and where no version is given', () => {
  const Condition = { StringEquals: { 'aws:userid': '${aws:username}' } };
  const says = { 'aws:userid': 'ann', 'aws:username': 'ann' };
  expect(allows({ Condition }, { says })).toBe(true);
  expect(allows({ Condition }, { says }, '2008-10-17')).toBe(false);
  expect(allows({ Condition }, { says: { ...says, 'aws:userid': '${aws:username}' } }, '2008-10-17')).toBe(true);
  const unversioned = JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*', Condition } });
  expect(decide(requestOf({ says }), identityOf(unversioned), undefined).allowed).toBe(false);
});

/** The condition, the condition keys of the request, and whether the condition holds. */
type ConditionRow = [rule: string, Condition: Record<string, Record<string, unknown>>, says: Said, holds: boolean];

describe('Condition', () => {
  const tag = 'aws:ResourceTag/team';
  const aliases = 'payment-cryptography:ResourceAliases';
  const ip = 'aws:SourceIp';
  const time = 'aws:CurrentTime';
  const number = 'aws:MultiFactorAuthAge';
  const arn = 'aws:PrincipalArn';
  test.each<ConditionRow>([
    ['StringEquals: the same', { StringEquals: { [tag]: 'pin' } }, { [tag]: 'pin' }, true],
    ['StringEquals: another', { StringEquals: { [tag]: 'pin' } }, { [tag]: 'mac' }, false],
    ['StringEquals is case-sensitive', { StringEquals: { [tag]: 'pin' } }, { [tag]: 'Pin' }, false],
    ['StringEquals has no wildcards', { StringEquals: { [tag]: 'p*' } }, { [tag]: 'pin' }, false],
    ['StringEquals takes * literally', { StringEquals: { [tag]: 'p*' } }, { [tag]: 'p*' }, true],
    ['StringEquals: any of several values', { StringEquals: { [tag]: ['mac', 'pin'] } }, { [tag]: 'pin' }, true],
    [
      'a key may have spaces',
      { StringEquals: { 'aws:ResourceTag/cost center': 'x' } },
      { 'aws:ResourceTag/Cost Center': 'x' },
      true,
    ],
    ['StringEquals: absent', { StringEquals: { [tag]: 'pin' } }, {}, false],
    ['a key is not case-sensitive', { StringEquals: { 'AWS:resourcetag/TEAM': 'pin' } }, { [tag]: 'pin' }, true],
    [
      'StringEquals: a variable',
      { StringEquals: { [tag]: '${aws:username}' } },
      { [tag]: 'ann', 'aws:username': 'ann' },
      true,
    ],
    [
      'StringEquals: a variable of another value',
      { StringEquals: { [tag]: '${aws:username}' } },
      { [tag]: 'bob', 'aws:username': 'ann' },
      false,
    ],
    ['StringEquals: a variable without a value', { StringEquals: { [tag]: '${aws:username}' } }, { [tag]: '' }, false],
    ['StringEquals: a default', { StringEquals: { [tag]: "${aws:username, 'x'}" } }, { [tag]: 'x' }, true],
    [
      'StringEquals: text around a variable',
      { StringEquals: { [tag]: 'a-${aws:username}-z' } },
      { [tag]: 'a-ann-z', 'aws:username': 'ann' },
      true,
    ],
    ['StringEquals: ${$} is a dollar', { StringEquals: { [tag]: '${$}{x}' } }, { [tag]: '${x}' }, true],
    ['StringNotEquals: another', { StringNotEquals: { [tag]: 'pin' } }, { [tag]: 'mac' }, true],
    ['StringNotEquals: the same', { StringNotEquals: { [tag]: 'pin' } }, { [tag]: 'pin' }, false],
    ['StringNotEquals: one of several values', { StringNotEquals: { [tag]: ['pin', 'mac'] } }, { [tag]: 'mac' }, false],
    ['StringNotEquals: none of several values', { StringNotEquals: { [tag]: ['pin', 'mac'] } }, { [tag]: 'x' }, true],
    ['StringNotEquals: absent', { StringNotEquals: { [tag]: 'pin' } }, {}, true],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { [tag]: 'PiN' } }, { [tag]: 'pIn' }, true],
    ['StringEqualsIgnoreCase: another', { StringEqualsIgnoreCase: { [tag]: 'PiN' } }, { [tag]: 'pi' }, false],
    [
      'StringEqualsIgnoreCase: a variable',
      { StringEqualsIgnoreCase: { [tag]: '${aws:username}' } },
      { [tag]: 'ANN', 'aws:username': 'Ann' },
      true,
    ],
    ['StringNotEqualsIgnoreCase', { StringNotEqualsIgnoreCase: { [tag]: 'PiN' } }, { [tag]: 'pin' }, false],
    ['StringNotEqualsIgnoreCase: another', { StringNotEqualsIgnoreCase: { [tag]: 'PiN' } }, { [tag]: 'x' }, true],
    ['StringLike: *', { StringLike: { [tag]: 'p*n' } }, { [tag]: 'personalization' }, true],
    ['StringLike: * and another end', { StringLike: { [tag]: 'p*n' } }, { [tag]: 'pins' }, false],
    ['StringLike: ?', { StringLike: { [tag]: 'p?n' } }, { [tag]: 'pin' }, true],
    ['StringLike is case-sensitive', { StringLike: { [tag]: 'P*' } }, { [tag]: 'pin' }, false],
    ['StringLike: absent', { StringLike: { [tag]: '*' } }, {}, false],
    [
      'StringLike: a wildcard in a variable is literal',
      { StringLike: { [tag]: '${aws:username}' } },
      { [tag]: 'pin', 'aws:username': 'p*' },
      false,
    ],
    ['StringNotLike', { StringNotLike: { [tag]: 'p*' } }, { [tag]: 'mac' }, true],
    ['StringNotLike: like', { StringNotLike: { [tag]: 'p*' } }, { [tag]: 'pin' }, false],
    ['StringNotLike: absent', { StringNotLike: { [tag]: 'p*' } }, {}, true],
    ['StringEqualsIfExists: absent', { StringEqualsIfExists: { [tag]: 'pin' } }, {}, true],
    ['StringEqualsIfExists: another', { StringEqualsIfExists: { [tag]: 'pin' } }, { [tag]: 'mac' }, false],
    ['StringEqualsIfExists: the same', { StringEqualsIfExists: { [tag]: 'pin' } }, { [tag]: 'pin' }, true],
    ['StringLikeIfExists: absent', { StringLikeIfExists: { [tag]: 'p*' } }, {}, true],
    ['NumericLessThanIfExists: absent', { NumericLessThanIfExists: { [number]: '10' } }, {}, true],
    ['BoolIfExists: absent', { BoolIfExists: { 'aws:SecureTransport': 'true' } }, {}, true],
    [
      'BoolIfExists: false',
      { BoolIfExists: { 'aws:SecureTransport': 'true' } },
      { 'aws:SecureTransport': 'false' },
      false,
    ],
    [
      'ForAnyValue: one of several',
      { 'ForAnyValue:StringEquals': { [aliases]: 'alias/a' } },
      { [aliases]: ['alias/b', 'alias/a'] },
      true,
    ],
    [
      'ForAnyValue: none of several',
      { 'ForAnyValue:StringEquals': { [aliases]: 'alias/c' } },
      { [aliases]: ['alias/b', 'alias/a'] },
      false,
    ],
    ['ForAnyValue: absent', { 'ForAnyValue:StringEquals': { [aliases]: 'alias/c' } }, {}, false],
    ['ForAnyValue: empty', { 'ForAnyValue:StringLike': { [aliases]: '*' } }, { [aliases]: [] }, false],
    [
      'ForAnyValue: StringLike',
      { 'ForAnyValue:StringLike': { [aliases]: 'alias/p*' } },
      { [aliases]: ['alias/x', 'alias/pek'] },
      true,
    ],
    [
      'ForAnyValue, negated: one value differs',
      { 'ForAnyValue:StringNotEquals': { [aliases]: 'alias/a' } },
      { [aliases]: ['alias/a', 'alias/b'] },
      true,
    ],
    [
      'ForAnyValue, negated: no value differs',
      { 'ForAnyValue:StringNotEquals': { [aliases]: 'alias/a' } },
      { [aliases]: ['alias/a'] },
      false,
    ],
    ['ForAnyValue, negated: absent', { 'ForAnyValue:StringNotEquals': { [aliases]: 'alias/a' } }, {}, false],
    ['ForAnyValueIfExists: absent', { 'ForAnyValue:StringEqualsIfExists': { [aliases]: 'alias/a' } }, {}, true],
    [
      'ForAllValues: all values are in the list',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b', 'c'] } },
      { 'aws:TagKeys': ['b', 'a'] },
      true,
    ],
    [
      'ForAllValues: one value is not in the list',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } },
      { 'aws:TagKeys': ['a', 'x'] },
      false,
    ],
    ['ForAllValues: absent', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, {}, true],
    ['ForAllValues: empty', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } }, { 'aws:TagKeys': [] }, true],
    [
      'ForAllValues, negated: no value is in the list',
      { 'ForAllValues:StringNotEquals': { 'aws:TagKeys': ['a'] } },
      { 'aws:TagKeys': ['b', 'c'] },
      true,
    ],
    [
      'ForAllValues, negated: one value is in the list',
      { 'ForAllValues:StringNotEquals': { 'aws:TagKeys': ['a'] } },
      { 'aws:TagKeys': ['b', 'a'] },
      false,
    ],
    [
      'ForAllValues: StringLike',
      { 'ForAllValues:StringLike': { 'aws:TagKeys': ['team-*'] } },
      { 'aws:TagKeys': ['team-a', 'team-b'] },
      true,
    ],
    [
      'ForAllValues and Null together require a value',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] }, Null: { 'aws:TagKeys': 'false' } },
      {},
      false,
    ],
    [
      'several values without a set operator: one match is enough',
      { StringEquals: { [aliases]: 'alias/a' } },
      { [aliases]: ['alias/b', 'alias/a'] },
      true,
    ],
    [
      'several values without a set operator, negated: no value may match',
      { StringNotEquals: { [aliases]: 'alias/a' } },
      { [aliases]: ['alias/b', 'alias/a'] },
      false,
    ],
    ['Bool: true', { Bool: { 'aws:SecureTransport': 'true' } }, { 'aws:SecureTransport': 'true' }, true],
    ['Bool: false', { Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': 'true' }, false],
    ['Bool: a JSON boolean', { Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': 'true' }, true],
    ['Bool: absent', { Bool: { 'aws:SecureTransport': 'false' } }, {}, false],
    [
      'Bool is not case-sensitive',
      { Bool: { 'payment-cryptography:ExportDukptInitialKey': 'True' } },
      { 'payment-cryptography:ExportDukptInitialKey': 'true' },
      true,
    ],
    ['Null: true if absent', { Null: { [tag]: 'true' } }, {}, true],
    ['Null: true if present', { Null: { [tag]: 'true' } }, { [tag]: 'x' }, false],
    ['Null: false if present', { Null: { [tag]: 'false' } }, { [tag]: 'x' }, true],
    ['Null: false if absent', { Null: { [tag]: 'false' } }, {}, false],
    ['Null: an empty string is present', { Null: { [tag]: 'false' } }, { [tag]: '' }, true],
    ['Null: an empty list is absent', { Null: { 'aws:TagKeys': 'true' } }, { 'aws:TagKeys': [] }, true],
    ['IpAddress: in the range', { IpAddress: { [ip]: '203.0.113.0/24' } }, { [ip]: '203.0.113.9' }, true],
    ['IpAddress: out of the range', { IpAddress: { [ip]: '203.0.113.0/24' } }, { [ip]: '203.0.114.9' }, false],
    ['IpAddress: one address', { IpAddress: { [ip]: '203.0.113.9' } }, { [ip]: '203.0.113.9' }, true],
    ['IpAddress: all addresses', { IpAddress: { [ip]: '0.0.0.0/0' } }, { [ip]: '203.0.113.9' }, true],
    [
      'IpAddress: one of several ranges',
      { IpAddress: { [ip]: ['10.0.0.0/8', '203.0.113.0/24'] } },
      { [ip]: '203.0.113.9' },
      true,
    ],
    ['IpAddress: IPv6', { IpAddress: { [ip]: '2001:db8::/32' } }, { [ip]: '2001:db8:0:1::9' }, true],
    ['IpAddress: IPv6 out of the range', { IpAddress: { [ip]: '2001:db8::/32' } }, { [ip]: '2001:db9::1' }, false],
    ['IpAddress: the other family', { IpAddress: { [ip]: '0.0.0.0/0' } }, { [ip]: '2001:db8::1' }, false],
    [
      'IpAddress: the range of all IPv6 addresses contains no IPv4 address',
      { IpAddress: { [ip]: '::/0' } },
      { [ip]: '203.0.113.9' },
      false,
    ],
    [
      'IpAddress: a range written with another address than its first',
      { IpAddress: { [ip]: '10.1.2.3/8' } },
      { [ip]: '10.9.9.9' },
      true,
    ],
    ['IpAddress: absent', { IpAddress: { [ip]: '0.0.0.0/0' } }, {}, false],
    ['NotIpAddress: out of the range', { NotIpAddress: { [ip]: '10.0.0.0/8' } }, { [ip]: '203.0.113.9' }, true],
    ['NotIpAddress: in the range', { NotIpAddress: { [ip]: '10.0.0.0/8' } }, { [ip]: '10.1.2.3' }, false],
    [
      'NotIpAddress: in one of several ranges',
      { NotIpAddress: { [ip]: ['192.0.2.0/24', '10.0.0.0/8'] } },
      { [ip]: '10.1.2.3' },
      false,
    ],
    ['NotIpAddress: the other family', { NotIpAddress: { [ip]: '::/0' } }, { [ip]: '203.0.113.9' }, true],
    ['NotIpAddress: absent', { NotIpAddress: { [ip]: '10.0.0.0/8' } }, {}, true],
    ['NumericEquals', { NumericEquals: { [number]: '10' } }, { [number]: '10.0' }, true],
    ['NumericEquals: a JSON number', { NumericEquals: { [number]: 10 } }, { [number]: '10' }, true],
    ['NumericEquals: another', { NumericEquals: { [number]: '10' } }, { [number]: '11' }, false],
    ['NumericNotEquals', { NumericNotEquals: { [number]: '10' } }, { [number]: '11' }, true],
    ['NumericNotEquals: the same', { NumericNotEquals: { [number]: '10' } }, { [number]: '10' }, false],
    ['NumericNotEquals: absent', { NumericNotEquals: { [number]: '10' } }, {}, true],
    ['NumericLessThan', { NumericLessThan: { [number]: '10' } }, { [number]: '9' }, true],
    ['NumericLessThan: the same', { NumericLessThan: { [number]: '10' } }, { [number]: '10' }, false],
    ['NumericLessThan is by number', { NumericLessThan: { [number]: '10' } }, { [number]: '9.5' }, true],
    ['NumericLessThanEquals: the same', { NumericLessThanEquals: { [number]: '10' } }, { [number]: '10' }, true],
    ['NumericLessThanEquals: more', { NumericLessThanEquals: { [number]: '10' } }, { [number]: '11' }, false],
    ['NumericGreaterThan', { NumericGreaterThan: { [number]: '10' } }, { [number]: '11' }, true],
    ['NumericGreaterThan: the same', { NumericGreaterThan: { [number]: '10' } }, { [number]: '10' }, false],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { [number]: '-1' } }, { [number]: '-1' }, true],
    ['NumericGreaterThanEquals: less', { NumericGreaterThanEquals: { [number]: '10' } }, { [number]: '9' }, false],
    ['Numeric: no number in the request', { NumericLessThan: { [number]: '10' } }, { [number]: 'x' }, false],
    ['DateEquals', { DateEquals: { [time]: '2026-01-02T00:00:00Z' } }, { [time]: '2026-01-02T01:00:00+01:00' }, true],
    ['DateNotEquals', { DateNotEquals: { [time]: '2026-01-02' } }, { [time]: '2026-01-03T00:00:00Z' }, true],
    ['DateNotEquals: the same', { DateNotEquals: { [time]: '2026-01-02' } }, { [time]: '2026-01-02T00:00:00Z' }, false],
    ['DateLessThan', { DateLessThan: { [time]: '2026-01-02T00:00:00Z' } }, { [time]: '2026-01-01T23:59:59Z' }, true],
    [
      'DateLessThan: later',
      { DateLessThan: { [time]: '2026-01-02T00:00:00Z' } },
      { [time]: '2026-01-02T00:00:01Z' },
      false,
    ],
    [
      'DateLessThanEquals: the same',
      { DateLessThanEquals: { [time]: '2026-01-02T00:00:00Z' } },
      { [time]: '2026-01-02T00:00:00Z' },
      true,
    ],
    [
      'DateGreaterThan',
      { DateGreaterThan: { [time]: '2026-01-02T00:00:00Z' } },
      { [time]: '2026-01-02T00:00:00.001Z' },
      true,
    ],
    [
      'DateGreaterThan: the same',
      { DateGreaterThan: { [time]: '2026-01-02T00:00:00Z' } },
      { [time]: '2026-01-02T00:00:00Z' },
      false,
    ],
    [
      'DateGreaterThanEquals: earlier',
      { DateGreaterThanEquals: { [time]: '2026-01-02' } },
      { [time]: '2026-01-01T23:59:59Z' },
      false,
    ],
    [
      'Date: seconds since 1970',
      { DateLessThan: { 'aws:EpochTime': '1767312000' } },
      { 'aws:EpochTime': '1767311999' },
      true,
    ],
    ['Date: absent', { DateLessThan: { [time]: '2026-01-02' } }, {}, false],
    [
      'two dates are a window',
      { DateGreaterThan: { [time]: '2026-01-01' }, DateLessThan: { [time]: '2026-01-03' } },
      { [time]: '2026-01-04T00:00:00Z' },
      false,
    ],
    ['ArnEquals', { ArnEquals: { [arn]: USER } }, { [arn]: USER }, true],
    ['ArnEquals has wildcards, as ArnLike', { ArnEquals: { [arn]: 'arn:aws:iam::*:user/*' } }, { [arn]: USER }, true],
    ['ArnLike', { ArnLike: { [arn]: 'arn:aws:iam::000000000000:user/a*' } }, { [arn]: USER }, true],
    ['ArnLike: another', { ArnLike: { [arn]: 'arn:aws:iam::000000000000:role/*' } }, { [arn]: USER }, false],
    [
      'ArnLike: * stays in its part',
      { ArnLike: { [arn]: 'arn:aws:*:000000000000:user/ann:x' } },
      { [arn]: `${USER}:x` },
      false,
    ],
    ['ArnLike: each part by itself', { ArnLike: { [arn]: 'arn:*:*:*:*:user/ann' } }, { [arn]: USER }, true],
    ['ArnLike: * alone is any', { ArnLike: { [arn]: '*' } }, { [arn]: USER }, true],
    [
      'ArnLike: a variable',
      { ArnLike: { [arn]: 'arn:aws:iam::000000000000:user/${aws:username}' } },
      { [arn]: USER, 'aws:username': 'ann' },
      true,
    ],
    [
      'ArnLike: a colon in a variable',
      { ArnLike: { [arn]: "arn:aws:iam::${aws:PrincipalAccount, '000000000000'}:user/ann" } },
      { [arn]: USER },
      true,
    ],
    [
      'ArnLike: a dollar is a character',
      { ArnLike: { [arn]: 'arn:aws:iam::*:user/$ann' } },
      { [arn]: 'arn:aws:iam::000000000000:user/$ann' },
      true,
    ],
    ['ArnLike: no ARN in the request', { ArnLike: { [arn]: 'arn:aws:iam::*:user/*' } }, { [arn]: 'ann' }, false],
    ['ArnNotLike', { ArnNotLike: { [arn]: 'arn:aws:iam::*:role/*' } }, { [arn]: USER }, true],
    ['ArnNotEquals: the same', { ArnNotEquals: { [arn]: USER } }, { [arn]: USER }, false],
    ['ArnNotLike: absent', { ArnNotLike: { [arn]: 'arn:aws:iam::*:role/*' } }, {}, true],
    ['BinaryEquals', { BinaryEquals: { 'aws:userid': 'QUFB' } }, { 'aws:userid': 'QUFB' }, true],
    ['BinaryEquals: another', { BinaryEquals: { 'aws:userid': 'QUFB' } }, { 'aws:userid': 'qufb' }, false],
    [
      'several operators: all of them',
      { StringEquals: { [tag]: 'pin' }, Bool: { 'aws:SecureTransport': 'true' } },
      { [tag]: 'pin', 'aws:SecureTransport': 'true' },
      true,
    ],
    [
      'several operators: not one alone',
      { StringEquals: { [tag]: 'pin' }, Bool: { 'aws:SecureTransport': 'true' } },
      { [tag]: 'pin', 'aws:SecureTransport': 'false' },
      false,
    ],
    [
      'several keys: all of them',
      { StringEquals: { [tag]: 'pin', 'aws:username': 'ann' } },
      { [tag]: 'pin', 'aws:username': 'bob' },
      false,
    ],
    ['no condition at all', {}, {}, true],
  ])('%s', (_, Condition, says, holds) => expect(allows({ Condition }, { says })).toBe(holds));
});

/** Statements of the caller's own policy and of the key policy. */
type Combination = [rule: string, own: Elements[], keys: Elements[], asked: Asked, outcome: string];

const NOBODY = 'because no identity-based policy allows the payment-cryptography:EncryptData action';
const BY_OWN = 'with an explicit deny in an identity-based policy';
const BY_KEY = 'with an explicit deny in a resource-based policy';

describe('policies together', () => {
  const to = (AWS: unknown, effect = ALLOW) => ({ ...effect, Principal: { AWS } });
  test.each<Combination>([
    ['nothing allows: denied', [], [], {}, NOBODY],
    ['the own policy allows', [ALLOW], [], {}, 'allowed'],
    ['an explicit denial overrides it', [ALLOW, DENY], [], {}, BY_OWN],
    ['the order does not matter', [DENY, ALLOW], [], {}, BY_OWN],
    ['a denial of something else does not', [ALLOW, { ...DENY, Resource: ALIAS }], [], {}, 'allowed'],
    [
      'a denial whose condition does not hold does not',
      [ALLOW, { ...DENY, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      [],
      { says: { 'aws:SecureTransport': 'true' } },
      'allowed',
    ],
    ['the key policy allows without the own policy', [], [to(USER)], {}, 'allowed'],
    ['the key policy denies what the own policy allows', [ALLOW], [to(USER, DENY)], {}, BY_KEY],
    ['the own policy denies what the key policy allows', [DENY], [to(USER)], {}, BY_OWN],
    ['the denial of the own policy is named first', [DENY], [to(USER, DENY)], {}, BY_OWN],
    ['the key policy allows another user', [], [to('arn:aws:iam::000000000000:user/bob')], {}, NOBODY],
    ['the key policy denies another user', [ALLOW], [to('arn:aws:iam::000000000000:user/bob', DENY)], {}, 'allowed'],
    ['the key policy allows one of several', [], [to(['arn:aws:iam::000000000000:user/bob', USER])], {}, 'allowed'],
    ['the key policy allows the account, which leaves it to the own policy', [], [to(ROOT)], {}, NOBODY],
    ['the key policy allows the account by its number', [], [to('000000000000')], {}, NOBODY],
    ['the key policy allows the account, and so does the own policy', [ALLOW], [to(ROOT)], {}, 'allowed'],
    ['the key policy denies the account, and all in it', [ALLOW], [to(ROOT, DENY)], {}, BY_KEY],
    ['the key policy denies the account by its number', [ALLOW], [to('000000000000', DENY)], {}, BY_KEY],
    ['the key policy denies another account', [ALLOW], [to('111122223333', DENY)], {}, 'allowed'],
    ['the key policy denies everyone', [ALLOW], [{ ...DENY, Principal: '*' }], {}, BY_KEY],
    ['the key policy denies everyone by AWS', [ALLOW], [to('*', DENY)], {}, BY_KEY],
    [
      'the key policy allows everyone with a condition that holds',
      [],
      [{ ...to('*'), Condition: { StringEquals: { 'aws:PrincipalAccount': '000000000000' } } }],
      { says: { 'aws:PrincipalAccount': '000000000000' } },
      'allowed',
    ],
    [
      "the key policy allows everyone with a condition that doesn't",
      [],
      [{ ...to('*'), Condition: { StringEquals: { 'aws:PrincipalAccount': '111122223333' } } }],
      { says: { 'aws:PrincipalAccount': '000000000000' } },
      NOBODY,
    ],
    ['the key policy allows a service', [], [{ ...ALLOW, Principal: { Service: 'events.amazonaws.com' } }], {}, NOBODY],
    ['the key policy denies everyone but the user', [ALLOW], [{ ...DENY, NotPrincipal: { AWS: USER } }], {}, 'allowed'],
    ['the key policy denies everyone but another', [ALLOW], [{ ...DENY, NotPrincipal: { AWS: ROLE } }], {}, BY_KEY],
    [
      'the key policy denies everyone but the account',
      [ALLOW],
      [{ ...DENY, NotPrincipal: { AWS: ROOT } }],
      {},
      'allowed',
    ],
    ['the key policy allows another action', [], [{ ...to(USER), Action: 'payment-cryptography:GetKey' }], {}, NOBODY],
    [
      'the key policy by NotAction',
      [],
      [{ ...to(USER), Action: undefined, NotAction: 'payment-cryptography:GetKey' }],
      {},
      'allowed',
    ],
    ['the key policy names its own ARN', [], [{ ...to(USER), Resource: KEY }], {}, 'allowed'],
    ["a session: the role's policy", [ALLOW], [], { caller: 'session' }, 'allowed'],
    ['a session: the key policy allows the role', [], [to(ROLE)], { caller: 'session' }, 'allowed'],
    ['a session: the key policy allows the session', [], [to(SESSION)], { caller: 'session' }, 'allowed'],
    [
      'a session: the key policy allows another session',
      [],
      [to(SESSION.replace('monday', 'friday'))],
      { caller: 'session' },
      NOBODY,
    ],
    ['a session: the key policy denies the role', [ALLOW], [to(ROLE, DENY)], { caller: 'session' }, BY_KEY],
    ['the root needs no policy', [], [], { caller: 'root' }, 'allowed'],
    ['the root is denied by the key policy', [], [to(ROOT, DENY)], { caller: 'root' }, BY_KEY],
    [
      'the root is denied with everyone by the key policy',
      [],
      [{ ...DENY, Principal: '*' }],
      { caller: 'root' },
      BY_KEY,
    ],
    ['the root: the key policy denies a user', [], [to(USER, DENY)], { caller: 'root' }, 'allowed'],
  ])('%s', (_, own, keys, asked, outcome) => {
    const request = requestOf(asked);
    const identity = own.length > 0 ? identityOf(document(own)) : new Statements([]);
    const resource = keys.length > 0 ? resourceOf(document(keys)) : undefined;
    const decision = decide(request, asked.caller === 'root' ? undefined : identity, resource);
    if (outcome === 'allowed') expect(decision).toMatchObject({ allowed: true });
    else
      expect(refusal(request, decision as typeof decision & { allowed: false })).toBe(
        `User: ${request.caller.arn} is not authorized to perform: ${ACTION} on resource: ${KEY} ${outcome}`,
      );
  });

  test('a denial in one of several policies wins over all others', () => {
    const identity = identityOf(document([ALLOW]), document([{ ...DENY, Sid: 'Never' }]), document([ALLOW]));
    expect(decide(requestOf({}), identity, undefined)).toMatchObject({
      allowed: false,
      by: { policy: 'policy 1', sid: 'Never', index: 0 },
    });
  });

  test('the statement that allows is named', () => {
    const other = { ...ALLOW, Action: 'payment-cryptography:GetKey' };
    const identity = identityOf(document([other]), document([other, { ...ALLOW, Sid: 'Encrypt' }]));
    expect(decide(requestOf({}), identity, undefined)).toMatchObject({
      allowed: true,
      by: { policy: 'policy 1', sid: 'Encrypt', index: 1 },
    });
  });
});

test('an ARN crafted to be slow is parsed in time', () => {
  const long = `arn:${'${a}'.repeat(4000)}`;
  const says = { 'aws:RequestTag/arn': long };
  expect(allows({ Condition: { ArnLike: { 'aws:RequestTag/arn': 'arn:aws:iam::*:user/*' } } }, { says })).toBe(false);
  const put = () => checkIdentityPolicy(document([{ ...ALLOW, Condition: { ArnLike: { 'aws:userid': long } } }]));
  expect(put).toThrow('must be what ArnLike can compare with');
});

test('a pattern crafted to be slow is matched in time', () => {
  const Resource = `arn:aws:payment-cryptography:*:*:alias/${'*a'.repeat(200)}b`;
  expect(allows({ Resource }, { resource: `${ALIAS}${'a'.repeat(5000)}` })).toBe(false);
});
