import { statement } from '../../support/admin.js';
import { actionsOf, type CckmUser, keyArn, useCckm } from '../../support/cckm.js';
import { TestClock } from '../../support/service.js';

const clock = new TestClock();
const { user } = useCckm({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }, clock);

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});
const { act, refused, get } = actionsOf(() => ann);

describe('a multi-Region key', () => {
  test('is replicated, and its replica becomes the primary key', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    const replica = await act(primary.id, 'replicate-key', {
      replica_region: 'eu-west-1',
      aws_param: { Alias: 'replica', Description: 'there', Tags: [{ TagKey: 'a', TagValue: '1' }] },
      tags: [{ tag_key: 'b', tag_value: '2' }],
      key_admins: ['ann'],
    });
    const { KeyID } = primary.aws_param;
    expect(replica).toMatchObject({
      region: 'eu-west-1',
      key_admins: ['ann'],
      aws_param: {
        KeyID,
        Arn: keyArn(KeyID, 'eu-west-1'),
        KeyState: 'Creating',
        Alias: ['alias/replica'],
        Description: 'there',
        Tags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'b', TagValue: '2' },
        ],
        ReplicaTags: [
          { TagKey: 'a', TagValue: '1' },
          { TagKey: 'b', TagValue: '2' },
        ],
        ReplicaPolicy: expect.stringContaining('cckm-key-policy') as unknown,
        MultiRegion: true,
        MultiRegionConfiguration: {
          MultiRegionKeyType: 'REPLICA',
          PrimaryKey: { Arn: keyArn(KeyID), Region: 'us-east-1' },
          ReplicaKeys: [{ Arn: keyArn(KeyID, 'eu-west-1'), Region: 'eu-west-1' }],
        },
      },
    });
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}`)).toMatchObject({ total: 2 });
    expect(
      await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}&multi_region=true&multi_region_key_type=PRIMARY`),
    ).toMatchObject({ total: 1 });
    expect(await refused(primary.id, 'replicate-key', { replica_region: 'eu-west-1' })).toMatch(
      /^409 17 NCERRConflict \| AlreadyExistsException/,
    );
    clock.advance(2000);

    expect((await act(primary.id, 'update-primary-region', { PrimaryRegion: 'eu-west-1' })).aws_param).toMatchObject({
      MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' },
    });
    clock.advance(2000);
    expect((await get(replica.id)).aws_param).toMatchObject({
      KeyState: 'Enabled',
      MultiRegionConfiguration: { MultiRegionKeyType: 'PRIMARY' },
    });
  });

  test('is not replicated for an alias that is taken in the other Region', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    await ann.createKey({ Alias: 'taken-there' }, { region: 'eu-west-1' });
    const body = { replica_region: 'eu-west-1', aws_param: { Alias: 'taken-there' } };
    expect(await refused(primary.id, 'replicate-key', body)).toBe(
      '409 18 NCERRKeyAlreadyExists | The alias alias/taken-there already exists in eu-west-1',
    );
    const { KeyID } = primary.aws_param;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}`)).toMatchObject({ total: 1 });
    await act(primary.id, 'replicate-key', { replica_region: 'eu-west-1', aws_param: { Alias: 'free-there' } });
  });

  test('has a record of its replica even if the caller may not create the alias', async () => {
    const primary = await ann.createKey({ MultiRegion: true });
    const nameless = await user('nameless', statement('kms:*'), {
      Effect: 'Deny',
      Action: 'kms:CreateAlias',
      Resource: '*',
    });
    const body = { replica_region: 'eu-west-1', aws_param: { Alias: 'denied-there' } };
    expect(await nameless.refused('POST', `cckm/aws/keys/${primary.id}/replicate-key`, body)).toMatch(
      /^403 4 NCERRForbidden .*kms:CreateAlias/,
    );
    const { KeyID } = primary.aws_param;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyID}&region=eu-west-1`)).toMatchObject({ total: 1 });
  });

  test.each<[string, boolean, string, object, string]>([
    [
      'a single-Region key',
      false,
      'replicate-key',
      { replica_region: 'eu-west-1' },
      '400 15 NCERRBadRequest: Bad HTTP request | UnsupportedOperationException',
    ],
    [
      'a Region that is not served',
      true,
      'replicate-key',
      { replica_region: 'ap-south-1' },
      '400 9 NCERRInvalidParamValue',
    ],
    ['no Region', true, 'replicate-key', {}, '/replica_region is required'],
    ['its own Region', true, 'update-primary-region', { PrimaryRegion: 'us-east-1' }, '400 9 NCERRInvalidParamValue'],
    [
      'a Region without a replica',
      true,
      'update-primary-region',
      { PrimaryRegion: 'eu-west-1' },
      '404 16 NCERRResourceNotFound',
    ],
    [
      'a member in lower case',
      true,
      'update-primary-region',
      { primary_region: 'eu-west-1' },
      '/PrimaryRegion is required',
    ],
  ])('is refused %s', async (_, MultiRegion, action, body, message) => {
    const { id } = await ann.createKey({ MultiRegion });
    expect(await refused(id, action, body)).toContain(message);
  });
});
