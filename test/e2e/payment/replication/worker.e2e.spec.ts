import { DataSource } from 'typeorm';
import { KeyCache } from '../../../../src/payment/keys/key-cache.js';
import { LEASE_MS, ReplicationWork } from '../../../../src/payment/keys/replication-work.js';
import {
  EUROPE,
  ASIA,
  IN_PROGRESS,
  SYNCHRONIZED,
  inRegion,
  expectFailure,
  useReplicas,
} from '../../../support/replicas.js';
import { CMAC_KEY } from '../../../support/keys.js';
import { rebind } from '../../../support/database.js';
import { newWorker } from '../../../support/replication.js';

const { service, control, replicate, keyOf, get, create, createReplicated, add, remove, stopped, mac } = useReplicas();

describe('The replication worker', () => {
  const work = () => service.app.get(ReplicationWork);
  const never = () => Promise.reject(new Error('This work is no longer due.'));
  beforeEach(replicate);
  const statusOf = async (arn: string) => (await get(arn)).ReplicationStatus![EUROPE];

  test('runs on a timer', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const worker = newWorker(service);
    worker.onApplicationBootstrap();
    while ((await statusOf(KeyArn))!.Status !== 'SYNCHRONIZED') await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.onApplicationShutdown();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });

  test('logs every change that it makes', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const event = { event: 'SynchronizeMultiRegionKey', keyArn: KeyArn, replicationRegion: EUROPE };
    expect(service.log).toContainEqual(expect.objectContaining({ ...event, msg: 'replica synchronized' }));
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(service.log).toContainEqual(expect.objectContaining({ ...event, msg: 'replica removed' }));
  });

  test('takes over the work of a dead worker once the lease has expired', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    expect(await work().claim()).toHaveLength(1);
    await replicate();
    expect(await statusOf(KeyArn)).toEqual(IN_PROGRESS);
    service.clock.advance(LEASE_MS);
    await replicate();
    service.clock.advance(-LEASE_MS);
    expect(await statusOf(KeyArn)).toEqual(SYNCHRONIZED);
  });

  test('keeps changes that are made while it works, and skips work that is no longer due', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const [claim] = await work().claim();
    await stopped({ KeyArn });
    expect(await work().complete(claim!, never)).toBeUndefined();
    await work().retry(claim!);
    expect(await statusOf(KeyArn)).toEqual(IN_PROGRESS);
    await replicate();
    expect((await get(inRegion(EUROPE, KeyArn))).Enabled).toBe(false);
  });

  test('does not create a replica that was removed after its lease expired', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const [late] = await work().claim();
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await work().complete(late!, never)).toBeUndefined();
    await add(KeyArn, EUROPE);
    expect(await work().complete(late!, never)).toBeUndefined();
    await replicate();
    expect(await statusOf(KeyArn)).toEqual(SYNCHRONIZED);
  });

  test('reports a failure, retries with increasing delays, and does not delay other work', async () => {
    const database = service.app.get(DataSource);
    const broken = await create({ ReplicationRegions: [EUROPE] });
    const other = await create({ ReplicationRegions: [EUROPE] });
    const edit = async (kcv: string) => {
      await database.query('UPDATE keys SET kcv = $1 WHERE arn = $2', [kcv, broken.KeyArn]);
      await rebind(database);
    };
    await edit('000000');
    await replicate();
    expect(await statusOf(other.KeyArn)).toEqual(SYNCHRONIZED);
    const failed = await statusOf(broken.KeyArn);
    expect(failed).toEqual({
      Status: 'FAILED',
      StatusMessage: expect.stringMatching(/^Attempt 1 failed; the next is at \d{4}-\d\d-\d\dT[\d:.]+Z\.$/),
    });
    const error = expect.objectContaining({ name: 'SealError' }) as unknown;
    expect(service.log).toContainEqual(expect.objectContaining({ level: 50, keyArn: broken.KeyArn, error }));

    service.clock.advance(2100);
    await replicate();
    expect((await statusOf(broken.KeyArn))!.StatusMessage).toMatch(/^Attempt 2 failed/);
    // A change is replicated at once, and resets the number of attempts.
    await stopped(broken);
    await replicate();
    expect((await statusOf(broken.KeyArn))!.StatusMessage).toMatch(/^Attempt 1 failed/);
    await edit(broken.KeyCheckValue!);
    service.app.get(KeyCache).clear();
    // The next attempt doesn't become due while the test runs.
    service.clock.advance(-60_000);
    await replicate();
    expect((await statusOf(broken.KeyArn))!.Status).toBe('FAILED');
    service.clock.advance(60_000 + 2100);
    await replicate();
    service.clock.advance(-4200);
    expect(await statusOf(broken.KeyArn)).toEqual(SYNCHRONIZED);
    expect(await get(inRegion(EUROPE, broken.KeyArn))).toMatchObject({ Enabled: false, KeyState: 'CREATE_COMPLETE' });
  });

  test('retries a removal that failed', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const database = service.app.get(DataSource);
    await database.query('CREATE TABLE holders (arn text REFERENCES keys (arn))');
    await database.query('INSERT INTO holders VALUES ($1)', [inRegion(EUROPE, KeyArn)]);
    await remove(KeyArn, EUROPE);
    await replicate();
    const message = expect.stringMatching(/^Attempt 1 failed/);
    expect(await statusOf(KeyArn)).toEqual({ Status: 'DELETE_IN_PROGRESS', StatusMessage: message });
    await database.query('DROP TABLE holders');
    service.clock.advance(2100);
    await replicate();
    service.clock.advance(-2100);
    expect(await get(KeyArn)).not.toHaveProperty('ReplicationStatus');
    expectFailure(
      await control('GetKey', { KeyIdentifier: inRegion(EUROPE, KeyArn) }, EUROPE),
      'ResourceNotFoundException',
    );
  });

  test('does not overwrite another key that has the ARN of the replica', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const taken = inRegion(EUROPE, KeyArn);
    const stranger = await keyOf('CreateKey', CMAC_KEY, EUROPE);
    const database = service.app.get(DataSource);
    await database.query('UPDATE keys SET arn = $1 WHERE arn = $2', [taken, stranger.KeyArn]);
    await rebind(database);
    await replicate();
    expect((await statusOf(KeyArn))!.Status).toBe('FAILED');
    expect((await get(taken)).KeyCheckValue).toBe(stranger.KeyCheckValue);
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await get(taken)).not.toHaveProperty('MultiRegionKeyType');
  });

  test.each([1, 3])('does all due work with %i concurrent workers', async (workers) => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => create({ ReplicationRegions: [EUROPE, ASIA] })));
    await Promise.all(Array.from({ length: workers }, replicate));
    for (const { KeyArn } of keys) {
      expect((await get(KeyArn)).ReplicationStatus).toEqual({
        [ASIA]: SYNCHRONIZED,
        [EUROPE]: SYNCHRONIZED,
      });
      const events = service.log.filter(({ event, keyArn }) => event !== undefined && keyArn === KeyArn);
      expect(events).toHaveLength(2);
    }
  });
});
