import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, Not } from 'typeorm';
import { Clock } from '../../clock.js';
import { Changes } from '../../changes/changes.js';
import { CONTROL_PLANE } from '../api.js';
import { Key } from './key.entity.js';
import { multiRegionKeyType } from './multi-region.js';
import { Replication } from './replication.entity.js';

/** How long who claimed work has for it, before somebody else takes it over. */
export const LEASE_MS = 60_000;
/** How much is claimed at once: it must be done well within the lease. */
const BATCH = 10;
const MAX_RETRY_MS = 3_600_000;

/** Work that nobody else does until its lease is over. */
export type Claim = Readonly<Pick<Replication, 'primaryArn' | 'region' | 'generation' | 'attempts'>>;

/** What is due of a claim, with the primary key as it is now. */
export interface DueWork {
  primary: Key;
  region: string;
  /** The replica is to go; otherwise it is to be as the primary key is. */
  isRemoval: boolean;
}

/**
 * The table of what is to be done in the Regions that keys are replicated to. Whoever changes a primary key, and holds its
 * lock, asks for work in the same transaction; each request has a new generation. Workers of any node claim what is due, and
 * what they did counts only if no newer request came meanwhile.
 *
 * Locks are taken in one order: the primary key, then its replications, then replicas.
 */
@Injectable()
export class ReplicationWork {
  /** The Regions of each key as it was read: whoever remembers a key, and forgets it, does so with them. */
  readonly #ofKeys = new WeakMap<Key, Replication[]>();

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly clock: Clock,
  ) {}

  /** The Regions of a primary key by name; none of any other key. Read once for each time that the key was read. */
  async of(key: Key): Promise<readonly Replication[]> {
    if (multiRegionKeyType(key) !== 'PRIMARY') return [];
    const known = this.#ofKeys.get(key);
    if (known) return known;
    const where = { primaryArn: key.arn };
    const found = await this.database.manager.find(Replication, { where, order: { region: 'ASC' } });
    this.#ofKeys.set(key, found);
    return found;
  }

  /** Asks for a replica in Regions that have none. */
  async begin(manager: EntityManager, primaryArn: string, regions: readonly string[]): Promise<void> {
    if (regions.length === 0) return;
    const dueAt = this.clock.now();
    const rows = regions.map((region) => ({ primaryArn, region, status: 'IN_PROGRESS' as const, dueAt, attempts: 0 }));
    await manager.insert(Replication, rows);
  }

  /** Asks that the replicas of keys follow a change. Those that are to go need not. */
  async follow(manager: EntityManager, primaryArns: readonly string[]): Promise<void> {
    const ofKeys = { primaryArn: In(primaryArns), status: Not('DELETE_IN_PROGRESS' as const) };
    await manager.update(Replication, ofKeys, { status: 'IN_PROGRESS', ...this.#anew() });
  }

  /** Asks that the replicas of a key go. */
  async end(manager: EntityManager, primaryArn: string, regions: readonly string[]): Promise<void> {
    const gone = { primaryArn, region: In(regions) };
    await manager.update(Replication, gone, { status: 'DELETE_IN_PROGRESS', ...this.#anew() });
  }

  /** Takes some of what is due, what waits longest first; many nodes may do it at once. */
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
      const claims = due.map(({ primaryArn, region, generation, attempts }) => ({ primaryArn, region, generation, attempts: attempts + 1 })); // prettier-ignore
      for (const { primaryArn, region, attempts } of claims)
        await manager.update(Replication, { primaryArn, region }, { attempts, dueAt: after(now, LEASE_MS) });
      return claims;
    });
  }

  /**
   * Does what was claimed and takes it off the table, in one transaction and alone with the primary key.
   *
   * @param work names the ARN of each key that it changes
   * @returns what was done; undefined when something newer is due, or somebody else took over and has done it
   */
  async settle(
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
          await manager.update(Key, { arn: primaryArn }, { primaryRegion: null });
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
   * Notes that what was claimed could not be done, to be tried again after twice as long each time, an hour at most.
   * Nothing when something newer is due.
   */
  async postpone(claim: Claim): Promise<void> {
    const dueAt = after(this.clock.now(), Math.min(2 ** claim.attempts * 1000, MAX_RETRY_MS));
    const message = `Attempt ${claim.attempts} failed; the next is at ${dueAt.toISOString()}.`;
    await this.changes.ownTransaction(async (manager, changed) => {
      await manager.update(Replication, { ...claim, status: Not('DELETE_IN_PROGRESS' as const) }, { status: 'FAILED' });
      await manager.update(Replication, { ...claim }, { message, dueAt });
      changed(claim.primaryArn);
    });
  }

  #anew() {
    return { message: null, generation: () => 'DEFAULT', dueAt: this.clock.now(), attempts: 0 };
  }
}

function after(time: Date, milliseconds: number): Date {
  return new Date(time.getTime() + milliseconds);
}
