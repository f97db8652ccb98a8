import {
  ACTION,
  allows,
  type Asked,
  document,
  type Elements,
  identityOf,
  KEY,
  requestOf,
  ROLE,
  ROOT,
  SESSION,
  USER,
} from '../../test/support/policy.js';
import { decide, refusal } from './decision.js';
import { checkIdentityPolicy, ResourcePolicies } from './policy-document.js';
import { resourceStatements, Statements } from './policy.js';

/** Each case is a rule of the IAM user guide: "Policy evaluation logic" and "JSON policy element reference". */

const keyPolicies = new ResourcePolicies('payment-cryptography', 'EncryptData');
const ALIAS = 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/pek';
const resourceOf = (policy: string) => new Statements(resourceStatements(KEY, keyPolicies.check(policy, KEY)));

const ALLOW = { Effect: 'Allow', Action: ACTION, Resource: '*' };
const DENY = { ...ALLOW, Effect: 'Deny' };

type Row = [rule: string, elements: Elements, asked: Asked, allowed: boolean];

describe('Action', () => {
  test.each<Row>([
    ['names the action', { Action: ACTION }, {}, true],
    ['does not name another action', { Action: 'payment-cryptography:DecryptData' }, {}, false],
    ['is not case-sensitive', { Action: 'Payment-Cryptography:encryptdata' }, {}, true],
    ['is one of several actions', { Action: ['payment-cryptography:GetKey', ACTION] }, {}, true],
    [
      'is none of several actions',
      { Action: ['payment-cryptography:GetKey', 'payment-cryptography:ListKeys'] },
      {},
      false,
    ],
    ['* matches every action', { Action: '*' }, {}, true],
    ['service:* matches every action of the service', { Action: 'payment-cryptography:*' }, {}, true],
    ['service:* matches no action of another service', { Action: 'kms:*' }, {}, false],
    ['* may begin a name', { Action: 'payment-cryptography:*Data' }, {}, true],
    ['* may end a name', { Action: 'payment-cryptography:Encrypt*' }, {}, true],
    ['* may be inside a name', { Action: 'payment-cryptography:E*Data' }, {}, true],
    ['* also matches the empty string', { Action: 'payment-cryptography:EncryptData*' }, {}, true],
    ['? matches one character', { Action: 'payment-cryptography:?ncryptData' }, {}, true],
    ['? does not match the empty string', { Action: 'payment-cryptography:EncryptData?' }, {}, false],
    ['* does not match another end of the name', { Action: 'payment-cryptography:Encrypt*Key' }, {}, false],
    ['a prefix without * does not match', { Action: 'payment-cryptography:Encrypt' }, {}, false],
    ['several * backtrack and find no match', { Action: 'payment-cryptography:*e*t*t*t*' }, {}, false],
    ['several * backtrack and find a match', { Action: 'payment-cryptography:*n*y*t*a' }, {}, true],
    ['NotAction matches every action but the named one', { NotAction: 'payment-cryptography:DeleteKey' }, {}, true],
    ['NotAction does not match the named action', { NotAction: ACTION }, {}, false],
    [
      'NotAction does not match one of several named actions',
      { NotAction: ['payment-cryptography:GetKey', ACTION] },
      {},
      false,
    ],
    ['NotAction has wildcards', { NotAction: 'payment-cryptography:Encrypt*' }, {}, false],
    ['NotAction is not case-sensitive', { NotAction: 'payment-cryptography:ENCRYPTDATA' }, {}, false],
  ])('%s', (_, elements, asked, allowed) => expect(allows(elements, asked)).toBe(allowed));
});

/** Returns the ARN pattern of a resource in any Region and account. */
const any = (resource: string) => `arn:aws:payment-cryptography:*:*:${resource}`;
const KEYS = 'arn:aws:payment-cryptography:us-east-1:000000000000:key/*';

describe('Resource', () => {
  test.each<Row>([
    ['names the key', { Resource: KEY }, {}, true],
    ['does not name another key', { Resource: KEY.replace('kwap', 'paws') }, {}, false],
    ['is case-sensitive', { Resource: KEY.replace('kwap', 'KWAP') }, {}, false],
    ['is one of several resources', { Resource: [ALIAS, KEY] }, {}, true],
    ['* matches every resource', { Resource: '*' }, {}, true],
    ['key/* matches every key', { Resource: KEYS }, {}, true],
    ['key/* does not match an alias', { Resource: KEYS }, { resource: ALIAS }, false],
    ['* matches any Region and account', { Resource: any('key/kwapwa6qaifllw2h') }, {}, true],
    ['does not match another Region', { Resource: 'arn:aws:payment-cryptography:eu-west-1:*:key/*' }, {}, false],
    ['does not match another account', { Resource: 'arn:aws:payment-cryptography:*:111122223333:key/*' }, {}, false],
    [
      '? matches one character',
      { Resource: 'arn:aws:payment-cryptography:us-east-?:*:key/kwapwa6qaifllw2h' },
      {},
      true,
    ],
    ['? does not match two characters', { Resource: 'arn:aws:payment-cryptography:us-east?:*:key/*' }, {}, false],
    ['an alias ARN matches the alias itself, not its key', { Resource: ALIAS }, {}, false],
    [
      'an ARN does not match *, the resource of an operation without one',
      { Resource: any('key/*') },
      { resource: '*' },
      false,
    ],
    ['* matches an operation without a resource', { Resource: '*' }, { resource: '*' }, true],
    ['* matches a slash', { Resource: any('alias/*') }, { resource: `${ALIAS}/2026/a` }, true],
    ['NotResource matches every resource but the named one', { NotResource: ALIAS }, {}, true],
    ['NotResource does not match the named resource', { NotResource: KEY }, {}, false],
    ['NotResource has wildcards', { NotResource: any('key/*') }, {}, false],
    ['NotResource does not match one of several named resources', { NotResource: [ALIAS, KEY] }, {}, false],
    [
      'may contain a variable',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': 'pek' } },
      true,
    ],
    [
      'does not match a variable with another value',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': 'ann' } },
      false,
    ],
    [
      'may contain a variable and a wildcard',
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
    [
      'may contain a variable with a default',
      { Resource: any("alias/${aws:username, 'pek'}") },
      { resource: ALIAS },
      true,
    ],
    [
      'uses the value of a variable rather than its default',
      { Resource: any("alias/${aws:username, 'pek'}") },
      { resource: ALIAS, says: { 'aws:username': 'ann' } },
      false,
    ],
    [
      'a wildcard in the value of a variable is literal',
      { Resource: any('alias/${aws:username}') },
      { resource: ALIAS, says: { 'aws:username': '*' } },
      false,
    ],
    ['${*} is an asterisk', { Resource: any('alias/p${*}') }, { resource: ALIAS }, false],
    ['${?} is a question mark', { Resource: any('alias/pe${?}') }, { resource: ALIAS }, false],
  ])('%s', (_, elements, asked, allowed) => expect(allows(elements, asked)).toBe(allowed));
});

test('variables are plain text in version 2008-10-17 and in policies without a version', () => {
  const Condition = { StringEquals: { 'aws:userid': '${aws:username}' } };
  const says = { 'aws:userid': 'ann', 'aws:username': 'ann' };
  expect(allows({ Condition }, { says })).toBe(true);
  expect(allows({ Condition }, { says }, '2008-10-17')).toBe(false);
  expect(allows({ Condition }, { says: { ...says, 'aws:userid': '${aws:username}' } }, '2008-10-17')).toBe(true);
  const unversioned = JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*', Condition } });
  expect(decide(requestOf({ says }), identityOf(unversioned), undefined).allowed).toBe(false);
});

/** A rule, the statements of the caller's own policy and of the key policy, the request, and the outcome. */
type Combination = [rule: string, own: Elements[], keys: Elements[], asked: Asked, outcome: string];

const NOBODY = 'because no identity-based policy allows the payment-cryptography:EncryptData action';
const BY_OWN = 'with an explicit deny in an identity-based policy';
const BY_KEY = 'with an explicit deny in a resource-based policy';

describe('policies together', () => {
  const to = (AWS: unknown, effect = ALLOW) => ({ ...effect, Principal: { AWS } });
  test.each<Combination>([
    ['deny if nothing allows', [], [], {}, NOBODY],
    ["allow if the caller's own policy allows", [ALLOW], [], {}, 'allowed'],
    ['deny if an explicit denial overrides an allow', [ALLOW, DENY], [], {}, BY_OWN],
    ['do not depend on the order of statements', [DENY, ALLOW], [], {}, BY_OWN],
    ['allow despite a denial of another resource', [ALLOW, { ...DENY, Resource: ALIAS }], [], {}, 'allowed'],
    [
      'allow despite a denial whose condition does not hold',
      [ALLOW, { ...DENY, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      [],
      { says: { 'aws:SecureTransport': 'true' } },
      'allowed',
    ],
    ['allow if only the key policy allows', [], [to(USER)], {}, 'allowed'],
    ["deny if the key policy denies what the caller's own policy allows", [ALLOW], [to(USER, DENY)], {}, BY_KEY],
    ["deny if the caller's own policy denies what the key policy allows", [DENY], [to(USER)], {}, BY_OWN],
    ["name the denial of the caller's own policy first", [DENY], [to(USER, DENY)], {}, BY_OWN],
    ['deny if the key policy allows another user', [], [to('arn:aws:iam::000000000000:user/bob')], {}, NOBODY],
    [
      'allow if the key policy denies another user',
      [ALLOW],
      [to('arn:aws:iam::000000000000:user/bob', DENY)],
      {},
      'allowed',
    ],
    [
      'allow if the key policy allows the user among others',
      [],
      [to(['arn:aws:iam::000000000000:user/bob', USER])],
      {},
      'allowed',
    ],
    [
      "deny if the key policy allows the account, which leaves the decision to the caller's own policy",
      [],
      [to(ROOT)],
      {},
      NOBODY,
    ],
    ['deny if the key policy allows the account by its number', [], [to('000000000000')], {}, NOBODY],
    [
      "allow if the key policy allows the account, and the caller's own policy allows too",
      [ALLOW],
      [to(ROOT)],
      {},
      'allowed',
    ],
    ['deny if the key policy denies the account and thereby everyone in it', [ALLOW], [to(ROOT, DENY)], {}, BY_KEY],
    ['deny if the key policy denies the account by its number', [ALLOW], [to('000000000000', DENY)], {}, BY_KEY],
    ['allow if the key policy denies another account', [ALLOW], [to('111122223333', DENY)], {}, 'allowed'],
    ['deny if the key policy denies everyone', [ALLOW], [{ ...DENY, Principal: '*' }], {}, BY_KEY],
    ['deny if the key policy denies everyone as {"AWS": "*"}', [ALLOW], [to('*', DENY)], {}, BY_KEY],
    [
      'allow if the key policy allows everyone under a condition that holds',
      [],
      [{ ...to('*'), Condition: { StringEquals: { 'aws:PrincipalAccount': '000000000000' } } }],
      { says: { 'aws:PrincipalAccount': '000000000000' } },
      'allowed',
    ],
    [
      'deny if the key policy allows everyone under a condition that does not hold',
      [],
      [{ ...to('*'), Condition: { StringEquals: { 'aws:PrincipalAccount': '111122223333' } } }],
      { says: { 'aws:PrincipalAccount': '000000000000' } },
      NOBODY,
    ],
    [
      'deny if the key policy allows a service',
      [],
      [{ ...ALLOW, Principal: { Service: 'events.amazonaws.com' } }],
      {},
      NOBODY,
    ],
    [
      'allow if the key policy denies everyone but the user',
      [ALLOW],
      [{ ...DENY, NotPrincipal: { AWS: USER } }],
      {},
      'allowed',
    ],
    [
      'deny if the key policy denies everyone but another principal',
      [ALLOW],
      [{ ...DENY, NotPrincipal: { AWS: ROLE } }],
      {},
      BY_KEY,
    ],
    [
      'allow if the key policy denies everyone but the account',
      [ALLOW],
      [{ ...DENY, NotPrincipal: { AWS: ROOT } }],
      {},
      'allowed',
    ],
    [
      'deny if the key policy allows another action',
      [],
      [{ ...to(USER), Action: 'payment-cryptography:GetKey' }],
      {},
      NOBODY,
    ],
    [
      'allow if the key policy allows by NotAction',
      [],
      [{ ...to(USER), Action: undefined, NotAction: 'payment-cryptography:GetKey' }],
      {},
      'allowed',
    ],
    ['allow if the key policy names the ARN of its key', [], [{ ...to(USER), Resource: KEY }], {}, 'allowed'],
    ['allow a session if the policy of its role allows', [ALLOW], [], { caller: 'session' }, 'allowed'],
    ['allow a session if the key policy allows the role', [], [to(ROLE)], { caller: 'session' }, 'allowed'],
    ['allow a session if the key policy allows the session', [], [to(SESSION)], { caller: 'session' }, 'allowed'],
    [
      'deny a session if the key policy allows another session',
      [],
      [to(SESSION.replace('monday', 'friday'))],
      { caller: 'session' },
      NOBODY,
    ],
    ['deny a session if the key policy denies the role', [ALLOW], [to(ROLE, DENY)], { caller: 'session' }, BY_KEY],
    ['allow the root user without a policy', [], [], { caller: 'root' }, 'allowed'],
    ['deny the root user if the key policy denies the root user', [], [to(ROOT, DENY)], { caller: 'root' }, BY_KEY],
    [
      'deny the root user if the key policy denies everyone',
      [],
      [{ ...DENY, Principal: '*' }],
      { caller: 'root' },
      BY_KEY,
    ],
    ['allow the root user if the key policy denies a user', [], [to(USER, DENY)], { caller: 'root' }, 'allowed'],
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

  test('let a denial in one of several policies win over all others', () => {
    const identity = identityOf(document([ALLOW]), document([{ ...DENY, Sid: 'Never' }]), document([ALLOW]));
    expect(decide(requestOf({}), identity, undefined)).toMatchObject({
      allowed: false,
      by: { policy: 'policy 1', sid: 'Never', index: 0 },
    });
  });

  test('name the statement that allows', () => {
    const other = { ...ALLOW, Action: 'payment-cryptography:GetKey' };
    const identity = identityOf(document([other]), document([other, { ...ALLOW, Sid: 'Encrypt' }]));
    expect(decide(requestOf({}), identity, undefined)).toMatchObject({
      allowed: true,
      by: { policy: 'policy 1', sid: 'Encrypt', index: 1 },
    });
  });
});

test('parses an ARN that is crafted to be slow without delay', () => {
  const long = `arn:${'${a}'.repeat(4000)}`;
  const says = { 'aws:RequestTag/arn': long };
  expect(allows({ Condition: { ArnLike: { 'aws:RequestTag/arn': 'arn:aws:iam::*:user/*' } } }, { says })).toBe(false);
  const put = () => checkIdentityPolicy(document([{ ...ALLOW, Condition: { ArnLike: { 'aws:userid': long } } }]));
  expect(put).toThrow('must be a value that ArnLike can compare with');
});

test('matches a pattern that is crafted to be slow in time', () => {
  const Resource = `arn:aws:payment-cryptography:*:*:alias/${'*a'.repeat(200)}b`;
  expect(allows({ Resource }, { resource: `${ALIAS}${'a'.repeat(5000)}` })).toBe(false);
});

describe('a decision is cached by its resource only', () => {
  const decisions = (elements: Elements, ...asked: Asked[]) => {
    const identity = identityOf(document([{ Effect: 'Allow', Action: ACTION, Resource: '*', ...elements }]));
    return asked.map((each) => decide(requestOf(each), identity, undefined).allowed);
  };
  const OTHER = ALIAS.replace('alias/pek', 'key/other');

  test('where nothing else decides', () => {
    expect(
      decisions({ Resource: KEY }, { resource: KEY }, { resource: OTHER }, { resource: KEY }, { resource: OTHER }),
    ).toEqual([true, false, true, false]);
  });

  test('not where a condition decides', () => {
    const Condition = { StringEquals: { 'aws:SourceIp': '10.0.0.1' } };
    const from = (address: string): Asked => ({ says: { 'aws:SourceIp': address } });
    expect(decisions({ Condition }, from('10.0.0.1'), from('10.0.0.2'), from('10.0.0.1'))).toEqual([true, false, true]);
  });

  test('not where a variable decides', () => {
    const as = (name: string): Asked => ({ resource: `${KEY}/alice`, says: { 'aws:username': name } });
    expect(decisions({ Resource: `${KEY}/\${aws:username}` }, as('alice'), as('bob'), as('alice'))).toEqual([
      true,
      false,
      true,
    ]);
  });
});
