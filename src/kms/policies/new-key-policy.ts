import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { requestOf } from '../../access/authorize.js';
import { Callers } from '../../access/callers.js';
import type { Call } from '../../call.js';
import { decideByResource } from '../../policy/decision.js';
import { type KeyFacts, resourceOf } from '../authorization/authorize.js';
import { readNewKeyPolicy } from '../authorization/key-policies.js';
import { KmsException } from '../exceptions.js';

/** Checks a policy to be attached to a key. */
@Injectable()
export class NewKeyPolicy {
  constructor(private readonly callers: Callers) {}

  /**
   * @param facts the key with its new policy
   * @param isBypassed true to skip the lockout check
   * @param manager    of the transaction that changes the key
   * @throws KmsException MalformedPolicyDocumentException for a policy that names unknown principals, or that would
   *   prevent the caller from replacing it; LimitExceededException for one that is too long
   * @throws PolicyError for one that isn't in the policy language
   */
  async check(call: Call, facts: Omit<KeyFacts, 'policy'>, isBypassed = false, manager?: EntityManager): Promise<void> {
    const { key } = facts;
    const { statements, principals } = readNewKeyPolicy(key.arn, key.policy);
    if ((await this.callers.unknown(principals, manager)).length > 0)
      throw malformed('Policy contains a statement with one or more invalid principals.');
    if (isBypassed) return;
    const withPolicy = { ...facts, policy: statements };
    const authorized = resourceOf(call, { resource: key.arn, key: withPolicy, operation: 'PutKeyPolicy' });
    const decision = decideByResource(requestOf(call, authorized), call.principal.identity?.statements, statements);
    if (!decision.allowed)
      throw malformed('The new key policy will not allow you to update the key policy in the future.');
  }
}

function malformed(message: string): KmsException {
  return new KmsException('MalformedPolicyDocumentException', message);
}
