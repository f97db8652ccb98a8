import { DataSource } from 'typeorm';
import {
  StopKeyUsageCommand,
  GetKeyCommand,
  ConflictException,
  PaymentCryptographyClient,
  ResourceNotFoundException,
  ValidationException,
} from '@aws-sdk/client-payment-cryptography';
import {
  EUROPE,
  ASIA,
  IN_PROGRESS,
  SYNCHRONIZED,
  inRegion,
  expectFailure,
  useReplicas,
  type Key,
} from '../../../support/replicas.js';
import { MISSING_KEY, createKey, endDeletions } from '../../../support/keys.js';
import { REGION, CREDENTIALS, target } from '../../../support/service.js';

const { service, control, expectControlOk, replicate, keyOf, get, create, createReplicated, remove, deleted, mac } =
  useReplicas();

describe('A replica', () => {
  test.each<[string, object]>([
    ['DeleteKey', {}],
    ['RestoreKey', {}],
    ['StartKeyUsage', {}],
    ['StopKeyUsage', {}],
    ['AddKeyReplicationRegions', { ReplicationRegions: [ASIA] }],
    ['RemoveKeyReplicationRegions', { ReplicationRegions: [REGION] }],
  ])('rejects %s and does not change', async (operation, input) => {
    const replica = inRegion(EUROPE, (await createReplicated(EUROPE)).KeyArn);
    const before = await get(replica);
    const refused = await control(operation, { KeyIdentifier: replica, ...input }, EUROPE);
    expectFailure(refused, 'ValidationException', `Key ${replica} is a replica`);
    expectFailure(refused, 'ValidationException', 'change its primary key in us-east-1');
    await replicate();
    expect(await get(replica)).toEqual(before);
  });

  test('rejects a policy, and does not inherit the policy of its primary key', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const [ResourceArn, AWS] = [inRegion(EUROPE, KeyArn), 'arn:aws:iam::111122223333:root'];
    const statement = { Effect: 'Allow', Principal: { AWS }, Action: '*', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    expectFailure(
      await control('PutResourcePolicy', { ResourceArn, Policy }, EUROPE),
      'ValidationException',
      'is a replica',
    );
    await expectControlOk('PutResourcePolicy', { ResourceArn: KeyArn, Policy });
    await replicate();
    expectFailure(await control('GetResourcePolicy', { ResourceArn }, EUROPE), 'ResourceNotFoundException');
  });

  test('has its own tags and aliases', async () => {
    const key = await create({ ReplicationRegions: [EUROPE], Tags: [{ Key: 'where', Value: 'home' }] });
    await expectControlOk('CreateAlias', { AliasName: 'alias/home', KeyArn: key.KeyArn });
    await replicate();
    const ResourceArn = inRegion(EUROPE, key.KeyArn);
    expect(await expectControlOk('ListTagsForResource', { ResourceArn }, EUROPE)).toEqual({ Tags: [] });
    expectFailure(await control('GetAlias', { AliasName: 'alias/home' }, EUROPE), 'ResourceNotFoundException');
    await expectControlOk('TagResource', { ResourceArn, Tags: [{ Key: 'where', Value: 'away' }] }, EUROPE);
    await expectControlOk('CreateAlias', { AliasName: 'alias/away', KeyArn: ResourceArn }, EUROPE);
    await expectControlOk('StopKeyUsage', { KeyIdentifier: key.KeyArn });
    await replicate();
    expect(await expectControlOk('ListTagsForResource', { ResourceArn }, EUROPE)).toEqual({
      Tags: [{ Key: 'where', Value: 'away' }],
    });
    expect((await keyOf('GetKey', { KeyIdentifier: 'alias/away' }, EUROPE)).KeyArn).toBe(ResourceArn);
  });
});

describe('A replica of a key that changes', () => {
  const life = (key: Key) => ({
    KeyState: key.KeyState,
    Enabled: key.Enabled,
    UsageStartTimestamp: key.UsageStartTimestamp,
    UsageStopTimestamp: key.UsageStopTimestamp,
    DeletePendingTimestamp: key.DeletePendingTimestamp,
    DeleteTimestamp: key.DeleteTimestamp,
  });

  test('is stopped, started, deleted and restored with its primary key', async () => {
    const { KeyArn } = await createReplicated(EUROPE, ASIA);
    for (const operation of ['StopKeyUsage', 'StartKeyUsage', 'DeleteKey', 'RestoreKey', 'StartKeyUsage']) {
      const before = await get(inRegion(EUROPE, KeyArn));
      const key = await keyOf(operation, { KeyIdentifier: KeyArn });
      expect(key.ReplicationStatus).toEqual({ [ASIA]: IN_PROGRESS, [EUROPE]: IN_PROGRESS });
      expect(await get(inRegion(EUROPE, KeyArn))).toEqual(before);
      await replicate();
      for (const region of [EUROPE, ASIA]) expect(life(await get(inRegion(region, KeyArn)))).toEqual(life(key));
      expect((await get(KeyArn)).ReplicationStatus).toEqual({ [ASIA]: SYNCHRONIZED, [EUROPE]: SYNCHRONIZED });
      if (key.Enabled) expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
      else await expect(mac(inRegion(ASIA, KeyArn))).rejects.toMatchObject({ code: 'ValidationException' });
    }
  });

  test('causes no work while its primary key is unchanged', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const key = await keyOf('StartKeyUsage', { KeyIdentifier: KeyArn });
    expect(key.ReplicationStatus).toEqual({ [EUROPE]: SYNCHRONIZED });
  });

  test('loses its key material and aliases at the end of the waiting period, but its record stays', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const replica = inRegion(EUROPE, KeyArn);
    await expectControlOk('CreateAlias', { AliasName: 'alias/deleted', KeyArn: replica }, EUROPE);
    await deleted({ KeyArn });
    await replicate();
    await endDeletions(service);
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: IN_PROGRESS });
    expect((await get(replica)).KeyState).toBe('DELETE_PENDING');
    await replicate();
    expect(life(await get(replica))).toEqual(life(await get(KeyArn)));
    expect(await get(replica)).toMatchObject({ KeyState: 'DELETE_COMPLETE', MultiRegionKeyType: 'REPLICA' });
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: SYNCHRONIZED });
    expect(await expectControlOk('GetAlias', { AliasName: 'alias/deleted' }, EUROPE)).toEqual({
      Alias: { AliasName: 'alias/deleted' },
    });
    const sealed = await service.app.get(DataSource).query('SELECT sealed FROM keys WHERE arn = $1', [replica]);
    expect(sealed).toEqual([{ sealed: null }]);
  });

  test('is restored with its primary key, even just before its own waiting period ends', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    await deleted({ KeyArn });
    await replicate();
    await expectControlOk('RestoreKey', { KeyIdentifier: KeyArn });
    // The replica has not been updated yet.
    await endDeletions(service);
    expect((await get(inRegion(EUROPE, KeyArn))).KeyState).toBe('DELETE_PENDING');
    await expectControlOk('StartKeyUsage', { KeyIdentifier: KeyArn });
    await replicate();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });
});

describe('The exception classes of the AWS SDK', () => {
  const client = (region: string) =>
    new PaymentCryptographyClient({ region, endpoint: service.url, credentials: CREDENTIALS, maxAttempts: 1 });

  /**
   * Sends an operation that the SDK lacks through the SDK.
   *
   * @returns the exception that the SDK creates from the response
   */
  async function failureOf(operation: string, input: object): Promise<unknown> {
    const sdk = client(REGION);
    sdk.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string>; body: string };
        Object.assign(request.headers, target(operation));
        request.body = JSON.stringify(input);
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    const failure = await sdk.send(new GetKeyCommand({ KeyIdentifier: MISSING_KEY })).catch((error: unknown) => error);
    sdk.destroy();
    return failure;
  }

  test('are thrown for multi-Region operations', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const named = (KeyIdentifier: string, ...ReplicationRegions: string[]) => ({ KeyIdentifier, ReplicationRegions });
    expect(await failureOf('AddKeyReplicationRegions', named(KeyArn, REGION))).toBeInstanceOf(ValidationException);
    expect(await failureOf('AddKeyReplicationRegions', named(MISSING_KEY, EUROPE))).toBeInstanceOf(
      ResourceNotFoundException,
    );
    expect(await failureOf('RemoveKeyReplicationRegions', named(KeyArn, ASIA))).toBeInstanceOf(ValidationException);
    await remove(KeyArn, EUROPE);
    expect(await failureOf('RemoveKeyReplicationRegions', named(KeyArn, EUROPE))).toBeInstanceOf(ConflictException);
    for (const operation of ['EnableDefaultKeyReplicationRegions', 'DisableDefaultKeyReplicationRegions'])
      expect(await failureOf(operation, { ReplicationRegions: [REGION] })).toBeInstanceOf(ValidationException);
  });

  test('are thrown for operations on a replica', async () => {
    const { KeyArn } = await createKey(service, { ReplicationRegions: [EUROPE] } as object);
    await replicate();
    const sdk = client(EUROPE);
    const stopping = sdk.send(new StopKeyUsageCommand({ KeyIdentifier: inRegion(EUROPE, KeyArn) }));
    await expect(stopping).rejects.toThrow(ValidationException);
    sdk.destroy();
  });
});
