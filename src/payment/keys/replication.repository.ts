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

/** Where keys are replicated to: those of the account by default, and a key by itself. */
@Injectable()
export class ReplicationRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
    private readonly regions: Regions,
    private readonly work: ReplicationWork,
  ) {}

  /** The Regions that new keys of the caller's account and Region are replicated to, by name. */
  async defaults(call: Call): Promise<string[]> {
    return defaultReplicationRegions(this.database.manager, scopeOf(call));
  }

  /**
   * Adds default Regions; one that is there already stays.
   *
   * @returns all of them
   * @throws ValidationException for what can't be one
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
   * Takes default Regions away; one that is none stays none.
   *
   * @returns those that remain
   * @throws ValidationException for what can't be one
   */
  async disableDefaults(call: Call, regions: readonly string[]): Promise<string[]> {
    requireAny(regions);
    requireEachOnce(regions);
    const enabled = await this.defaults(call);
    // One that was served when it was enabled can still be taken away.
    const others = regions.filter((region) => !enabled.includes(region));
    this.regions.requireReachable(call.region, others);
    return this.changes.transaction(call, async (manager) => {
      await manager.delete(DefaultReplicationRegion, { ...scopeOf(call), replicationRegion: In(regions) });
      return defaultReplicationRegions(manager, scopeOf(call));
    });
  }

  /**
   * Replicates a key to more Regions, which are its own from now on.
   *
   * @throws ValidationException for a key or a Region that can't, ConflictException for a Region that it is just removed from
   */
  async add(call: Call, identifier: string, regions: readonly string[]): Promise<Key> {
    requireAny(regions);
    this.regions.requireReachable(call.region, regions);
    return this.keys.alone(call, identifier, async (key, manager, changed) => {
      requireEnabled(key);
      requireReplicable(key);
      const present = await settled(manager, key, regions);
      if (present.length > 0)
        throw new ValidationException(`Key ${key.arn} is replicated to ${present.join(', ')} already.`);
      await this.work.begin(manager, key.arn, regions);
      const change = { primaryRegion: key.region, usingDefaultReplicationRegions: false };
      await manager.update(Key, { arn: key.arn }, change);
      changed();
      return Object.assign(key, change);
    });
  }

  /**
   * Takes a key out of Regions: its replicas there go for good. The other Regions are its own from now on.
   *
   * @throws ValidationException for a key or a Region that can't, ConflictException for a Region that it is just removed from
   */
  async remove(call: Call, identifier: string, regions: readonly string[]): Promise<Key> {
    requireAny(regions);
    requireEachOnce(regions);
    return this.keys.alone(call, identifier, async (key, manager, changed) => {
      requireEnabled(key);
      const present = await settled(manager, key, regions);
      const missing = regions.filter((region) => !present.includes(region));
      if (missing.length > 0)
        throw new ValidationException(`Key ${key.arn} is not replicated to ${missing.join(', ')}.`);
      await this.work.end(manager, key.arn, regions);
      const change = { usingDefaultReplicationRegions: false };
      await manager.update(Key, { arn: key.arn }, change);
      changed();
      return Object.assign(key, change);
    });
  }
}

/** Those of the Regions that a key is replicated to, when it is removed from none of them just now. */
async function settled(manager: EntityManager, key: Key, regions: readonly string[]): Promise<string[]> {
  const found = await manager.findBy(Replication, { primaryArn: key.arn, region: In(regions) });
  const leaving = found.find(({ status }) => status === 'DELETE_IN_PROGRESS');
  if (leaving) throw new ConflictException(`Key ${key.arn} is being removed from ${leaving.region}: wait for its end.`);
  return found.map(({ region }) => region);
}
