import { readFileSync } from 'node:fs';
import { AccessKeyUse } from '../../../src/access/access-key-use.js';
import { resourcesOf } from '../../../src/http/operation.js';
import { PolicySimulator } from '../../../src/admin/policy-simulator.js';
import { type NewAccessKey, PrincipalRepository } from '../../../src/access/principal.repository.js';
import { createKey, MISSING_KEY } from '../../support/keys.js';
import { type RawRequest, REGION, startTestService, target, type TestService } from '../../support/service.js';

const ROOT = 'arn:aws:iam::000000000000:root';

let service: TestService;
let principals: PrincipalRepository;
let KeyArn: string;
beforeAll(async () => {
  service = await startTestService({ KEYBLOCK_REGIONS: 'us-east-1,us-west-2,eu-west-1' });
  principals = service.app.get(PrincipalRepository);
  ({ KeyArn } = await createKey(service, { Tags: [{ Key: 'team', Value: 'pin' }] }));
}, 60_000);
afterAll(() => service.stop());

type Elements = Record<string, unknown>;
const document = (...statements: Elements[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (actions: string | string[], elements: Elements = {}) => ({
  Effect: 'Allow',
  Action: [actions].flat().map((action) => `payment-cryptography:${action}`),
  Resource: '*',
  ...elements,
});

let made = 0;
/** A user with a policy, and an access key to sign with. */
async function user(...statements: Elements[]): Promise<{ arn: string; credentials: NewAccessKey }> {
  const { arn } = await principals.create('user', `user-${++made}`);
  if (statements.length > 0) await principals.putPolicy(arn, 'own', document(...statements));
  return { arn, credentials: await principals.createAccessKey(arn) };
}

/** What was answered: `ok`, or the exception with its message. */
async function answer(request: Partial<RawRequest>): Promise<string> {
  const { status, json } = await service.send(request);
  if (status === 200) return 'ok';
  const name = String(json['__type']).replace(/.*#/, '');
  return name === 'AccessDeniedException' || name === 'ValidationException'
    ? `${name}: ${String(json['Message'] ?? json['message'])}`
    : name;
}

const control = (operation: string, input: object, credentials?: NewAccessKey) =>
  answer({ headers: target(operation), body: JSON.stringify(input), ...(credentials && { credentials }) });
const mac = (KeyIdentifier: string, credentials?: NewAccessKey, more: Partial<RawRequest> = {}) =>
  answer({
    path: '/mac/generate',
    body: JSON.stringify({
      KeyIdentifier,
      MessageData: '3B313038383439303031',
      GenerationAttributes: { Algorithm: 'CMAC' },
    }),
    ...(credentials && { credentials }),
    ...more,
  });
const denied = (arn: string, operation: string, resource: string, why = `because no identity-based policy allows the payment-cryptography:${operation} action`) =>
  `AccessDeniedException: User: ${arn} is not authorized to perform: payment-cryptography:${operation} on resource: ${resource} ${why}`; // prettier-ignore

describe('a user who may do one operation', () => {
  interface Document {
    paths: Record<string, { post: { operationId: string; requestBody?: { content: Record<string, { schema: { $ref: string } }> } } }>;
    components: { schemas: Record<string, { example?: object }> };
  } // prettier-ignore
  const documents = ['controlplane', 'dataplane'].map(
    (name) => JSON.parse(readFileSync(new URL(`../../../openapi/${name}.json`, import.meta.url), 'utf8')) as Document,
  );

  /** The example of each operation's documentation, with a key that is there for each that it names. */
  const request = (operation: string): Partial<RawRequest> => {
    for (const { paths, components } of documents)
      for (const [path, { post }] of Object.entries(paths)) {
        if (post.operationId !== operation) continue;
        const [content] = Object.values(post.requestBody?.content ?? {});
        const example = components.schemas[content?.schema.$ref.split('/').pop() ?? '']?.example ?? {};
        const body = JSON.stringify(
          example,
          (name, value: unknown) =>
          /Identifier$|^KeyArn$|^ResourceArn$/.test(name) && typeof value === 'string'
            ? walkedKey
            : name === 'WrappedKeyBlock' ? `D0112K0AB00E0000${'0'.repeat(96)}` : value, // prettier-ignore
        );
        return path.startsWith('/Payment')
          ? { headers: target(operation), body }
          : { path: path.replace(/\{\w+\}/, encodeURIComponent(walkedKey)), body };
      }
    throw new Error(`${operation} is not documented`);
  };
  let walkedKey: string;
  beforeAll(async () => void ({ KeyArn: walkedKey } = await createKey(service)));

  const OPERATIONS = [...resourcesOf('payment-cryptography').keys()];

  test('there are 47 operations, and each says what it is about', () => {
    const documented = documents.flatMap(({ paths }) => Object.values(paths).map(({ post }) => post.operationId));
    expect(OPERATIONS.toSorted()).toEqual(documented.toSorted());
    expect(OPERATIONS).toHaveLength(47);
  });

  test.each(OPERATIONS)('%s is denied to who may do all others, and allowed to who may do it', async (operation) => {
    const others = await user({ ...allow([]), Action: undefined, NotAction: `payment-cryptography:${operation}` });
    expect(await answer({ ...request(operation), credentials: others.credentials })).toContain(
      `AccessDeniedException: User: ${others.arn} is not authorized to perform: payment-cryptography:${operation} on resource: `,
    );
    const { credentials } = await user(allow([operation, 'TagResource'].slice(0, operation === 'CreateKey' ? 2 : 1)));
    expect(await answer({ ...request(operation), credentials })).not.toMatch(/^(AccessDenied|InternalServer)/);
    const refused = OPERATIONS.filter((other) => other !== operation && !(operation === 'CreateKey' && other === 'TagResource')); // prettier-ignore
    const answers = await Promise.all(refused.map((other) => answer({ ...request(other), credentials })));
    expect(answers.flatMap((text, i) => (text.startsWith('AccessDeniedException') ? [] : [`${refused[i]} ${text}`]))).toEqual([]); // prettier-ignore
  });
});

describe('a user', () => {
  test('without a policy may do nothing, and is not told what there is', async () => {
    const { arn, credentials } = await user();
    expect(await mac(KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', KeyArn));
    expect(await mac(MISSING_KEY, credentials)).toBe(denied(arn, 'GenerateMac', MISSING_KEY));
    expect(await control('ListKeys', {}, credentials)).toBe(denied(arn, 'ListKeys', '*'));
    const missing = `arn:aws:payment-cryptography:${REGION}:000000000000:alias/nothing`;
    expect(await mac('alias/nothing', credentials)).toBe(denied(arn, 'GenerateMac', missing));
    const may = await user(allow('GenerateMac'));
    expect(await mac(MISSING_KEY, may.credentials)).toBe('ResourceNotFoundException');
  });

  test('may use a key and no other; a changed policy counts at once', async () => {
    const { arn, credentials } = await user(allow('GenerateMac', { Resource: KeyArn }));
    const other = await createKey(service);
    expect(await mac(KeyArn, credentials)).toBe('ok');
    expect(await mac(other.KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', other.KeyArn));
    await principals.putPolicy(arn, 'never', document({ ...allow('*'), Effect: 'Deny' }));
    expect(await mac(KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', KeyArn, 'with an explicit deny in an identity-based policy')); // prettier-ignore
    await principals.removePolicy(arn, 'never');
    expect(await mac(KeyArn, credentials)).toBe('ok');
    await principals.remove(arn);
    expect(await mac(KeyArn, credentials)).toBe('UnrecognizedClientException');
  });

  test('may use keys by their tags and aliases, as they are now', async () => {
    const byTag = await user(allow('GenerateMac', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'mac' } } }));
    const byAlias = await user(allow('GenerateMac', { Condition: { 'ForAnyValue:StringLike': { 'payment-cryptography:ResourceAliases': 'alias/line-*' } } })); // prettier-ignore
    const byName = await user(allow('GenerateMac', { Condition: { StringEquals: { 'payment-cryptography:RequestAlias': 'alias/line-1' } } })); // prettier-ignore
    const key = (await createKey(service)).KeyArn;
    for (const { arn, credentials } of [byTag, byAlias]) expect(await mac(key, credentials)).toBe(denied(arn, 'GenerateMac', key)); // prettier-ignore
    await control('TagResource', { ResourceArn: key, Tags: [{ Key: 'team', Value: 'mac' }] });
    await control('CreateAlias', { AliasName: 'alias/line-1', KeyArn: key });
    expect(await mac(key, byTag.credentials)).toBe('ok');
    expect(await mac(key, byAlias.credentials)).toBe('ok');
    expect(await mac('alias/line-1', byName.credentials)).toBe('ok');
    expect(await mac(key, byName.credentials)).toBe(denied(byName.arn, 'GenerateMac', key));
    await control('UntagResource', { ResourceArn: key, TagKeys: ['team'] });
    await control('UpdateAlias', { AliasName: 'alias/line-1', KeyArn });
    expect(await mac(key, byTag.credentials)).toBe(denied(byTag.arn, 'GenerateMac', key));
    expect(await mac(key, byAlias.credentials)).toBe(denied(byAlias.arn, 'GenerateMac', key));
    expect(await mac(KeyArn, byAlias.credentials)).toBe('ok');
  });

  test('needs the alias and the keys to move an alias', async () => {
    const [one, two] = [(await createKey(service)).KeyArn, (await createKey(service)).KeyArn];
    const AliasName = 'alias/moved';
    await control('CreateAlias', { AliasName, KeyArn: one });
    const alias = `arn:aws:payment-cryptography:${REGION}:000000000000:${AliasName}`;
    const move = ({ credentials }: { credentials: NewAccessKey }) => control('UpdateAlias', { AliasName, KeyArn: two }, credentials); // prettier-ignore
    const keys = await user(allow('UpdateAlias', { Resource: [one, two] }));
    expect(await move(keys)).toBe(denied(keys.arn, 'UpdateAlias', alias));
    const target = await user(allow('UpdateAlias', { Resource: [alias, two] }));
    expect(await move(target)).toBe(denied(target.arn, 'UpdateAlias', one));
    const source = await user(allow('UpdateAlias', { Resource: [alias, one] }));
    expect(await move(source)).toBe(denied(source.arn, 'UpdateAlias', two));
    expect(await move(await user(allow('UpdateAlias', { Resource: [alias, one, two] })))).toBe('ok');
  });

  test('needs TagResource to create a key with tags, and creates what conditions allow', async () => {
    const KeyAttributes = {
      KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: 'AES_128',
      KeyModesOfUse: { Generate: true },
    };
    const { arn, credentials } = await user(allow('CreateKey', { Condition: { StringEquals: { 'payment-cryptography:KeyAlgorithm': 'AES_128' } } })); // prettier-ignore
    const create = (input: object) => control('CreateKey', { KeyAttributes, Exportable: true, ...input }, credentials);
    expect(await create({})).toBe('ok');
    expect(await create({ KeyAttributes: { ...KeyAttributes, KeyAlgorithm: 'AES_256' } })).toBe(denied(arn, 'CreateKey', '*')); // prettier-ignore
    const Tags = [{ Key: 'team', Value: 'mac' }];
    const anyKey = `arn:aws:payment-cryptography:${REGION}:000000000000:key/*`;
    expect(await create({ Tags })).toBe(denied(arn, 'TagResource', anyKey));
    await principals.putPolicy(arn, 'tags', document(allow('TagResource', { Resource: anyKey, Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } } }))); // prettier-ignore
    expect(await create({ Tags })).toBe('ok');
    expect(await create({ Tags: [...Tags, { Key: 'owner', Value: 'x' }] })).toBe(denied(arn, 'TagResource', anyKey));
  });

  test('needs every key of a call, and a key by its role is known behind an alias', async () => {
    const kek = (await createKey(service, { KeyAttributes: { KeyUsage: 'TR31_K0_KEY_ENCRYPTION_KEY', KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm: 'AES_256', KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true } } })).KeyArn; // prettier-ignore
    await control('CreateAlias', { AliasName: 'alias/kek', KeyArn: kek });
    const input = {
      ExportKeyIdentifier: KeyArn,
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: 'alias/kek' } },
    };
    const one = await user(allow('ExportKey', { Resource: KeyArn }));
    expect(await control('ExportKey', input, one.credentials)).toBe(denied(one.arn, 'ExportKey', kek));
    const both = await user(allow('ExportKey'));
    expect(await control('ExportKey', input, both.credentials)).toBe('ok');
    const never = { ...allow('ExportKey'), Effect: 'Deny', Condition: { StringEquals: { 'payment-cryptography:WrappingKeyIdentifier': kek } } }; // prettier-ignore
    await principals.putPolicy(both.arn, 'never', document(never));
    expect(await control('ExportKey', input, both.credentials)).toBe(denied(both.arn, 'ExportKey', KeyArn, 'with an explicit deny in an identity-based policy')); // prettier-ignore
  });

  test('is where it calls from', async () => {
    const here = await user(allow('GenerateMac', { Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' }, Bool: { 'aws:SecureTransport': 'false' } } })); // prettier-ignore
    const there = await user(allow('GenerateMac', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }));
    expect(await mac(KeyArn, here.credentials)).toBe('ok');
    expect(await mac(KeyArn, there.credentials)).toBe(denied(there.arn, 'GenerateMac', KeyArn));
  });
});

describe("a key's policy", () => {
  const put = (ResourceArn: string, ...statements: Elements[]) =>
    control('PutResourcePolicy', { ResourceArn, Policy: document(...statements) });

  test('allows a user, denies it, and is gone when it is deleted', async () => {
    const key = (await createKey(service)).KeyArn;
    const { arn, credentials } = await user();
    expect(await put(key, { ...allow('GenerateMac'), Principal: { AWS: arn } })).toBe('ok');
    expect(await mac(key, credentials)).toBe('ok');
    await principals.putPolicy(arn, 'own', document(allow('*')));
    await put(key, { ...allow('GenerateMac'), Effect: 'Deny', Principal: { AWS: arn } });
    expect(await mac(key, credentials)).toBe(denied(arn, 'GenerateMac', key, 'with an explicit deny in a resource-based policy')); // prettier-ignore
    expect(await control('DeleteResourcePolicy', { ResourceArn: key }, credentials)).toBe('ok');
    expect(await mac(key, credentials)).toBe('ok');
  });

  test('denies the root, who can take the policy away all the same', async () => {
    const key = (await createKey(service)).KeyArn;
    await put(key, { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' });
    expect(await mac(key)).toBe(denied(ROOT, 'GenerateMac', key, 'with an explicit deny in a resource-based policy'));
    expect(await control('DeleteKey', { KeyIdentifier: key })).toBe(denied(ROOT, 'DeleteKey', key, 'with an explicit deny in a resource-based policy')); // prettier-ignore
    expect(await control('DeleteResourcePolicy', { ResourceArn: key })).toBe('ok');
    expect(await mac(key)).toBe('ok');
  });

  test('does not let a user manage it', async () => {
    const key = (await createKey(service)).KeyArn;
    const { arn, credentials } = await user();
    await put(key, { ...allow('*'), Principal: { AWS: arn } });
    expect(await mac(key, credentials)).toBe('ok');
    expect(await control('DeleteResourcePolicy', { ResourceArn: key }, credentials)).toBe(denied(arn, 'DeleteResourcePolicy', key)); // prettier-ignore
  });
});

describe('access keys', () => {
  test('are deactivated, activated, rotated and removed, and their use is noted', async () => {
    const { arn, credentials } = await user(allow('GenerateMac'));
    expect(await mac(KeyArn, credentials)).toBe('ok');
    await principals.setActive(arn, credentials.accessKeyId, false);
    expect(await mac(KeyArn, credentials)).toBe('UnrecognizedClientException');
    await principals.setActive(arn, credentials.accessKeyId, true);
    expect(await mac(KeyArn, credentials)).toBe('ok');
    const next = await principals.rotateAccessKey(arn, credentials.accessKeyId);
    expect(await mac(KeyArn, credentials)).toBe('UnrecognizedClientException');
    expect(await mac(KeyArn, next)).toBe('ok');
    const keys = async () => (await principals.list()).find(({ principal }) => principal.arn === arn)!.accessKeys;
    await service.app.get(AccessKeyUse).write();
    expect(await keys()).toMatchObject([
      { id: credentials.accessKeyId, active: false, lastUsedAt: expect.any(Date) },
      { id: next.accessKeyId, active: true, lastUsedAt: expect.any(Date) },
    ]);
    await principals.removeAccessKey(arn, next.accessKeyId);
    expect(await mac(KeyArn, next)).toBe('UnrecognizedClientException');
    expect(await keys()).toHaveLength(1);
  });

  test('a wrong secret is refused', async () => {
    const { credentials } = await user(allow('*'));
    expect(await mac(KeyArn, { ...credentials, secretAccessKey: 'x'.repeat(40) })).toBe('InvalidSignatureException');
  });

  test('of a session need their token, and end', async () => {
    const { arn } = await principals.create('role', 'line');
    await principals.putPolicy(arn, 'own', document(allow('GenerateMac', { Resource: KeyArn })));
    const session = await principals.startSession(arn, 'monday', 900);
    const signed = { credentials: { ...session, sessionToken: session.session!.token } };
    expect(await mac(KeyArn, undefined, signed)).toBe('ok');
    expect(await mac(KeyArn, session)).toBe('UnrecognizedClientException');
    expect(await mac(KeyArn, undefined, { credentials: { ...session, sessionToken: 'x' } })).toBe('UnrecognizedClientException'); // prettier-ignore
    expect(await control('ListKeys', {}, signed.credentials)).toBe(
      denied('arn:aws:sts::000000000000:assumed-role/line/monday', 'ListKeys', '*'),
    );
    service.clock.advance(901_000);
    expect(await mac(KeyArn, undefined, signed)).toBe('ExpiredTokenException');
    service.clock.advance(-901_000); // back to now, which the SDK's clients go by
    await expect(principals.startSession(arn, 'monday', 899)).rejects.toThrow('A session lasts 900 to 43200 seconds.');
  });
});

test('what is malformed is refused when it is put', async () => {
  const { arn } = await user();
  for (const [policy, why] of [
    ['{', 'it is not JSON'],
    [document({ ...allow('*'), Principal: '*' }), "Statement[0] can't have Principal"],
    [document({ ...allow('*'), Resource: 'key' }), 'Statement[0].Resource[0] must be "*" or an ARN'],
    [document({ ...allow('*'), Action: 'EncryptData' }), 'Statement[0].Action[0] must be "*" or an action'],
    [document({ ...allow('*'), Resource: undefined }), 'Statement[0] must have either Resource or NotResource'],
    [
      document(allow('*', { Condition: { StringSame: { 'aws:userid': 'x' } } })),
      'StringSame is not a condition operator',
    ],
    [
      document(allow('*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } })),
      'must be what IpAddress can compare with',
    ],
  ] as const)
    // prettier-ignore
    await expect(principals.putPolicy(arn, 'own', policy)).rejects.toThrow(why);
  await expect(principals.create('user', 'a b')).rejects.toThrow('1 to 64 letters');
  await expect(principals.create('user', arn.split('/')[1]!)).rejects.toThrow('already');
});

describe('the simulator decides as the service does', () => {
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
    const role = await principals.create('role', 'asking');
    await principals.putPolicy(role.arn, 'own', document(...statements));
    const started = await principals.startSession(role.arn, 'tuesday', 900);
    session = {
      arn: 'arn:aws:sts::000000000000:assumed-role/asking/tuesday',
      credentials: { ...started, sessionToken: started.session!.token },
    };
    for (const [ResourceArn, Effect] of [
      [other, 'Allow'],
      [denying, 'Deny'],
    ])
      // prettier-ignore
      await control('PutResourcePolicy', {
        ResourceArn,
        Policy: document({ ...allow(['GenerateMac', 'PutResourcePolicy']), Effect, Principal: { AWS: asking.arn } }),
      });
    await control('TagResource', { ResourceArn: denying, Tags });
  });

  type Send = (credentials: NewAccessKey) => Promise<string>;
  type Case = [what: string, action: string, resource: () => string, context: Record<string, string[]>, send: Send];
  test.each<Case>([
    ['a key by its tag', 'GenerateMac', () => own, {}, (by) => mac(own, by)],
    ['a key by its tag, named by its alias', 'GenerateMac', () => arn('alias/asked'), {}, (by) => mac('alias/asked', by)], // prettier-ignore
    ['a key whose policy allows it', 'GenerateMac', () => other, {}, (by) => mac(other, by)],
    ['a key whose policy denies it', 'GenerateMac', () => denying, {}, (by) => mac(denying, by)],
    ['a key that is not', 'GenerateMac', () => MISSING_KEY, {}, (by) => mac(MISSING_KEY, by)],
    ['an alias that is not', 'GenerateMac', () => arn('alias/none'), {}, (by) => mac('alias/none', by)],
    ["another account's key", 'GetKey', () => arn('key/aaaaaaaaaaaaaaaa', REGION, '111111111111'), {}, (by) => control('GetKey', { KeyIdentifier: arn('key/aaaaaaaaaaaaaaaa', REGION, '111111111111') }, by)], // prettier-ignore
    ["another Region's key", 'GetKey', () => arn('key/aaaaaaaaaaaaaaaa', 'eu-west-1'), {}, (by) => answer({ headers: target('GetKey'), region: 'eu-west-1', body: JSON.stringify({ KeyIdentifier: arn('key/aaaaaaaaaaaaaaaa', 'eu-west-1') }), credentials: by })], // prettier-ignore
    ['a key of this Region', 'GetKey', () => own, {}, (by) => control('GetKey', { KeyIdentifier: own }, by)],
    ['what needs the alias, by the key', 'VerifyMac', () => own, {}, (by) => mac(own, by, { path: '/mac/verify', body: JSON.stringify({ KeyIdentifier: own, MessageData: 'AA', Mac: 'AAAA', VerificationAttributes: { Algorithm: 'CMAC' } }) })], // prettier-ignore
    ['what needs the alias, by the alias', 'VerifyMac', () => arn('alias/asked'), {}, (by) => mac(own, by, { path: '/mac/verify', body: JSON.stringify({ KeyIdentifier: 'alias/asked', MessageData: 'AA', Mac: 'AAAAAAAA', VerificationAttributes: { Algorithm: 'CMAC' } }) })], // prettier-ignore
    ['a new key', 'CreateKey', () => '*', { 'payment-cryptography:KeyAlgorithm': ['AES_128'] }, (by) => control('CreateKey', { KeyAttributes, Exportable: true }, by)], // prettier-ignore
    ['a new key of another kind', 'CreateKey', () => '*', { 'payment-cryptography:KeyAlgorithm': ['AES_256'] }, (by) => control('CreateKey', { KeyAttributes: { ...KeyAttributes, KeyAlgorithm: 'AES_256' }, Exportable: true }, by)], // prettier-ignore
    ['a tag', 'TagResource', () => own, tagged, (by) => control('TagResource', { ResourceArn: own, Tags }, by)],
    ['another tag', 'TagResource', () => own, { 'aws:RequestTag/team': ['pin'] }, (by) => control('TagResource', { ResourceArn: own, Tags: [{ Key: 'team', Value: 'pin' }] }, by)], // prettier-ignore
    ["a new key's tags", 'TagResource', () => arn('key/*'), tagged, (by) => control('CreateKey', { KeyAttributes, Exportable: true, Tags }, by)], // prettier-ignore
    ['a policy that the policy of the key allows to put', 'PutResourcePolicy', () => denying, {}, (by) => control('PutResourcePolicy', { ResourceArn: denying, Policy: document({ ...allow('GenerateMac'), Effect: 'Deny', Principal: { AWS: asking.arn } }) }, by)], // prettier-ignore
    ['what a session may do', 'ListKeys', () => '*', {}, (by) => control('ListKeys', {}, by)],
    ['what needs TLS', 'ListAliases', () => '*', {}, (by) => control('ListAliases', {}, by)],
    ['what nobody allowed', 'DeleteAlias', () => arn('alias/none'), {}, (by) => control('DeleteAlias', { AliasName: 'alias/none' }, by)], // prettier-ignore
  ])('%s', async (_, action, resource, context, ask) => {
    const simulator = service.app.get(PolicySimulator);
    for (const { arn: principal, credentials } of [asking, session]) {
      const question = { principal, action, resource: resource(), context };
      const { allowed } = await simulator.explain(question, ORIGIN, REGION);
      expect({ principal, allowed }).toEqual({
        principal,
        allowed: !(await ask(credentials)).startsWith('AccessDenied'),
      });
    }
  });
});
