import { readFileSync } from 'node:fs';
import { resourcesOf } from '../../../../src/http/operation.js';
import type { NewAccessKey } from '../../../../src/access/principal.repository.js';
import { policyOf, allow, EXPLICIT_DENY, denied, useAccess } from '../../../support/access.js';
import { MISSING_KEY, createKey } from '../../../support/keys.js';
import { storeRoot } from '../../../support/known-pairs.js';
import { REGION, target, type RawRequest } from '../../../support/service.js';

const { service, stored, answer, user, control, mac } = useAccess();

describe('A user with permission for one operation', () => {
  interface Document {
    paths: Record<
      string,
      { post: { operationId: string; requestBody?: { content: Record<string, { schema: { $ref: string } }> } } }
    >;
    components: { schemas: Record<string, { example?: object }> };
  }
  const documents = ['controlplane', 'dataplane'].map(
    (name) =>
      JSON.parse(readFileSync(new URL(`../../../../openapi/${name}.json`, import.meta.url), 'utf8')) as Document,
  );

  /** Returns the documented example of an operation, with an existing key in place of each key that it names. */
  const request = (operation: string): Partial<RawRequest> => {
    for (const { paths, components } of documents)
      for (const [path, { post }] of Object.entries(paths)) {
        if (post.operationId !== operation) continue;
        const [content] = Object.values(post.requestBody?.content ?? {});
        const example = components.schemas[content?.schema.$ref.split('/').pop() ?? '']?.example ?? {};
        const body = JSON.stringify(example, (name, value: unknown) =>
          /Identifier$|^KeyArn$|^ResourceArn$/.test(name) && typeof value === 'string'
            ? walkedKey
            : name === 'WrappedKeyBlock'
              ? `D0112K0AB00E0000${'0'.repeat(96)}`
              : value,
        );
        return path.startsWith('/Payment')
          ? { headers: target(operation), body }
          : { path: path.replace(/\{\w+\}/, encodeURIComponent(walkedKey)), body };
      }
    throw new Error(`${operation} is not documented`);
  };
  let walkedKey: string;
  beforeAll(async () => {
    await storeRoot(service);
    ({ KeyArn: walkedKey } = await createKey(service));
  });

  const OPERATIONS = [...resourcesOf('payment-cryptography').keys()];

  test('is tested for all 47 operations, each of which has a resource', () => {
    const documented = documents.flatMap(({ paths }) => Object.values(paths).map(({ post }) => post.operationId));
    expect(OPERATIONS.toSorted()).toEqual(documented.toSorted());
    expect(OPERATIONS).toHaveLength(47);
  });

  test.each(OPERATIONS)('may call %s, but not with permission for all other operations only', async (operation) => {
    const others = await user({ ...allow([]), Action: undefined, NotAction: `payment-cryptography:${operation}` });
    expect(await answer({ ...request(operation), credentials: others.credentials })).toContain(
      `AccessDeniedException: User: ${others.arn} is not authorized to perform: payment-cryptography:${operation} on resource: `,
    );
    const { credentials } = await user(allow([operation, 'TagResource'].slice(0, operation === 'CreateKey' ? 2 : 1)));
    expect(await answer({ ...request(operation), credentials })).not.toMatch(/^(AccessDenied|InternalServer)/);
    const refused = OPERATIONS.filter(
      (other) => other !== operation && !(operation === 'CreateKey' && other === 'TagResource'),
    );
    const answers = await Promise.all(refused.map((other) => answer({ ...request(other), credentials })));
    expect(
      answers.flatMap((text, i) => (text.startsWith('AccessDeniedException') ? [] : [`${refused[i]} ${text}`])),
    ).toEqual([]);
  });
});

describe('A user', () => {
  test('without a policy may do nothing, and does not learn which resources exist', async () => {
    const { arn, credentials } = await user();
    expect(await mac(stored.KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', stored.KeyArn));
    expect(await mac(MISSING_KEY, credentials)).toBe(denied(arn, 'GenerateMac', MISSING_KEY));
    expect(await control('ListKeys', {}, credentials)).toBe(denied(arn, 'ListKeys', '*'));
    const missing = `arn:aws:payment-cryptography:${REGION}:000000000000:alias/nothing`;
    expect(await mac('alias/nothing', credentials)).toBe(denied(arn, 'GenerateMac', missing));
    const may = await user(allow('GenerateMac'));
    expect(await mac(MISSING_KEY, may.credentials)).toBe('ResourceNotFoundException');
  });

  test('may use one key and no other, and a changed policy takes effect at once', async () => {
    const { arn, credentials } = await user(allow('GenerateMac', { Resource: stored.KeyArn }));
    const other = await createKey(service);
    expect(await mac(stored.KeyArn, credentials)).toBe('ok');
    expect(await mac(other.KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', other.KeyArn));
    await stored.principals.putPolicy(arn, 'never', policyOf({ ...allow('*'), Effect: 'Deny' }));
    expect(await mac(stored.KeyArn, credentials)).toBe(denied(arn, 'GenerateMac', stored.KeyArn, EXPLICIT_DENY));
    await stored.principals.removePolicy(arn, 'never');
    expect(await mac(stored.KeyArn, credentials)).toBe('ok');
    await stored.principals.remove(arn);
    expect(await mac(stored.KeyArn, credentials)).toBe('UnrecognizedClientException');
  });

  test('may use keys by their current tags and aliases', async () => {
    const byTag = await user(allow('GenerateMac', { Condition: { StringEquals: { 'aws:ResourceTag/team': 'mac' } } }));
    const byAlias = await user(
      allow('GenerateMac', {
        Condition: { 'ForAnyValue:StringLike': { 'payment-cryptography:ResourceAliases': 'alias/line-*' } },
      }),
    );
    const byName = await user(
      allow('GenerateMac', { Condition: { StringEquals: { 'payment-cryptography:RequestAlias': 'alias/line-1' } } }),
    );
    const key = (await createKey(service)).KeyArn;
    for (const { arn, credentials } of [byTag, byAlias])
      expect(await mac(key, credentials)).toBe(denied(arn, 'GenerateMac', key));
    await control('TagResource', { ResourceArn: key, Tags: [{ Key: 'team', Value: 'mac' }] });
    await control('CreateAlias', { AliasName: 'alias/line-1', KeyArn: key });
    expect(await mac(key, byTag.credentials)).toBe('ok');
    expect(await mac(key, byAlias.credentials)).toBe('ok');
    expect(await mac('alias/line-1', byName.credentials)).toBe('ok');
    expect(await mac(key, byName.credentials)).toBe(denied(byName.arn, 'GenerateMac', key));
    await control('UntagResource', { ResourceArn: key, TagKeys: ['team'] });
    await control('UpdateAlias', { AliasName: 'alias/line-1', KeyArn: stored.KeyArn });
    expect(await mac(key, byTag.credentials)).toBe(denied(byTag.arn, 'GenerateMac', key));
    expect(await mac(key, byAlias.credentials)).toBe(denied(byAlias.arn, 'GenerateMac', key));
    expect(await mac(stored.KeyArn, byAlias.credentials)).toBe('ok');
  });

  test('needs permission for the alias and both keys to move an alias', async () => {
    const [one, two] = [(await createKey(service)).KeyArn, (await createKey(service)).KeyArn];
    const AliasName = 'alias/moved';
    await control('CreateAlias', { AliasName, KeyArn: one });
    const alias = `arn:aws:payment-cryptography:${REGION}:000000000000:${AliasName}`;
    const move = ({ credentials }: { credentials: NewAccessKey }) =>
      control('UpdateAlias', { AliasName, KeyArn: two }, credentials);
    const keys = await user(allow('UpdateAlias', { Resource: [one, two] }));
    expect(await move(keys)).toBe(denied(keys.arn, 'UpdateAlias', alias));
    const target = await user(allow('UpdateAlias', { Resource: [alias, two] }));
    expect(await move(target)).toBe(denied(target.arn, 'UpdateAlias', one));
    const source = await user(allow('UpdateAlias', { Resource: [alias, one] }));
    expect(await move(source)).toBe(denied(source.arn, 'UpdateAlias', two));
    expect(await move(await user(allow('UpdateAlias', { Resource: [alias, one, two] })))).toBe('ok');
  });

  test('needs TagResource to create a key with tags, and creates only keys that the conditions allow', async () => {
    const KeyAttributes = {
      KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
      KeyClass: 'SYMMETRIC_KEY',
      KeyAlgorithm: 'AES_128',
      KeyModesOfUse: { Generate: true },
    };
    const { arn, credentials } = await user(
      allow('CreateKey', { Condition: { StringEquals: { 'payment-cryptography:KeyAlgorithm': 'AES_128' } } }),
    );
    const create = (input: object) => control('CreateKey', { KeyAttributes, Exportable: true, ...input }, credentials);
    expect(await create({})).toBe('ok');
    expect(await create({ KeyAttributes: { ...KeyAttributes, KeyAlgorithm: 'AES_256' } })).toBe(
      denied(arn, 'CreateKey', '*'),
    );
    const Tags = [{ Key: 'team', Value: 'mac' }];
    const anyKey = `arn:aws:payment-cryptography:${REGION}:000000000000:key/*`;
    expect(await create({ Tags })).toBe(denied(arn, 'TagResource', anyKey));
    await stored.principals.putPolicy(
      arn,
      'tags',
      policyOf(
        allow('TagResource', {
          Resource: anyKey,
          Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'team' } },
        }),
      ),
    );
    expect(await create({ Tags })).toBe('ok');
    expect(await create({ Tags: [...Tags, { Key: 'owner', Value: 'x' }] })).toBe(denied(arn, 'TagResource', anyKey));
  });

  test('needs permission for every key of a call, and conditions on the role of a key also apply to a key named by an alias', async () => {
    const kek = (
      await createKey(service, {
        KeyAttributes: {
          KeyUsage: 'TR31_K0_KEY_ENCRYPTION_KEY',
          KeyClass: 'SYMMETRIC_KEY',
          KeyAlgorithm: 'AES_256',
          KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
        },
      })
    ).KeyArn;
    await control('CreateAlias', { AliasName: 'alias/kek', KeyArn: kek });
    const input = {
      ExportKeyIdentifier: stored.KeyArn,
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: 'alias/kek' } },
    };
    const one = await user(allow('ExportKey', { Resource: stored.KeyArn }));
    expect(await control('ExportKey', input, one.credentials)).toBe(denied(one.arn, 'ExportKey', kek));
    const both = await user(allow('ExportKey'));
    expect(await control('ExportKey', input, both.credentials)).toBe('ok');
    const never = {
      ...allow('ExportKey'),
      Effect: 'Deny',
      Condition: { StringEquals: { 'payment-cryptography:WrappingKeyIdentifier': kek } },
    };
    await stored.principals.putPolicy(both.arn, 'never', policyOf(never));
    expect(await control('ExportKey', input, both.credentials)).toBe(
      denied(both.arn, 'ExportKey', stored.KeyArn, EXPLICIT_DENY),
    );
  });

  test('may be limited to a source address and to TLS', async () => {
    const here = await user(
      allow('GenerateMac', {
        Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' }, Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
    const there = await user(allow('GenerateMac', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }));
    expect(await mac(stored.KeyArn, here.credentials)).toBe('ok');
    expect(await mac(stored.KeyArn, there.credentials)).toBe(denied(there.arn, 'GenerateMac', stored.KeyArn));
  });
});
