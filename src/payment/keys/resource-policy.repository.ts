import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Call } from '../../call.js';
import { ResourceNotFoundException } from '../../errors/exceptions.js';
import { Changes } from '../../changes/changes.js';
import { removeRows } from '../../provider/changed-rows.js';
import { KEY_POLICIES } from '../authorization/key-policies.js';
import { requireNotDeleted } from './key-life-cycle.js';
import { KeyRepository } from './key.repository.js';
import { requireNotReplica } from './multi-region.js';
import { ResourcePolicy } from './resource-policy.entity.js';

/**
 * The resource policies of keys. Every method throws ResourceNotFoundException or AccessDeniedException for a key that
 * the call can't use.
 */
@Injectable()
export class ResourcePolicyRepository {
  constructor(
    private readonly database: DataSource,
    private readonly keys: KeyRepository,
    private readonly changes: Changes,
  ) {}

  /**
   * Sets or replaces the policy of a key.
   *
   * @throws ValidationException for a replica
   * @throws PolicyError for an invalid policy, and for one that allows access to anyone
   */
  async put(call: Call, keyArn: string, policy: string): Promise<void> {
    await this.changes.transaction(call, async (manager, changed) => {
      const key = await this.keys.lock(call, manager, keyArn, 'pessimistic_write');
      requireNotReplica(key);
      requireNotDeleted(key);
      KEY_POLICIES.check(policy, keyArn);
      await manager.save(ResourcePolicy, { keyArn, policy });
      changed(keyArn);
    });
  }

  /** Returns the policy of a key. @throws ResourceNotFoundException if the key has none */
  async get(call: Call, keyArn: string): Promise<string> {
    await this.keys.get(call, keyArn);
    const found = await this.database.manager.findOneBy(ResourcePolicy, { keyArn });
    if (!found) throw new ResourceNotFoundException(keyArn);
    return found.policy;
  }

  /** Deletes the policy of a key in any state. */
  async remove(call: Call, keyArn: string): Promise<void> {
    await this.changes.transaction(call, async (manager, changed) => {
      await this.keys.lock(call, manager, keyArn, 'pessimistic_write');
      const removed = await removeRows(manager, ResourcePolicy, { keyArn });
      if (removed === 0) throw new ResourceNotFoundException(keyArn);
      changed(keyArn);
    });
  }
}
