import { Injectable } from '@nestjs/common';
import { KeyUse, type LastUse } from '../access/key-use.js';
import type { Call } from '../call.js';
import type { KnownKey } from '../kms/keys/kms-key-cache.js';
import { KmsKeyRepository } from '../kms/keys/kms-key.repository.js';
import { KeyPages, type KeySort } from './key-pages.js';

/** A KMS key with everything that the inventory shows. */
export interface InventoryKmsKey extends KnownKey {
  lastUse?: LastUse;
}

/** KMS keys of a call's account and Region that its caller may read. */
@Injectable()
export class KmsKeyInventory {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly pages: KeyPages,
    private readonly uses: KeyUse,
  ) {}

  /**
   * Reads KMS keys, and leaves out those on which the caller may not call DescribeKey.
   *
   * @param take returns false when it needs no more keys
   * @returns the position of the last key that was read, if there may be more
   */
  read(
    call: Call,
    options: { where: Partial<Record<'usage' | 'spec', string>>; sort: KeySort; after: string | undefined },
    take: (found: InventoryKmsKey) => boolean,
  ): Promise<string | undefined> {
    const visible = async (arns: readonly string[]) => {
      const found = await this.keys.visible(call, arns);
      const uses = await this.uses.lastUses(found.map(({ key }) => key.arn));
      return new Map(found.map((known) => [known.key.arn, { ...known, lastUse: uses.get(known.key.arn) }]));
    };
    return this.pages.read(call, { table: 'kms', visible, ...options }, take);
  }
}
