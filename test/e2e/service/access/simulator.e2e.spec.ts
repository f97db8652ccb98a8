import { PolicySimulator } from '../../../../src/admin/policy-simulator.js';
import type { NewAccessKey } from '../../../../src/access/principal.repository.js';
import { policyOf, allow, useAccess } from '../../../support/access.js';
import { MISSING_KEY, createKey } from '../../../support/keys.js';
import { REGION, target } from '../../../support/service.js';

const { service, stored, answer, user, control, mac } = useAccess();

describe('The policy simulator decides as the service does', () => {
  const arn = (name: string, region = REGION, account = '000000000000') =>
    `arn:aws:payment-cryptography:${region}:${account}:${name}`;
  const ORIGIN = { sourceIp: '127.0.0.1', secureTransport: false, userAgent: undefined, time: new Date() };
  const KeyAttributes = {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse: { Generate: true },
  };
  const Tags = [{ Key: 'team', Value: 'mac' }];
  const tagged = { 'aws:RequestTag/team': ['mac'], 'aws:TagKeys': ['team'] };
  let asking: { arn: string; credentials: NewAccessKey };
  let session: { arn: string; credentials: NewAccessKey & { sessionToken: string } };
  let own: string;
  let other: string;
  let denying: string;

  beforeAll(async () => {
    own = (await createKey(service, { Tags: [{ Key: 'team', Value: 'mac' }] })).KeyArn;
    [other, denying] = [(await createKey(service)).KeyArn, (await createKey(service)).KeyArn];
    await control('CreateAlias', { AliasName: 'alias/asked', KeyArn: own });
    const statements = [
      allow('GenerateMac', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'mac' } } }),
      allow('VerifyMac', { Condition: { StringEquals: { 'payment-cryptography:RequestAlias': 'alias/asked' } } }),
      allow('CreateKey', { Condition: { StringEquals: { 'payment-cryptography:KeyAlgorithm': 'AES_128' } } }),
      allow('TagResource', { Resource: arn('key/*'), Condition: { StringEquals: { 'aws:RequestTag/team': 'mac' } } }),
      allow('GetAlias', { Resource: arn('alias/asked') }),
      allow(['GetKey', 'PutResourcePolicy'], { Condition: { StringEquals: { 'aws:RequestedRegion': REGION } } }),
      allow('ListKeys', { Condition: { Null: { 'aws:TokenIssueTime': 'false' } } }),
      allow('ListAliases', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    ];
    asking = await user(...statements);
    const role = await stored.principals.create('role', 'asking');
    await stored.principals.putPolicy(role.arn, 'own', policyOf(...statements));
    const started = await stored.principals.startSession(role.arn, 'tuesday', 900);
    session = {
      arn: 'arn:aws:sts::000000000000:assumed-role/asking/tuesday',
      credentials: { ...started, sessionToken: started.session.token },
    };
    for (const [ResourceArn, Effect] of [
      [other, 'Allow'],
      [denying, 'Deny'],
    ])
      await control('PutResourcePolicy', {
        ResourceArn,
        Policy: policyOf({ ...allow(['GenerateMac', 'PutResourcePolicy']), Effect, Principal: { AWS: asking.arn } }),
      });
    await control('TagResource', { ResourceArn: denying, Tags });
  });

  type Send = (credentials: NewAccessKey) => Promise<string>;
  type Case = [what: string, action: string, resource: () => string, context: Record<string, string[]>, send: Send];
  test.each<Case>([
    ['a key allowed by its tag', 'GenerateMac', () => own, {}, (by) => mac(own, by)],
    [
      'a key allowed by its tag, called by its alias',
      'GenerateMac',
      () => arn('alias/asked'),
      {},
      (by) => mac('alias/asked', by),
    ],
    ['a key whose policy allows it', 'GenerateMac', () => other, {}, (by) => mac(other, by)],
    ['a key whose policy denies it', 'GenerateMac', () => denying, {}, (by) => mac(denying, by)],
    ['a missing key', 'GenerateMac', () => MISSING_KEY, {}, (by) => mac(MISSING_KEY, by)],
    ['a missing alias', 'GenerateMac', () => arn('alias/none'), {}, (by) => mac('alias/none', by)],
    [
      "another account's key",
      'GetKey',
      () => arn('key/aaaaaaaaaaaaaaaa', REGION, '111111111111'),
      {},
      (by) => control('GetKey', { KeyIdentifier: arn('key/aaaaaaaaaaaaaaaa', REGION, '111111111111') }, by),
    ],
    [
      "another Region's key",
      'GetKey',
      () => arn('key/aaaaaaaaaaaaaaaa', 'eu-west-1'),
      {},
      (by) =>
        answer({
          headers: target('GetKey'),
          region: 'eu-west-1',
          body: JSON.stringify({ KeyIdentifier: arn('key/aaaaaaaaaaaaaaaa', 'eu-west-1') }),
          credentials: by,
        }),
    ],
    ['a key of this Region', 'GetKey', () => own, {}, (by) => control('GetKey', { KeyIdentifier: own }, by)],
    [
      'an action allowed on the alias, called with the key',
      'VerifyMac',
      () => own,
      {},
      (by) =>
        mac(own, by, {
          path: '/mac/verify',
          body: JSON.stringify({
            KeyIdentifier: own,
            MessageData: 'AA',
            Mac: 'AAAA',
            VerificationAttributes: { Algorithm: 'CMAC' },
          }),
        }),
    ],
    [
      'an action allowed on the alias, called with the alias',
      'VerifyMac',
      () => arn('alias/asked'),
      {},
      (by) =>
        mac(own, by, {
          path: '/mac/verify',
          body: JSON.stringify({
            KeyIdentifier: 'alias/asked',
            MessageData: 'AA',
            Mac: 'AAAAAAAA',
            VerificationAttributes: { Algorithm: 'CMAC' },
          }),
        }),
    ],
    [
      'a new key',
      'CreateKey',
      () => '*',
      { 'payment-cryptography:KeyAlgorithm': ['AES_128'] },
      (by) => control('CreateKey', { KeyAttributes, Exportable: true }, by),
    ],
    [
      'a new key of another kind',
      'CreateKey',
      () => '*',
      { 'payment-cryptography:KeyAlgorithm': ['AES_256'] },
      (by) =>
        control('CreateKey', { KeyAttributes: { ...KeyAttributes, KeyAlgorithm: 'AES_256' }, Exportable: true }, by),
    ],
    ['a tag', 'TagResource', () => own, tagged, (by) => control('TagResource', { ResourceArn: own, Tags }, by)],
    [
      'another tag',
      'TagResource',
      () => own,
      { 'aws:RequestTag/team': ['pin'] },
      (by) => control('TagResource', { ResourceArn: own, Tags: [{ Key: 'team', Value: 'pin' }] }, by),
    ],
    [
      'the tags of a new key',
      'TagResource',
      () => arn('key/*'),
      tagged,
      (by) => control('CreateKey', { KeyAttributes, Exportable: true, Tags }, by),
    ],
    [
      'a new policy for a key whose policy allows it',
      'PutResourcePolicy',
      () => denying,
      {},
      (by) =>
        control(
          'PutResourcePolicy',
          {
            ResourceArn: denying,
            Policy: policyOf({ ...allow('GenerateMac'), Effect: 'Deny', Principal: { AWS: asking.arn } }),
          },
          by,
        ),
    ],
    ['an action allowed to sessions', 'ListKeys', () => '*', {}, (by) => control('ListKeys', {}, by)],
    ['an action allowed over TLS', 'ListAliases', () => '*', {}, (by) => control('ListAliases', {}, by)],
    [
      'an action that no policy allows',
      'DeleteAlias',
      () => arn('alias/none'),
      {},
      (by) => control('DeleteAlias', { AliasName: 'alias/none' }, by),
    ],
  ])('for %s', async (_, action, resource, context, ask) => {
    const simulator = service.app.get(PolicySimulator);
    for (const { arn: principal, credentials } of [asking, session]) {
      const question = { principal, action: `payment-cryptography:${action}`, resource: resource(), context };
      const { allowed } = await simulator.explain(question, ORIGIN, REGION);
      expect({ principal, allowed }).toEqual({
        principal,
        allowed: !(await ask(credentials)).startsWith('AccessDenied'),
      });
    }
  });
});
