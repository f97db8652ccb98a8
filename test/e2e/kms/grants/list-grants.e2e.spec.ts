import { allow, denied, identifierRefusals, ROOT, useKmsAccess } from '../../../support/kms-access.js';

const { call, done, user, newKey, grant } = useKmsAccess();

interface Grants {
  Grants: Record<string, unknown>[];
  Truncated: boolean;
  NextMarker?: string;
}
const listed = (KeyId: string, input: object = {}) => done<Grants>('ListGrants', { KeyId, ...input });
const idsOf = ({ Grants }: Grants) => Grants.map(({ GrantId }) => GrantId);
const OTHER = 'arn:aws:iam::000000000000:user/other';

describe('Grants are listed', () => {
  test('by key, from the oldest, in pages', async () => {
    const KeyId = await newKey();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await grant(KeyId, i === 3 ? ROOT : OTHER, ['Encrypt'])).GrantId);
    const first = await listed(KeyId, { Limit: 2 });
    expect([idsOf(first), first.Truncated]).toEqual([ids.slice(0, 2), true]);
    expect(await call('RevokeGrant', { KeyId, GrantId: ids[1] })).toBe('ok');
    const rest = await listed(KeyId, { Limit: 3, Marker: first.NextMarker });
    expect([idsOf(rest), rest.Truncated, rest.NextMarker]).toEqual([ids.slice(2), false, undefined]);
    expect(idsOf(await listed(KeyId, { GranteePrincipal: ROOT }))).toEqual([ids[3]]);
    expect(idsOf(await listed(KeyId, { GrantId: ids[2] }))).toEqual([ids[2]]);
    expect(idsOf(await listed(KeyId, { GrantId: ids[2], GranteePrincipal: ROOT }))).toEqual([]);
    expect(idsOf(await listed(KeyId, { GrantId: 'f'.repeat(64) }))).toEqual([]);
    expect(await call('ListGrants', { KeyId, Marker: first.NextMarker, GrantId: ids[2] })).toMatch(
      /^InvalidMarkerException/,
    );
  });

  test('by retiring principal, of the Region', async () => {
    const ann = await user(allow('ListRetirableGrants'));
    const [one, two] = [await newKey(), await newKey()];
    const ids = [
      await grant(one, OTHER, ['Encrypt'], { RetiringPrincipal: ann.arn }),
      await grant(two, OTHER, ['Encrypt'], { RetiringPrincipal: ann.arn }),
    ].map(({ GrantId }) => GrantId);
    await grant(one, ann.arn, ['Encrypt'], { RetiringPrincipal: ROOT });
    const retirable = (input: object = {}, region?: string) =>
      done<Grants>('ListRetirableGrants', { RetiringPrincipal: ann.arn, ...input }, ann, region ? { region } : {});
    expect(idsOf(await retirable())).toEqual(ids);
    expect(idsOf(await retirable({}, 'eu-west-1'))).toEqual([]);
    const first = await retirable({ Limit: 1 });
    expect([idsOf(first), idsOf(await retirable({ Marker: first.NextMarker }))]).toEqual([[ids[0]], [ids[1]]]);
  });

  test.each(identifierRefusals('ListGrants'))('not of the key %s', async (KeyId, exception) => {
    expect(await call('ListGrants', { KeyId })).toBe(exception);
  });

  const ONE =
    'ValidationException: Specify either RetiringPrincipal or RetiringServicePrincipal, and only one of them.';
  test.each<[operation: string, input: object, exception: string | RegExp]>([
    ['ListGrants', { GrantId: 'x' }, 'InvalidGrantIdException: x is not a grant ID: it has 64 hexadecimal digits.'],
    ['ListGrants', { GranteePrincipal: 'ann' }, /^InvalidArnException: ann is not/],
    [
      'ListGrants',
      { GranteeServicePrincipal: 's3.amazonaws.com' },
      'ValidationException: GranteeServicePrincipal can be used by AWS services only.',
    ],
    [
      'ListGrants',
      { Limit: 0 },
      /at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1$/,
    ],
    [
      'ListGrants',
      { Limit: 1001 },
      /at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000$/,
    ],
    ['ListGrants', { Marker: 'x' }, /^InvalidMarkerException/],
    ['ListRetirableGrants', {}, ONE],
    ['ListRetirableGrants', { RetiringPrincipal: ROOT, RetiringServicePrincipal: 's3.amazonaws.com' }, ONE],
    [
      'ListRetirableGrants',
      { RetiringServicePrincipal: 's3.amazonaws.com' },
      'ValidationException: RetiringServicePrincipal can be used by AWS services only.',
    ],
    [
      'ListRetirableGrants',
      { RetiringPrincipal: 'arn:aws:s3:::bucket' },
      /^InvalidArnException: arn:aws:s3:::bucket is not/,
    ],
    ['ListRetirableGrants', { RetiringPrincipal: ROOT, Marker: 'x' }, /^InvalidMarkerException/],
  ])('not by %s of %j', async (operation, input, exception) => {
    const answer = await call(operation, operation === 'ListGrants' ? { KeyId: await newKey(), ...input } : input);
    if (typeof exception === 'string') expect(answer).toBe(exception);
    else expect(answer).toMatch(exception);
  });

  test('only for those who may list them', async () => {
    const ann = await user();
    const KeyId = await newKey();
    await grant(KeyId, ann.arn, ['Encrypt'], { RetiringPrincipal: ann.arn });
    expect(await call('ListGrants', { KeyId }, ann)).toBe(denied(ann.arn, 'ListGrants', KeyId));
    expect(await call('ListRetirableGrants', { RetiringPrincipal: ann.arn }, ann)).toBe(
      denied(ann.arn, 'ListRetirableGrants', '*'),
    );
  });
});
