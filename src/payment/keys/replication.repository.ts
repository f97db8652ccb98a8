import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { type Call, scopeOf } from '../../call.js';
import { ConflictException, ValidationException } from '../../errors/exceptions.js';
import { DefaultReplicationRegion } from './default-replication-region.entity.js';
import { Changes } from '../../changes/changes.js';
import { requireEnabled } from './key-life-cycle.js';
import { Key } from './key.entity.js';
import { KeyRepository } from './key.repository.js';
import { requireReplicable } from './multi-region.js';
import { defaultReplicationRegions, Regions, requireAny, requireEachOnce } from './regions.js';
import { ReplicationWork } from './replication-work.js';
import { Replication } from './replication.entity.js';

/** The Regions that keys are replicated to: the defaults of an account, and those of a single key. */
@Injectable()
export class ReplicationRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
    private readonly regions: Regions,
    private readonly work: ReplicationWork,
  ) {}

  /** Returns the default Regions for new keys of the caller's account and Region, ordered by name. */
  async defaults(call: Call): Promise<string[]> {
    return defaultReplicationRegions(this.database.manager, scopeOf(call));
  }

  /**
   * Adds default Regions; ignores Regions that already are defaults.
   *
   * @returns all default Regions
   * @throws ValidationException for a Region that can't be one
   */
  async enableDefaults(call: Call, regions: readonly string[]): Promise<string[]> {
    requireAny(regions);
    this.regions.requireReachable(call.region, regions);
    const rows = regions.map((replicationRegion) => ({ ...scopeOf(call), replicationRegion }));
    return this.changes.transaction(call, async (manager) => {
      await manager.createQueryBuilder().insert().into(DefaultReplicationRegion).values(rows).orIgnore().execute();
      return defaultReplicationRegions(manager, scopeOf(call));
    });
  }

  /**
   * Removes default Regions; ignores Regions that aren't defaults.
   *
   * @returns the remaining default Regions
   * @throws ValidationException for a Region that can't be one
   */
  async disableDefaults(call: Call, regions: readonly string[]): Promise<string[]> {
    requireAny(regions);
    requireEachOnce(regions);
    const enabled = await this.defaults(call);
    // A default Region that is no longer served can still be removed.
    const others = regions.filter((region) => !enabled.includes(region));
    this.regions.requireReachable(call.region, others);
    return this.changes.transaction(call, async (manager) => {
      await manager.delete(DefaultReplicationRegion, { ...scopeOf(call), replicationRegion: In(regions) });
      return defaultReplicationRegions(manager, scopeOf(call));
    });
  }

  /**
   * Replicates a key to more Regions. From then on the key doesn't use the default Regions.
   *
   * @throws ValidationException if the key or a Region can't be used, ConflictException while the key is being removed
   *   from one of the Regions
   */
  async add(call: Call, identifier: string, regions: readonly string[]): Promise<Key> {
    requireAny(regions);
    this.regions.requireReachable(call.region, regions);
    return this.keys.withLock(call, identifier, async (key, manager, changed) => {
      requireEnabled(key);
      requireReplicable(key);
      const present = await settled(manager, key, regions);
      if (present.length > 0)
        throw new ValidationException(`Key ${key.arn} is replicated to ${present.join(', ')} already.`);
      await this.work.enqueueCreation(manager, key.arn, regions);
      const change = { primaryRegion: key.region, usingDefaultReplicationRegions: false };
      changed();
      return manager.save(Object.assign(key, change));
    });
  }

  /**
   * Removes a key from Regions, where its replicas are destroyed. From then on the key doesn't use the default Regions.
   *
   * @throws ValidationException if the key or a Region can't be used, ConflictException while the key is being removed
   *   from one of the Regions
   */
  async remove(call: Call, identifier: string, regions: readonly string[]): Promise<Key> {
    requireAny(regions);
    requireEachOnce(regions);
    return this.keys.withLock(call, identifier, async (key, manager, changed) => {
      requireEnabled(key);
      const present = await settled(manager, key, regions);
      const missing = regions.filter((region) => !present.includes(region));
      if (missing.length > 0)
        throw new ValidationException(`Key ${key.arn} is not replicated to ${missing.join(', ')}.`);
      await this.work.enqueueRemoval(manager, key.arn, regions);
      const change = { usingDefaultReplicationRegions: false };
      changed();
      return manager.save(Object.assign(key, change));
    });
  }
}

/**
 * Returns those of the given Regions that a key is replicated to.
 *
 * @throws ConflictException while it is being removed from one
 */
async function settled(manager: EntityManager, key: Key, regions: readonly string[]): Promise<string[]> {
  const found = await manager.findBy(Replication, { primaryArn: key.arn, region: In(regions) });
  const leaving = found.find(({ status }) => status === 'DELETE_IN_PROGRESS');
  if (leaving)
    throw new ConflictException(`Key ${key.arn} is being removed from ${leaving.region}: wait until that is done.`);
  return found.map(({ region }) => region);
}
