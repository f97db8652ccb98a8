import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requestOf } from '../access/authorize.js';
import { ACCOUNT_ID, PrincipalRepository } from '../access/principal.repository.js';
import { type Call, CallRecord, type Origin, type Principal } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import { SIMULATED_ADMIN } from './simulated-admin.js';
import { SIMULATED_CCKM } from './simulated-cckm.js';
import { SIMULATED_STS } from './simulated-sts.js';
import { SIMULATED_KMS } from './simulated-kms.js';
import { SIMULATED_PAYMENT } from './simulated-payment.js';
import { type AskedContext, findAction, type SimulatedService } from './simulated-service.js';

/** A hypothetical request. */
export interface Question {
  /** ARN of the root, a user, a role or the session of a role. */
  principal: string;
  /** e.g. `payment-cryptography:GenerateMac`, in any case; without the service where only one has such an action. */
  action: string;
  /** ARN, or `*` for an action without a resource. */
  resource: string;
  /** Values of condition keys. They take precedence over values that the simulator determines itself. */
  context: AskedContext;
}

/** The decision about a hypothetical request. */
export interface Explanation {
  allowed: boolean;
  /** A sentence or two. */
  reason: string;
  /** The statement that determined the decision, if any. */
  statement?: {
    /** Name of the policy, or the key's ARN for the policy of a key. */
    policy: string;
    /** Position of the statement in the policy, from 1. */
    number: number;
    sid?: string;
  };
  /** Id of the grant that allows it, if one does. */
  grantId?: string;
}

const SERVICES = [
  SIMULATED_PAYMENT,
  SIMULATED_KMS,
  SIMULATED_CCKM,
  SIMULATED_STS,
  SIMULATED_ADMIN,
] as readonly SimulatedService[];

/** Says that nothing allows a request, by the side whose Allow it lacks; completed by the action. */
const nothingAllows = {
  identity: (principal: string, resource: string) => `No policy of ${principal} or of ${resource} allows`,
  resource: (principal: string, resource: string) =>
    `Neither the policy of ${resource} nor a grant allows ${principal} or its account`,
};

/**
 * Predicts the decision about a request from the policies, tags, aliases and conditions that the request itself would
 * meet.
 */
@Injectable()
export class PolicySimulator {
  constructor(
    private readonly database: DataSource,
    private readonly principals: PrincipalRepository,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
  ) {}

  /**
   * @param origin origin of the hypothetical request
   * @param region Region that the request would be signed for, unless the resource's ARN names one
   * @throws ValidationException for an unknown action, or a resource that the action can't have
   * @throws ResourceNotFoundException if the principal doesn't exist
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
    const authorized = await service.authorized(this.database.manager, call, kind, resource, question.context);
    const request = requestOf(call, authorized);
    const context = new Map(Object.entries(question.context).map(([key, values]) => [key.toLowerCase(), values]));
    const asked = { ...request, context: (key: string) => context.get(key) ?? request.context(key) };
    const decision = service.decide(asked, principal.identity?.statements, authorized);
    const { allowed, by } = decision;
    if (by === undefined)
      return { allowed, reason: `${nothingAllows[decision.lacks](principal.arn, asked.resource)} ${asked.action}.` };
    if (by === 'root')
      return { allowed, reason: 'The root of the account needs no policy, and no policy of the key denies it.' };
    if ('grantId' in by)
      return { allowed, reason: `By grant ${by.grantId} of ${asked.resource}.`, grantId: by.grantId };
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
