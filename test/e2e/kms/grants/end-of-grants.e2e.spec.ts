import {
  allow,
  type Caller,
  DELEGATION,
  denied,
  FOREIGN_KEY,
  identifierRefusals,
  IDENTITY_DENY,
  noPolicy,
  policyOf,
  ROOT,
  useKmsAccess,
} from '../../../support/kms-access.js';

const { call, done, user, session, newKey, grant } = useKmsAccess();

const encrypt = (KeyId: string, by?: Caller, input: object = {}) =>
  call('Encrypt', { KeyId, Plaintext: 'AA==', ...input }, by);
const retire = (input: object, by?: Caller) => call('RetireGrant', input, by);
const revoke = (KeyId: string, GrantId: string, by?: Caller, more: object = {}) =>
  call('RevokeGrant', { KeyId, GrantId, ...more }, by);
const idsOf = async (KeyId: string) =>
  (await done<{ Grants: { GrantId: string }[] }>('ListGrants', { KeyId })).Grants.map(({ GrantId }) => GrantId);

const OTHER = 'arn:aws:iam::000000000000:user/other';
const UNKNOWN = 'f'.repeat(64);
const DRY_RUN = 'DryRunOperationException: The request would have succeeded, but the DryRun option is set.';
const INVALID_TOKEN =
  'InvalidGrantTokenException: The grant token is invalid, or its grant has been retired or revoked.';

test('what a revoked or retired grant allowed is refused at once', async () => {
  const ann = await user();
  const KeyId = await newKey();
  const refused = denied(ann.arn, 'Encrypt', KeyId);
  for (const end of ['RevokeGrant', 'RetireGrant']) {
    const { GrantId } = await grant(KeyId, ann.arn, ['Encrypt']);
    expect(await encrypt(KeyId, ann)).toBe('ok');
    expect(await call(end, { KeyId, GrantId, DryRun: true })).toBe(DRY_RUN);
    expect(await encrypt(KeyId, ann)).toBe('ok');
    expect(await done(end, { KeyId, GrantId })).toEqual({});
    expect(await encrypt(KeyId, ann)).toBe(refused);
    expect(await call(end, { KeyId, GrantId })).toBe(`NotFoundException: Grant ID ${GrantId} not found`);
  }
  expect(await idsOf(KeyId)).toEqual([]);
});

test('a grant that a grantee created outlives the grant that allowed it', async () => {
  const [ann, bob] = [await user(), await user()];
  const KeyId = await newKey();
  const parent = await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant']);
  await grant(KeyId, bob.arn, ['Encrypt'], {}, ann);
  expect(await revoke(KeyId, parent.GrantId)).toBe('ok');
  expect([await encrypt(KeyId, bob), await encrypt(KeyId, ann)]).toEqual(['ok', denied(ann.arn, 'Encrypt', KeyId)]);
});

describe('RetireGrant', () => {
  let ann: Caller;
  let line: Caller;
  let delegate: Caller;
  let denier: Caller;
  let KeyId: string;
  beforeAll(async () => {
    [ann, line] = [await user(), await session()];
    [delegate, denier] = [await user(allow('RetireGrant')), await user(allow('RetireGrant', { Effect: 'Deny' }))];
    KeyId = await newKey();
  });
  const refusedTo = (caller: Caller, reason?: string) => denied(caller.arn, 'RetireGrant', KeyId, reason);

  test.each<
    [
      who: string,
      caller: () => Caller | undefined,
      grantee: () => string,
      operations: string[],
      input: () => object,
      answer: () => string,
    ]
  >([
    [
      'is for the retiring principal',
      () => ann,
      () => OTHER,
      ['Encrypt'],
      () => ({ RetiringPrincipal: ann.arn }),
      () => 'ok',
    ],
    [
      'is for sessions of the retiring role',
      () => line,
      () => OTHER,
      ['Encrypt'],
      () => ({ RetiringPrincipal: line.principalArn }),
      () => 'ok',
    ],
    ['is for the grantee of a grant that allows it', () => ann, () => ann.arn, ['RetireGrant'], () => ({}), () => 'ok'],
    ['is for the root', () => undefined, () => OTHER, ['Encrypt'], () => ({}), () => 'ok'],
    ['is for those whose own policies allow it', () => delegate, () => OTHER, ['Encrypt'], () => ({}), () => 'ok'],
    [
      'is not for the grantee of a grant that does not allow it',
      () => ann,
      () => ann.arn,
      ['Encrypt'],
      () => ({}),
      () => refusedTo(ann),
    ],
    [
      'is not for others',
      () => ann,
      () => OTHER,
      ['RetireGrant'],
      () => ({ RetiringPrincipal: ROOT }),
      () => refusedTo(ann),
    ],
    [
      'is not for a retiring principal whose policies deny it',
      () => denier,
      () => OTHER,
      ['Encrypt'],
      () => ({ RetiringPrincipal: denier.arn }),
      () => refusedTo(denier, IDENTITY_DENY),
    ],
    [
      'is not for a grantee whose policies deny it',
      () => denier,
      () => denier.arn,
      ['RetireGrant'],
      () => ({}),
      () => refusedTo(denier, IDENTITY_DENY),
    ],
  ])('%s', async (_, caller, grantee, operations, input, answer) => {
    for (const byToken of [true, false]) {
      const { GrantId, GrantToken } = await grant(KeyId, grantee(), operations, input());
      const named = byToken ? { GrantToken } : { KeyId, GrantId };
      expect(await retire({ ...named, DryRun: true }, caller())).toBe(answer() === 'ok' ? DRY_RUN : answer());
      expect(await retire(named, caller())).toBe(answer());
      expect((await idsOf(KeyId)).includes(GrantId)).toBe(answer() !== 'ok');
    }
  });

  test('is neither allowed nor denied by the key policy', async () => {
    const key = await newKey();
    const Principal = { AWS: [ann.arn, ROOT] };
    const Deny = { ...allow('RetireGrant', { Principal }), Effect: 'Deny' };
    const first = await grant(key, OTHER, ['Encrypt']);
    await done('PutKeyPolicy', { KeyId: key, Policy: policyOf(DELEGATION, allow('RetireGrant', { Principal })) });
    expect(await retire({ KeyId: key, GrantId: first.GrantId }, ann)).toBe(denied(ann.arn, 'RetireGrant', key));
    await done('PutKeyPolicy', { KeyId: key, Policy: policyOf(DELEGATION, Deny) });
    const second = await grant(key, OTHER, ['Encrypt'], { RetiringPrincipal: ann.arn });
    expect(await retire({ KeyId: key, GrantId: second.GrantId }, ann)).toBe('ok');
    expect(await retire({ KeyId: key, GrantId: first.GrantId })).toBe('ok');
  });

  const NONE = 'ValidationException: Grant token OR (grant ID, key ID) must be specified';
  test.each<[what: string, input: () => object, exception: string]>([
    ['nothing', () => ({}), NONE],
    ['a key without a grant', () => ({ KeyId }), NONE],
    ['a grant without a key', () => ({ GrantId: UNKNOWN }), NONE],
    [
      'a malformed grant',
      () => ({ KeyId, GrantId: 'F'.repeat(64) }),
      `InvalidGrantIdException: ${'F'.repeat(64)} is not a grant ID: it has 64 hexadecimal digits.`,
    ],
    ['an unknown grant', () => ({ KeyId, GrantId: UNKNOWN }), `NotFoundException: Grant ID ${UNKNOWN} not found`],
    ['a bad token', () => ({ GrantToken: 'AA==' }), INVALID_TOKEN],
    ['a token that is not base64', () => ({ GrantToken: '*' }), INVALID_TOKEN],
  ])('refuses %s', async (_, input, exception) => expect(await retire(input())).toBe(exception));

  test.each(identifierRefusals('RetireGrant'))('refuses the key %s', async (id, exception) => {
    expect(await retire({ KeyId: id, GrantId: UNKNOWN })).toBe(exception);
  });

  test('does not tell those without permission which grants there are', async () => {
    expect(await retire({ KeyId, GrantId: UNKNOWN }, ann)).toBe(refusedTo(ann));
    const { GrantId } = await grant(KeyId, OTHER, ['Encrypt']);
    expect(await retire({ KeyId, GrantId }, ann)).toBe(refusedTo(ann));
  });
});

describe('RevokeGrant', () => {
  test.each(identifierRefusals('RevokeGrant'))('refuses the key %s', async (KeyId, exception) => {
    expect(await revoke(KeyId, UNKNOWN)).toBe(exception);
  });

  test('refuses a malformed grant, an unknown one, and one of another key', async () => {
    const [KeyId, other] = [await newKey(), await newKey()];
    const { GrantId } = await grant(KeyId, OTHER, ['Encrypt']);
    expect(await revoke(KeyId, 'x')).toBe(
      'InvalidGrantIdException: x is not a grant ID: it has 64 hexadecimal digits.',
    );
    expect(await revoke(KeyId, UNKNOWN, undefined, { DryRun: true })).toBe(
      `NotFoundException: Grant ID ${UNKNOWN} not found`,
    );
    expect(await revoke(other, GrantId)).toBe(`NotFoundException: Grant ID ${GrantId} not found`);
    expect(await idsOf(KeyId)).toEqual([GrantId]);
  });

  test('is for callers with permission from policies, not for the retiring principal or the grantee', async () => {
    const [ann, admin] = [await user(), await user(allow('RevokeGrant'))];
    const KeyId = await newKey();
    const { GrantId } = await grant(KeyId, ann.arn, ['RetireGrant', 'CreateGrant'], { RetiringPrincipal: ann.arn });
    expect(await revoke(KeyId, GrantId, ann)).toBe(denied(ann.arn, 'RevokeGrant', KeyId));
    const Deny = { ...allow('RevokeGrant', { Principal: { AWS: admin.arn } }), Effect: 'Deny' };
    await done('PutKeyPolicy', { KeyId, Policy: policyOf(DELEGATION, Deny) });
    expect(await revoke(KeyId, GrantId, admin)).toBe(
      denied(admin.arn, 'RevokeGrant', KeyId, 'with an explicit deny in a resource-based policy'),
    );
    await done('PutKeyPolicy', { KeyId, Policy: policyOf(DELEGATION) });
    expect(await revoke(KeyId, GrantId, admin)).toBe('ok');
  });
});

describe('Grant tokens', () => {
  test('are accepted for as long as their grant exists, and allow nothing by themselves', async () => {
    const [ann, bob] = [await user(), await user()];
    const KeyId = await newKey();
    const first = await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant'], { Name: 'one' });
    const second = await grant(KeyId, ann.arn, ['Encrypt', 'CreateGrant'], { Name: 'one' });
    const GrantTokens = [first.GrantToken, second.GrantToken];
    expect(await encrypt(KeyId, ann, { GrantTokens })).toBe('ok');
    expect(await encrypt(await newKey(), undefined, { GrantTokens })).toBe('ok');
    expect(await encrypt(KeyId, bob, { GrantTokens })).toBe(denied(bob.arn, 'Encrypt', KeyId));
    expect(await call('DescribeKey', { KeyId, GrantTokens })).toBe('ok');
    await grant(KeyId, bob.arn, ['Encrypt'], { GrantTokens }, ann);
    expect(await revoke(KeyId, first.GrantId)).toBe('ok');
    for (const GrantToken of GrantTokens) {
      expect(await encrypt(KeyId, undefined, { GrantTokens: [GrantToken] })).toBe(INVALID_TOKEN);
      expect(await call('DescribeKey', { KeyId, GrantTokens: [GrantToken] })).toBe(INVALID_TOKEN);
      expect(await retire({ GrantToken })).toBe(INVALID_TOKEN);
    }
  });

  test('that are bad are refused, before anything is looked at', async () => {
    const KeyId = await newKey();
    const { GrantToken } = await grant(KeyId, OTHER, ['Encrypt']);
    const altered = `${GrantToken.startsWith('A') ? 'B' : 'A'}${GrantToken.slice(1)}`;
    for (const [key, tokens] of [
      [KeyId, ['x']],
      [KeyId, [GrantToken, altered]],
      ['alias/none', [altered]],
      [FOREIGN_KEY, ['x']],
    ] as const)
      expect(await encrypt(key, undefined, { GrantTokens: tokens })).toBe(INVALID_TOKEN);
    expect(await encrypt(KeyId, undefined, { GrantTokens: [GrantToken], DryRun: true })).toBe(DRY_RUN);
    expect(
      await call('Encrypt', { KeyId: 'x', Plaintext: 'AA==', GrantTokens: [GrantToken] }, undefined, {
        region: 'eu-west-1',
      }),
    ).toBe(INVALID_TOKEN);
    expect(await call('RetireGrant', { GrantToken }, undefined, { region: 'eu-west-1' })).toBe(INVALID_TOKEN);
    const Operations = ['Encrypt'];
    expect(await call('CreateGrant', { KeyId, GranteePrincipal: OTHER, Operations, GrantTokens: [altered] })).toBe(
      INVALID_TOKEN,
    );
  });

  test('of a grant do not reveal it to callers without permission', async () => {
    const ann = await user();
    const KeyId = await newKey();
    const { GrantToken } = await grant(KeyId, OTHER, ['Encrypt']);
    expect(await retire({ GrantToken }, ann)).toBe(
      denied(ann.arn, 'RetireGrant', KeyId, noPolicy('identity', 'RetireGrant')),
    );
  });
});
