import {
  EUROPE,
  ASIA,
  IN_PROGRESS,
  SYNCHRONIZED,
  inRegion,
  arnOf,
  expectFailure,
  useReplicas,
  type Key,
} from '../../../support/replicas.js';
import { MISSING_KEY, FOREIGN_KEY } from '../../../support/keys.js';
import { REGION } from '../../../support/service.js';

const { control, expectControlOk, replicate, get, create, createReplicated, add, remove, stopped, deleted, mac } =
  useReplicas();

describe('AddKeyReplicationRegions', () => {
  test('turns a key of one Region into a primary key, and adds further Regions', async () => {
    const { KeyArn } = await create();
    await expectControlOk('CreateAlias', { AliasName: 'alias/to-be-added', KeyArn });
    const added = (await add('alias/to-be-added', EUROPE)).json['Key'] as Key;
    expect(added).toMatchObject({
      KeyArn,
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [EUROPE]: IN_PROGRESS },
      UsingDefaultReplicationRegions: false,
    });
    await replicate();
    const more = (await add(KeyArn, ASIA)).json['Key'] as Key;
    expect(more.ReplicationStatus).toEqual({
      [ASIA]: IN_PROGRESS,
      [EUROPE]: SYNCHRONIZED,
    });
    await replicate();
    expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
  });

  test('exempts a key from the default Regions', async () => {
    await expectControlOk('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const { KeyArn } = await create();
    expect(((await add(KeyArn, ASIA)).json['Key'] as Key).UsingDefaultReplicationRegions).toBe(false);
  });

  test.each<[string, () => Promise<string>, string[], RegExp]>([
    ['its own Region', () => create().then(arnOf), [EUROPE, REGION], /us-east-1, where the key is/],
    ['a Region that is not served', () => create().then(arnOf), ['us-west-2'], /us-west-2, which is not served/],
    ['a Region twice', () => create().then(arnOf), [EUROPE, EUROPE], /each Region once/],
    ['no Region', () => create().then(arnOf), [], /at least one Region/],
    ['an invalid Region name', () => create().then(arnOf), ['Mars'], /must be a Region name/],
    [
      'a Region that the key has',
      () => createReplicated(EUROPE).then(arnOf),
      [ASIA, EUROPE],
      /replicated to eu-west-1 already/,
    ],
    ['a key that is not exportable', () => create({ Exportable: false }).then(arnOf), [EUROPE], /not Exportable/],
    ['a stopped key', () => create({ Enabled: false }).then(arnOf), [EUROPE], /not in an enabled state/],
    ['a key pending deletion', () => create().then(deleted), [EUROPE], /not in an enabled state/],
  ])('rejects %s and changes nothing', async (_, key, regions, message) => {
    const arn = await key();
    const before = await get(arn);
    expectFailure(await add(arn, ...regions), 'ValidationException', message);
    expect(await get(arn)).toEqual(before);
    await replicate();
    expect(await get(arn)).toEqual(before);
  });

  test('rejects a missing key and a key of another account', async () => {
    expectFailure(await add(MISSING_KEY, EUROPE), 'ResourceNotFoundException');
    expectFailure(await add(FOREIGN_KEY, EUROPE), 'AccessDeniedException');
    expectFailure(await add('alias/nobody', EUROPE), 'ResourceNotFoundException');
  });

  test('succeeds once among concurrent calls', async () => {
    const { KeyArn } = await create();
    const answers = await Promise.all(Array.from({ length: 4 }, () => add(KeyArn, EUROPE)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: IN_PROGRESS });
  });
});

describe('RemoveKeyReplicationRegions', () => {
  test('destroys the replica with its tags and aliases, and keeps the others', async () => {
    const { KeyArn } = await createReplicated(EUROPE, ASIA);
    const replica = inRegion(EUROPE, KeyArn);
    await expectControlOk('CreateAlias', { AliasName: 'alias/of-replica', KeyArn: replica }, EUROPE);
    await expectControlOk('TagResource', { ResourceArn: replica, Tags: [{ Key: 'a', Value: 'b' }] }, EUROPE);
    expect(await mac(replica)).toBe(await mac(KeyArn));

    const removing = (await remove(KeyArn, EUROPE)).json['Key'] as Key;
    const going = { [ASIA]: SYNCHRONIZED, [EUROPE]: { Status: 'DELETE_IN_PROGRESS' } };
    expect(removing.ReplicationStatus).toEqual(going);
    for (const again of [await remove(KeyArn, EUROPE), await add(KeyArn, EUROPE)])
      expectFailure(again, 'ConflictException', 'is being removed from eu-west-1');
    expect((await get(KeyArn)).ReplicationStatus).toEqual(going);

    await replicate();
    expect(await get(KeyArn)).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      ReplicationStatus: { [ASIA]: SYNCHRONIZED },
      UsingDefaultReplicationRegions: false,
    });
    expect((await get(KeyArn)).ReplicationStatus).not.toHaveProperty(EUROPE);
    expectFailure(await control('GetKey', { KeyIdentifier: replica }, EUROPE), 'ResourceNotFoundException');
    await expect(mac(replica)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    const alias = await expectControlOk('GetAlias', { AliasName: 'alias/of-replica' }, EUROPE);
    expect(alias).toEqual({ Alias: { AliasName: 'alias/of-replica' } });
    expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
  });

  test('turns a key without replicas into an ordinary key, which can be replicated again', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    await remove(KeyArn, EUROPE);
    await replicate();
    const key = await get(KeyArn);
    for (const member of ['MultiRegionKeyType', 'PrimaryRegion', 'ReplicationStatus'])
      expect(key).not.toHaveProperty(member);
    expect(key.UsingDefaultReplicationRegions).toBe(false);

    await add(KeyArn, EUROPE);
    await replicate();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });

  test('removes a Region whose replica has not been created yet', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await get(KeyArn)).not.toHaveProperty('MultiRegionKeyType');
    expectFailure(
      await control('GetKey', { KeyIdentifier: inRegion(EUROPE, KeyArn) }, EUROPE),
      'ResourceNotFoundException',
    );
  });

  test.each<[string, () => Promise<string>, string[], RegExp]>([
    [
      'a Region that the key does not have',
      () => createReplicated(EUROPE).then(arnOf),
      [EUROPE, ASIA],
      /not replicated to ap-southeast-2/,
    ],
    ['a key of one Region', () => create().then(arnOf), [EUROPE], /not replicated to eu-west-1/],
    ['a Region twice', () => createReplicated(EUROPE).then(arnOf), [EUROPE, EUROPE], /each Region once/],
    ['no Region', () => createReplicated(EUROPE).then(arnOf), [], /at least one Region/],
    ['a stopped key', () => createReplicated(EUROPE).then(stopped), [EUROPE], /not in an enabled state/],
    ['a key pending deletion', () => createReplicated(EUROPE).then(deleted), [EUROPE], /not in an enabled state/],
  ])('rejects %s and changes nothing', async (_, key, regions, message) => {
    const arn = await key();
    await replicate();
    const before = await get(arn);
    expectFailure(await remove(arn, ...regions), 'ValidationException', message);
    expect(await get(arn)).toEqual(before);
    await replicate();
    expect(await get(arn)).toEqual(before);
  });

  test('rejects a missing key and a key of another account', async () => {
    expectFailure(await remove(MISSING_KEY, EUROPE), 'ResourceNotFoundException');
    expectFailure(await remove(FOREIGN_KEY, EUROPE), 'AccessDeniedException');
  });
});
