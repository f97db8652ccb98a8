import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { requireGrantId, unknownGrant } from './grant-rules.js';
import type { RevokeGrantInput } from './grants.schema.js';
import { lockGrant } from './kms-grant.repository.js';

@Injectable()
export class RevokeGrantOperation {
  constructor(private readonly keys: KmsKeyRepository) {}

  execute(call: Call, { KeyId, GrantId, DryRun }: RevokeGrantInput): Promise<Nothing> {
    requireGrantId(GrantId);
    return this.keys.change(call, KeyId, {}, async ({ key, manager, changed }) => {
      const grant = await lockGrant(manager, { keyArn: key.arn, grantId: GrantId });
      if (!grant) throw unknownGrant(GrantId);
      requireNoDryRun(DryRun);
      await manager.remove(grant);
      changed();
      return {};
    });
  }
}
