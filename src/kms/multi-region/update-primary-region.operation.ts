import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import type { Nothing } from '../../http/fields.js';
import { ValidationException } from '../../errors/exceptions.js';
import { arnInRegion, parseKeyId } from '../keys/key-id.js';
import { requirePrimary } from '../keys/key-kinds.js';
import { KmsKeyRepository, relatedTo } from '../keys/kms-key.repository.js';
import { updatePending } from '../materials/pending-material.js';
import type { UpdatePrimaryRegionInput } from './multi-region.schema.js';
import { endOfTransientState } from './transient-state.js';

@Injectable()
export class UpdatePrimaryRegionOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly changes: Changes,
  ) {}

  async execute(call: Call, { KeyId, PrimaryRegion: region }: UpdatePrimaryRegionInput): Promise<Nothing> {
    const named = parseKeyId(KeyId, scopeOf(call), false);
    return this.changes.transaction(call, async (manager, changed) => {
      // The first lock takes those of all related keys.
      const { key } = await this.keys.lock(call, manager, named, { require: requirePrimary }, changed);
      if (region === key.region)
        throw new ValidationException(`${key.arn} is already the primary key: name the Region of a replica.`);
      const replica = await this.keys.lock(call, manager, { ...named, region }, {}, changed);
      const updatingUntil = endOfTransientState(call.origin.time);
      for (const each of await relatedTo(key, manager)) {
        const isInvolved = each.arn === key.arn || each.arn === replica.key.arn;
        await manager.save(Object.assign(each, { primaryRegion: region, ...(isInvolved && { updatingUntil }) }));
        changed(arnInRegion(each.region, key.arn));
      }
      await updatePending({ manager, key, changed }, call.origin.time);
      return {};
    });
  }
}
