import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, Not } from 'typeorm';
import { Clock } from '../../clock.js';
import { Changes } from '../../changes/changes.js';
import { changeRows } from '../../provider/changed-rows.js';
import { CONTROL_PLANE } from '../api.js';
import { Key } from './key.entity.js';
import { multiRegionKeyType } from './multi-region.js';
import { Replication } from './replication.entity.js';

/** Time that a worker has for claimed work before another worker takes it over. */
export const LEASE_MS = 60_000;
/** The amount of work claimed at once: a worker must finish it well within the lease. */
const BATCH = 10;
const MAX_RETRY_MS = 3_600_000;

/** Work that is reserved for one worker until its lease ends. */
export type Claim = Readonly<Pick<Replication, 'primaryArn' | 'region' | 'generation' | 'attempts'>>;

/** The work of a claim, with the current primary key. */
export interface DueWork {
  primary: Key;
  region: string;
  /** True to delete the replica, false to bring it up to date with the primary key. */
  isRemoval: boolean;
}

/**
 * The queue of replication work: a row for each Region that a key is replicated to. A transaction that changes a
 * primary key enqueues the work with a new generation, while it holds the lock of the key. Workers of any node claim
 * due work. The work is complete only if no newer generation was enqueued meanwhile.
 *
 * Locks are taken in this order: the primary key, its replications, its replicas.
 */
@Injectable()
export class ReplicationWork {
  /** Replications by the row object of their key, so that they are dropped when KeyCache drops the key. */
  readonly #ofKeys = new WeakMap<Key, Replication[]>();

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the replications of a primary key, ordered by Region; none for other keys. Reads them once per row object.
   */
  async of(key: Key): Promise<readonly Replication[]> {
    if (multiRegionKeyType(key) !== 'PRIMARY') return [];
    const known = this.#ofKeys.get(key);
    if (known) return known;
    const where = { primaryArn: key.arn };
    const found = await this.database.manager.find(Replication, { where, order: { region: 'ASC' } });
    this.#ofKeys.set(key, found);
    return found;
  }

  /** Enqueues the creation of replicas in Regions that have none. */
  async enqueueCreation(manager: EntityManager, primaryArn: string, regions: readonly string[]): Promise<void> {
    if (regions.length === 0) return;
    const dueAt = this.clock.now();
    const rows = regions.map((region) => ({ primaryArn, region, status: 'IN_PROGRESS' as const, dueAt, attempts: 0 }));
    await manager.insert(Replication, rows);
  }

  /** Enqueues an update of the replicas of changed keys, except those that are being removed. */
  async enqueue(manager: EntityManager, primaryArns: readonly string[]): Promise<void> {
    const ofKeys = { primaryArn: In(primaryArns), status: Not('DELETE_IN_PROGRESS' as const) };
    await manager.update(Replication, ofKeys, { status: 'IN_PROGRESS', ...this.#newGeneration() });
  }

  /** Enqueues the removal of replicas. */
  async enqueueRemoval(manager: EntityManager, primaryArn: string, regions: readonly string[]): Promise<void> {
    const gone = { primaryArn, region: In(regions) };
    await manager.update(Replication, gone, { status: 'DELETE_IN_PROGRESS', ...this.#newGeneration() });
  }

  /** Claims a batch of due work, oldest first. Nodes may claim concurrently. */
  async claim(): Promise<Claim[]> {
    const now = this.clock.now();
    return this.database.transaction(async (manager) => {
      const due = await manager
        .createQueryBuilder(Replication, 'replication')
        .where('replication.dueAt <= :now', { now })
        .orderBy({ 'replication.dueAt': 'ASC', 'replication.generation': 'ASC' })
        .limit(BATCH)
        .setLock('pessimistic_write')
        .setOnLocked('skip_locked')
        .getMany();
      const claims = due.map(({ primaryArn, region, generation, attempts }) => ({
        primaryArn,
        region,
        generation,
        attempts: attempts + 1,
      }));
      for (const { primaryArn, region, attempts } of claims)
        await manager.update(Replication, { primaryArn, region }, { attempts, dueAt: after(now, LEASE_MS) });
      return claims;
    });
  }

  /**
   * Does claimed work and takes it off the queue in one transaction, which locks the primary key.
   *
   * @param work calls `changed` with the ARN of each key that it changes
   * @returns the work; undefined if newer work was enqueued, or if another worker took over and completed the work
   */
  async complete(
    claim: Claim,
    work: (due: DueWork, manager: EntityManager, changed: (arn: string) => void) => Promise<void>,
  ): Promise<DueWork | undefined> {
    return this.changes.ownTransaction(async (manager, changed, note) => {
      const primary = await manager
        .createQueryBuilder(Key, 'key')
        .addSelect('key.sealed')
        .where({ arn: claim.primaryArn })
        .setLock('pessimistic_write')
        .getOneOrFail();
      const { primaryArn, region } = claim;
      const found = await manager.findOneBy(Replication, { ...claim });
      if (!found) return undefined;

      const due = { primary, region, isRemoval: found.status === 'DELETE_IN_PROGRESS' };
      await work(due, manager, changed);
      if (due.isRemoval) {
        await manager.delete(Replication, { primaryArn, region });
        if (!(await manager.existsBy(Replication, { primaryArn })))
          await changeRows(manager, Key, { arn: primaryArn }, { primaryRegion: null });
      } else {
        const done = { status: 'SYNCHRONIZED' as const, message: null, dueAt: null, attempts: 0 };
        await manager.update(Replication, { primaryArn, region }, done);
      }
      changed(primaryArn);
      note({
        api: CONTROL_PLANE,
        name: 'SynchronizeMultiRegionKey',
        keyArn: primaryArn,
        details: { keyArn: primaryArn, replicationRegion: region },
      });
      return due;
    });
  }

  /**
   * Schedules another attempt at claimed work that failed, with a delay that doubles each time, up to an hour. Does
   * nothing if newer work was enqueued.
   */
  async retry(claim: Claim): Promise<void> {
    const dueAt = after(this.clock.now(), Math.min(2 ** claim.attempts * 1000, MAX_RETRY_MS));
    const message = `Attempt ${claim.attempts} failed; the next is at ${dueAt.toISOString()}.`;
    await this.changes.ownTransaction(async (manager, changed) => {
      await manager.update(Replication, { ...claim, status: Not('DELETE_IN_PROGRESS' as const) }, { status: 'FAILED' });
      await manager.update(Replication, { ...claim }, { message, dueAt });
      changed(claim.primaryArn);
    });
  }

  #newGeneration() {
    return { message: null, generation: () => 'DEFAULT', dueAt: this.clock.now(), attempts: 0 };
  }
}

function after(time: Date, milliseconds: number): Date {
  return new Date(time.getTime() + milliseconds);
}
