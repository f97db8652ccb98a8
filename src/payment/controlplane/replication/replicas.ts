import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Alias } from '../../keys/alias.entity.js';
import { keyArnIn } from '../../keys/arn.js';
import { Key } from '../../keys/key.entity.js';
import { PublicKeyCertificate } from '../../keys/public-key-certificate.entity.js';
import { Quotas } from '../../keys/quotas.js';
import { ResourcePolicy } from '../../keys/resource-policy.entity.js';
import { Tag } from '../../keys/tag.entity.js';
import { changeRows, removeRows } from '../../../provider/changed-rows.js';
import { CryptoProvider } from '../../../provider/crypto-provider.js';

/** Replicas of keys in other Regions of this deployment. They are rows of the same database. */
@Injectable()
export class Replicas {
  constructor(
    private readonly provider: CryptoProvider,
    private readonly quotas: Quotas,
  ) {}

  /**
   * Updates the replica of a key in a Region to the current state of the key, or creates it.
   *
   * @param primary primary key with its sealed material
   * @returns ARN of the replica
   * @throws ServiceQuotaExceededException if the account has too many keys in that Region
   */
  async put(manager: EntityManager, primary: Key, region: string): Promise<string> {
    const arn = keyArnIn(region, primary.arn);
    const { state, enabled, usageStartedAt, usageStoppedAt, deletePendingAt, deletedAt } = primary;
    const life = { state, enabled, usageStartedAt, usageStoppedAt, deletePendingAt, deletedAt };
    const isDestroyed = primary.sealed === null;
    const changed = await changeRows(
      manager,
      Key,
      { arn, primaryRegion: primary.region },
      { ...life, ...(isDestroyed && { sealed: null }) },
    );
    if (isDestroyed) {
      await changeRows(manager, Alias, { keyArn: arn }, { keyArn: null });
      await manager.delete(PublicKeyCertificate, { keyArn: arn });
    }
    if (changed.length > 0) return arn;

    const { sequence: _, ...copy } = primary;
    const replica = { ...copy, arn, region, primaryRegion: primary.region, usingDefaultReplicationRegions: null };
    const sealed = isDestroyed ? null : this.provider.use(primary, (clear) => this.provider.seal(Key, replica, clear));
    await manager.insert(Key, { ...replica, sealed });
    await this.quotas.checkKeys(manager, { accountId: primary.accountId, region });
    return arn;
  }

  /**
   * Destroys the replica of a key in a Region, if it exists, with everything that belongs to it. Its aliases remain
   * without a key.
   *
   * @returns ARN of the replica
   */
  async remove(manager: EntityManager, primary: Key, region: string): Promise<string> {
    const arn = keyArnIn(region, primary.arn);
    const replica = { arn, primaryRegion: primary.region };
    // With the row locked, a concurrent TagResource or CreateAlias either finishes first or finds no key.
    const found = await manager.findOne(Key, { where: replica, lock: { mode: 'pessimistic_write' } });
    if (!found) return arn;
    await changeRows(manager, Alias, { keyArn: arn }, { keyArn: null });
    await removeRows(manager, Tag, { keyArn: arn });
    await removeRows(manager, ResourcePolicy, { keyArn: arn });
    await manager.delete(PublicKeyCertificate, { keyArn: arn });
    await manager.remove(found);
    return arn;
  }
}
