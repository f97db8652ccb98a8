import type { EntityManager } from 'typeorm';
import type { Scope } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { DefaultReplicationRegion } from './default-replication-region.entity.js';

/** The Regions that the deployment serves and that keys may be replicated to. */
export class Regions {
  constructor(private readonly served: readonly string[]) {}

  isServed(region: string): boolean {
    return this.served.includes(region);
  }

  /**
   * Checks the Regions to replicate a key to; an empty list passes.
   *
   * @param own Region of the key
   * @throws ValidationException for `own`, for a Region that isn't served, and for a duplicate
   */
  requireReachable(own: string, regions: readonly string[]): void {
    requireEachOnce(regions);
    for (const region of regions) {
      if (region === own)
        throw new ValidationException(`ReplicationRegions has ${own}, where the key is: name other Regions.`);
      if (!this.isServed(region))
        throw new ValidationException(
          `ReplicationRegions has ${region}, which is not served: choose from ${this.served.join(', ')}.`,
        );
    }
  }
}

/** Checks for duplicates. @throws ValidationException */
export function requireEachOnce(regions: readonly string[]): void {
  if (new Set(regions).size !== regions.length)
    throw new ValidationException('ReplicationRegions must name each Region once.');
}

/** Checks that a list isn't empty. @throws ValidationException */
export function requireAny(regions: readonly string[]): void {
  if (regions.length === 0) throw new ValidationException('ReplicationRegions must name at least one Region.');
}

/** Returns the Regions that new keys of an account and Region are replicated to by default, ordered by name. */
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
