import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Authorized, requestOf } from '../access/authorize.js';
import { ACCOUNT_ID, PrincipalRepository } from '../access/principal.repository.js';
import { type Call, CallRecord, type Origin, type Principal } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import { type Authorized as KeyAuthorized, resourceOf } from '../payment/authorization/authorize.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { accessOf } from '../payment/keys/key.repository.js';
import { OPERATION_RESOURCES } from '../payment/operation-authorizer.js';
import { decide } from '../policy/decision.js';
import { ADMIN_OPERATION_RESOURCES } from './admin-operations.js';

/** What would be asked of policies. */
export interface Question {
  /** ARN of the root, a user, a role or the session of a role. */
  principal: string;
  /** e.g. `GenerateMac` or `payment-cryptography:GenerateMac`, in any case. */
  action: string;
  /** ARN, or `*` for what is about no resource. */
  resource: string;
  /** What the request says: values of condition keys, which stand in place of what is known without it. */
  context: Readonly<Record<string, readonly string[]>>;
}

/** What would be decided. */
export interface Explanation {
  allowed: boolean;
  /** A sentence or two. */
  reason: string;
  /** The statement that decides it, where one does. */
  statement?: {
    /** What the policy is called: a key's, by the ARN of the key. */
    policy: string;
    /** From 1. */
    number: number;
    sid?: string;
  };
}

/** What every operation is about. */
const RESOURCES = { ...OPERATION_RESOURCES, ...ADMIN_OPERATION_RESOURCES };

type OperationName = keyof typeof RESOURCES;

const KEY_OR_ALIAS = /^arn:aws:payment-cryptography:([a-z0-9-]+):(\d{12}):((?:key|alias)\/.+)$/;

/** Says what would be decided of a request, as it would be: of the same policies, tags, aliases and conditions. */
@Injectable()
export class PolicySimulator {
  constructor(
    private readonly database: DataSource,
    private readonly principals: PrincipalRepository,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /**
   * @param origin where the request would come from
   * @param region that it would be signed for, where the resource doesn't say
   * @throws ValidationException for an action nobody knows or a resource that it isn't about
   * @throws ResourceNotFoundException for the principal
   */
  async explain(question: Question, origin: Origin, region: string): Promise<Explanation> {
    const operation = operationOf(question.action);
    checkResource(operation, question.resource);
    const principal = await this.#principal(question.principal);
    const [, keyRegion = region, owner = this.accountId] = KEY_OR_ALIAS.exec(question.resource) ?? [];
    if (owner !== this.accountId) return { allowed: false, reason: `The service keeps no keys of account ${owner}.` };

    const record = new CallRecord();
    const call: Call = { requestId: '', plane: 'admin', operation, principal, region: keyRegion, origin, record };
    const about = await this.#authorized(call, operation, question.resource);
    const request = requestOf(call, about);
    const context = new Map(Object.entries(question.context).map(([key, values]) => [key.toLowerCase(), values]));
    const asked = { ...request, context: (key: string) => context.get(key) ?? request.context(key) };
    const decision = decide(asked, principal.identity?.statements, about.policy);
    const { allowed, by } = decision;
    if (by === undefined)
      return { allowed, reason: `No policy of ${principal.arn} or of ${asked.resource} allows ${asked.action}.` };
    if (by === 'root')
      return { allowed, reason: 'The root of the account needs no policy, and no policy of the key denies it.' };
    const statement = { policy: by.policy, number: by.index + 1, sid: by.sid };
    const sid = by.sid === undefined ? '' : ` (${by.sid})`;
    return {
      allowed,
      reason: `By ${by.effect} in policy ${by.policy}, statement ${statement.number}${sid}.`,
      statement,
    };
  }

  async #principal(arn: string): Promise<Principal> {
    if (arn !== `arn:aws:iam::${this.accountId}:root`) return this.principals.principal(arn);
    return { arn, principalArn: arn, accountId: this.accountId, accessKeyId: '' };
  }

  async #authorized(call: Call, operation: OperationName, resource: string): Promise<Authorized> {
    if (Object.hasOwn(ADMIN_OPERATION_RESOURCES, operation)) return { action: `keyblock:${operation}`, resource };
    return resourceOf(call, await this.#keyAuthorized(operation, resource));
  }

  /** A key counts with its tags, aliases and policy; an operation that is about keys knows one by its alias, too. */
  async #keyAuthorized(operation: OperationName, resource: string): Promise<KeyAuthorized> {
    const { manager } = this.database;
    const [, region = '', accountId = '', name = ''] = KEY_OR_ALIAS.exec(resource) ?? [];
    if (name.startsWith('key/')) return { resource, key: await accessOf(manager, resource) };
    if (RESOURCES[operation] !== 'key') return { resource };
    const alias = await manager.findOneBy(Alias, { accountId, region, name });
    if (alias?.keyArn == null) return { resource, requestAlias: name };
    return { resource: alias.keyArn, key: await accessOf(manager, alias.keyArn), requestAlias: name };
  }
}

/** Case doesn't count; without a service, both are looked at. */
function operationOf(action: string): OperationName {
  const [, service, name = ''] = /^(?:(payment-cryptography|keyblock):)?(\w+)$/.exec(action.toLowerCase()) ?? [];
  const among = { 'payment-cryptography': OPERATION_RESOURCES, keyblock: ADMIN_OPERATION_RESOURCES, '': RESOURCES };
  const names = Object.keys(among[(service ?? '') as keyof typeof among]) as OperationName[];
  const found = names.find((operation) => operation.toLowerCase() === name);
  if (!found) throw new ValidationException(`There is no action ${action}. An action is e.g. GenerateMac.`);
  return found;
}

/** The service would never ask about another. */
function checkResource(operation: OperationName, resource: string): void {
  const about = {
    key: { isRight: KEY_OR_ALIAS.test(resource), must: 'the ARN of a key or of an alias' },
    alias: { isRight: KEY_OR_ALIAS.test(resource), must: 'the ARN of an alias or of its key' },
    nothing: { isRight: resource === '*', must: '"*", for it is about no resource' },
    team: { isRight: /^(?:\*|arn:.+)$/.test(resource), must: 'the ARN of a team, or "*" where there is none' },
    principal: { isRight: /^arn:aws:(?:iam|sts):/.test(resource), must: 'the ARN of a user or a role' },
  };
  const { isRight, must } = about[RESOURCES[operation]];
  if (!isRight) throw new ValidationException(`The resource of ${operation} is ${must}.`);
}
