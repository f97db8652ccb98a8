import { Injectable } from '@nestjs/common';
import { type Call, scopeOf } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { Nothing } from '../../http/fields.js';
import { authorizeKey } from '../authorization/authorize.js';
import { requireNoDryRun } from '../exceptions.js';
import { type KmsIdentifier, kmsArn, parseKeyId } from '../keys/key-id.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { requireGrantId, unknownGrant } from './grant-rules.js';
import { GrantTokens, invalidGrantToken } from './grant-tokens.js';
import type { RetireGrantInput } from './grants.schema.js';
import { lockGrant } from './kms-grant.repository.js';

@Injectable()
export class RetireGrantOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly tokens: GrantTokens,
    private readonly changes: Changes,
  ) {}

  execute(call: Call, input: RetireGrantInput): Promise<Nothing> {
    const { named, grantId } = this.#grantOf(call, input);
    const keyArn = kmsArn(named);
    return this.changes.transaction(call, async (manager, changed) => {
      const grant = await lockGrant(manager, { keyArn, grantId });
      if (!grant && input.GrantToken !== undefined) throw invalidGrantToken();
      const key = await this.keys.read(call, manager, named);
      await authorizeKey(call, { resource: keyArn, key }, () => (grant ? [grant] : []));
      if (!grant) throw unknownGrant(grantId);
      requireNoDryRun(input.DryRun);
      await manager.remove(grant);
      changed(keyArn);
      return {};
    });
  }

  #grantOf(call: Call, { GrantToken, KeyId, GrantId }: RetireGrantInput): { named: KmsIdentifier; grantId: string } {
    if (GrantToken !== undefined) {
      const { keyArn, grantId } = this.tokens.read(GrantToken, scopeOf(call));
      return { named: parseKeyId(keyArn, scopeOf(call), false), grantId };
    }
    if (KeyId === undefined || GrantId === undefined)
      throw new ValidationException('Grant token OR (grant ID, key ID) must be specified');
    requireGrantId(GrantId);
    return { named: parseKeyId(KeyId, scopeOf(call), false), grantId: GrantId };
  }
}
