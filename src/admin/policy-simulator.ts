import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requestOf } from '../access/authorize.js';
import { ACCOUNT_ID, PrincipalRepository } from '../access/principal.repository.js';
import { type Call, CallRecord, type Origin, type Principal } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import { decide } from '../policy/decision.js';
import { SIMULATED_ADMIN } from './simulated-admin.js';
import { SIMULATED_PAYMENT } from './simulated-payment.js';
import { findAction } from './simulated-service.js';

/** A hypothetical request. */
export interface Question {
  /** ARN of the root, a user, a role or the session of a role. */
  principal: string;
  /** e.g. `GenerateMac` or `payment-cryptography:GenerateMac`, in any case. */
  action: string;
  /** ARN, or `*` for an action without a resource. */
  resource: string;
  /** Values of condition keys, which take precedence over the ones that are known without them. */
  context: Readonly<Record<string, readonly string[]>>;
}

/** The decision about a hypothetical request. */
export interface Explanation {
  allowed: boolean;
  /** A sentence or two. */
  reason: string;
  /** The statement that decides it, if one does. */
  statement?: {
    /** Name of the policy; ARN of the key for a key's. */
    policy: string;
    /** From 1. */
    number: number;
    sid?: string;
  };
}

const SERVICES = [SIMULATED_PAYMENT, SIMULATED_ADMIN];

/** Predicts the decision about a request from the policies, tags, aliases and conditions that the request itself would meet. */
@Injectable()
export class PolicySimulator {
  constructor(
    private readonly database: DataSource,
    private readonly principals: PrincipalRepository,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /**
   * @param origin of the hypothetical request
   * @param region it would be signed for, unless the resource states one
   * @throws ValidationException for an unknown action, or a resource that the action can't have
   * @throws ResourceNotFoundException for the principal
   */
  async explain(question: Question, origin: Origin, region: string): Promise<Explanation> {
    const { resource } = question;
    const { service, operation, kind } = findAction(SERVICES, question.action);
    const expected = service.resources[kind];
    if (!expected?.isValid(resource))
      throw new ValidationException(`The resource of ${operation} is ${expected?.description}.`);
    const principal = await this.#principal(question.principal);
    const scope = service.scopeOf(resource) ?? { accountId: this.accountId, region };
    if (scope.accountId !== this.accountId)
      return { allowed: false, reason: `The service keeps no keys of account ${scope.accountId}.` };

    const call: Call = {
      requestId: '',
      api: service.api,
      operation,
      principal,
      region: scope.region,
      origin,
      record: new CallRecord(),
    };
    const authorized = await service.authorized(this.database.manager, call, kind, resource);
    const request = requestOf(call, authorized);
    const context = new Map(Object.entries(question.context).map(([key, values]) => [key.toLowerCase(), values]));
    const asked = { ...request, context: (key: string) => context.get(key) ?? request.context(key) };
    const { allowed, by } = decide(asked, principal.identity?.statements, authorized.policy);
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
}
