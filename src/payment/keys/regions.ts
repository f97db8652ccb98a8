import type { EntityManager } from 'typeorm';
import { ValidationException } from '../../errors/exceptions.js';
import type { Scope } from './arn.js';
import { DefaultReplicationRegion } from './default-replication-region.entity.js';

/** The Regions that the deployment serves: those that a key may be replicated to. */
export class Regions {
  constructor(private readonly served: readonly string[]) {}

  isServed(region: string): boolean {
    return this.served.includes(region);
  }

  /**
   * Checks where keys are to be replicated to; an empty list passes.
   *
   * @param home the Region of the keys
   * @throws ValidationException for `home`, a Region that is not served, and one that is named twice
   */
  requireReachable(home: string, regions: readonly string[]): void {
    requireEachOnce(regions);
    for (const region of regions) {
      if (region === home)
        throw new ValidationException(`ReplicationRegions has ${home}, where the key is: name other Regions.`);
      if (!this.isServed(region))
        throw new ValidationException(
          `ReplicationRegions has ${region}, which is not served: choose from ${this.served.join(', ')}.`,
        );
    }
  }
}

/** @throws ValidationException for a Region that is named twice */
export function requireEachOnce(regions: readonly string[]): void {
  if (new Set(regions).size !== regions.length)
    throw new ValidationException('ReplicationRegions must name each Region once.');
}

/** @throws ValidationException for an empty list */
export function requireAny(regions: readonly string[]): void {
  if (regions.length === 0) throw new ValidationException('ReplicationRegions must name at least one Region.');
}

/** Where new keys of an account and Region go by default, by name. */
export async function defaultReplicationRegions(
  manager: EntityManager,
  { accountId, region }: Scope,
): Promise<string[]> {
  const found = await manager.find(DefaultReplicationRegion, {
    where: { accountId, region },
    order: { sequence: 'ASC' },
  });
  return found.map(({ replicationRegion }) => replicationRegion);
}
