import { DataSource } from 'typeorm';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import {
  EUROPE,
  ASIA,
  IN_PROGRESS,
  SYNCHRONIZED,
  regionOf,
  inRegion,
  expectFailure,
  useReplicas,
} from '../../../support/replicas.js';
import { CMAC_KEY } from '../../../support/keys.js';
import { REGION, target } from '../../../support/service.js';

const { service, control, expectControlOk, replicate, keyOf, get, create, createReplicated, mac } = useReplicas();

describe('A deployment of several Regions', () => {
  test('keeps the keys and aliases of each Region apart', async () => {
    const { KeyArn } = await keyOf('CreateKey', CMAC_KEY, EUROPE);
    expect(regionOf(KeyArn)).toBe(EUROPE);
    expect((await get(KeyArn)).KeyArn).toBe(KeyArn);
    expectFailure(await control('GetKey', { KeyIdentifier: KeyArn }), 'ResourceNotFoundException');
    expectFailure(await control('GetKey', { KeyIdentifier: inRegion(REGION, KeyArn) }), 'ResourceNotFoundException');
    await expectControlOk('CreateAlias', { AliasName: 'alias/same' }, EUROPE);
    await expectControlOk('CreateAlias', { AliasName: 'alias/same' });
  });

  test('rejects a signature for any other Region', async () => {
    expectFailure(
      await control('ListKeys', {}, 'us-west-2'),
      'InvalidSignatureException',
      `Credential should be scoped to a valid region. This service is in ${EUROPE}, ${REGION}, ${ASIA}.`,
    );
    const { status, json } = await service.send({ path: '/mac/verify', region: 'us-west-2' });
    expect([status, json['__type']]).toEqual([403, expect.stringContaining('InvalidSignatureException')]);
  });

  test('rejects the signature of one Region in another', async () => {
    const tamper = ({ headers }: { headers: Record<string, string> }) => {
      headers['authorization'] = headers['authorization']!.replace(REGION, EUROPE);
    };
    const answer = await service.send({ headers: target('ListKeys'), tamper });
    expectFailure(answer, 'InvalidSignatureException', 'signature we calculated');
  });
});

describe('The default replication Regions', () => {
  const defaults = async (region = REGION) =>
    (await expectControlOk('GetDefaultKeyReplicationRegions', {}, region))['EnabledReplicationRegions'];
  const enable = (ReplicationRegions: string[], region = REGION) =>
    control('EnableDefaultKeyReplicationRegions', { ReplicationRegions }, region);
  const disable = (ReplicationRegions: string[]) =>
    control('DisableDefaultKeyReplicationRegions', { ReplicationRegions });

  test('are empty at first, and each Region enables and disables its own', async () => {
    expect(await defaults()).toEqual([]);
    expect((await enable([EUROPE])).json).toEqual({ EnabledReplicationRegions: [EUROPE] });
    expect((await enable([ASIA, EUROPE])).json).toEqual({ EnabledReplicationRegions: [EUROPE, ASIA] });
    expect(await defaults()).toEqual([EUROPE, ASIA]);
    expect(await defaults(EUROPE)).toEqual([]);
    expect((await enable([REGION], EUROPE)).json).toEqual({ EnabledReplicationRegions: [REGION] });
    expect((await disable([EUROPE])).json).toEqual({ EnabledReplicationRegions: [ASIA] });
    expect((await disable([EUROPE, ASIA])).json).toEqual({ EnabledReplicationRegions: [] });
    expect(await defaults(EUROPE)).toEqual([REGION]);
  });

  test.each<[string, string[], RegExp]>([
    ['the Region itself', [EUROPE, REGION], /ReplicationRegions has us-east-1, where the key is/],
    [
      'a Region that is not served',
      ['us-west-2'],
      /has us-west-2, which is not served: choose from eu-west-1, us-east-1/,
    ],
    ['a Region twice', [EUROPE, EUROPE], /each Region once/],
    ['no Region', [], /at least one/],
    ['an invalid Region name', ['Europe'], /ReplicationRegions.*must be a Region name/],
  ])('reject %s and do not change', async (_, regions, message) => {
    await enable([ASIA]);
    expectFailure(await enable(regions), 'ValidationException', message);
    expectFailure(await disable(regions), 'ValidationException', message);
    expect(await defaults()).toEqual([ASIA]);
  });

  test('may include a Region that is no longer served, which is not used and can be disabled', async () => {
    const sql = `INSERT INTO default_replication_regions VALUES ('000000000000', '${REGION}', 'sa-east-1')`;
    await service.app.get(DataSource).query(sql);
    expect(await defaults()).toEqual(['sa-east-1']);
    expect(await create()).not.toHaveProperty('MultiRegionKeyType');
    expect((await disable(['sa-east-1'])).json).toEqual({ EnabledReplicationRegions: [] });
  });

  test('apply to new keys only', async () => {
    const before = await create();
    await enable([EUROPE]);
    const key = await create();
    expect(key).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [EUROPE]: IN_PROGRESS },
      UsingDefaultReplicationRegions: true,
    });
    await replicate();
    expect((await get(inRegion(EUROPE, key.KeyArn))).MultiRegionKeyType).toBe('REPLICA');
    expect(await get(before.KeyArn)).toEqual(before);
    await disable([EUROPE]);
    expect((await get(key.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: SYNCHRONIZED });
  });

  test('do not apply to a key with its own Regions or to a key that is not exportable', async () => {
    await enable([EUROPE]);
    const elsewhere = await create({ ReplicationRegions: [ASIA] });
    expect(elsewhere.ReplicationStatus).toEqual({ [ASIA]: IN_PROGRESS });
    expect(elsewhere.UsingDefaultReplicationRegions).toBe(false);
    const nowhere = await create({ ReplicationRegions: [] });
    expect(nowhere.UsingDefaultReplicationRegions).toBe(false);
    const fixed = await create({ Exportable: false });
    expect(fixed).not.toHaveProperty('UsingDefaultReplicationRegions');
    for (const key of [nowhere, fixed])
      for (const member of ['MultiRegionKeyType', 'PrimaryRegion', 'ReplicationStatus'])
        expect(key).not.toHaveProperty(member);
  });
});

test('a page token of one Region is invalid in another', async () => {
  await Promise.all([create(), create()]);
  const { NextToken } = await expectControlOk('ListKeys', { MaxResults: 1 });
  await expectControlOk('ListKeys', { MaxResults: 1, NextToken });
  expectFailure(await control('ListKeys', { MaxResults: 1, NextToken }, EUROPE), 'ValidationException', 'NextToken');
});

test('keys that were read a moment ago are used without a query', async () => {
  const ordinary = await create();
  const primary = await createReplicated(EUROPE);
  await expectControlOk('CreateAlias', { AliasName: 'alias/warm', KeyArn: ordinary.KeyArn });
  const names = [ordinary.KeyArn, primary.KeyArn, inRegion(EUROPE, primary.KeyArn)];
  const use = async () => {
    for (const name of names) await Promise.all([get(name), mac(name)]);
    await expectControlOk('GetKey', { KeyIdentifier: 'alias/warm' });
  };
  await use();

  const queries: string[] = [];
  const database = service.app.get(DataSource);
  const { logger } = database;
  database.logger = Object.assign(Object.create(logger) as typeof logger, {
    logQuery: (query: string) => /"sealed"|"replications"/.test(query) && queries.push(query),
  });
  const start = performance.now();
  for (let i = 0; i < 20; i++) await use();
  const elapsed = performance.now() - start;
  database.logger = logger;
  // The cache holds four names and the Regions of one key, and reads them again when they are stale.
  const times = Math.ceil(elapsed / MAX_STALE_MS);
  expect(queries.length).toBeLessThanOrEqual(2 * 5 * times);

  await expectControlOk('StopKeyUsage', { KeyIdentifier: primary.KeyArn });
  expect((await get(primary.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: IN_PROGRESS });
  await replicate();
  expect((await get(primary.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: SYNCHRONIZED });
});
