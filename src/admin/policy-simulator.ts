import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { requestOf } from '../access/authorize.js';
import { Callers } from '../access/callers.js';
import { ACCOUNT_ID } from '../access/principal.repository.js';
import { type Call, CallRecord, type Origin, type Principal } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import { resourcesOf } from '../http/operation.js';
import type { Statement } from '../policy/policy.js';
import { SIMULATED_ADMIN } from './simulated-admin.js';
import { SIMULATED_CCKM } from './simulated-cckm.js';
import { SIMULATED_STS } from './simulated-sts.js';
import { SIMULATED_KMS } from './simulated-kms.js';
import { SIMULATED_PAYMENT } from './simulated-payment.js';
import { type AskedContext, findAction, Reader, type SimulatedService } from './simulated-service.js';

/** A hypothetical request. */
export interface Question {
  /** ARN of the root, a user, a role or the session of a role. */
  principal: string;
  /**
   * e.g. `payment-cryptography:GenerateMac`, case-insensitive; the service is optional if only one has such an action.
   */
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
  /** Id of the grant that allows it, if any. */
  grantId?: string;
  /** The statements of all policies that apply, up to MAX_CONSIDERED. */
  considered: { statement: Statement; failedOn?: string }[];
}

/** The actions on a key that one statement or grant allows a principal, or that the root has. */
export interface KeyAccessFound extends Pick<Explanation, 'statement' | 'grantId'> {
  arn: string;
  /** e.g. `payment-cryptography:GenerateMac` */
  actions: string[];
}

const MAX_CONSIDERED = 500;
/** Limits on the users, roles and time of a key's explanation. */
const MAX_PRINCIPALS = 500;
const MAX_MS = 2000;

const SERVICES = [
  SIMULATED_PAYMENT,
  SIMULATED_KMS,
  SIMULATED_CCKM,
  SIMULATED_STS,
  SIMULATED_ADMIN,
] as readonly SimulatedService[];

/** Reasons why a request isn't allowed, by the side whose Allow is missing; the action completes the sentence. */
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
    private readonly callers: Callers,
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
      return { allowed: false, reason: `The service keeps no keys of account ${scope.accountId}.`, considered: [] };

    const reader = new Reader(this.database.manager);
    const call = callOf(service, operation, principal, { region: scope.region, origin });
    const authorized = await service.authorized(reader, call, kind, resource, question.context);
    const request = requestOf(call, authorized);
    const context = new Map(Object.entries(question.context).map(([key, values]) => [key.toLowerCase(), values]));
    const asked = { ...request, context: (key: string) => context.get(key) ?? request.context(key) };
    const decision = service.decide(asked, principal.identity?.statements, authorized);
    const considered = [principal.identity?.statements, authorized.policy]
      .flatMap((statements) => statements?.consider(asked) ?? [])
      .slice(0, MAX_CONSIDERED);
    const { allowed, by } = decision;
    if (by === undefined)
      return {
        allowed,
        considered,
        reason: `${nothingAllows[decision.lacks](principal.arn, asked.resource)} ${asked.action}.`,
      };
    if (by === 'root')
      return {
        allowed,
        considered,
        reason: 'The root of the account needs no policy, and no policy of the key denies it.',
      };
    if ('grantId' in by)
      return { allowed, considered, reason: `By grant ${by.grantId} of ${asked.resource}.`, grantId: by.grantId };
    const statement = deciding(by);
    const sid = by.sid === undefined ? '' : ` (${by.sid})`;
    return {
      allowed,
      reason: `By ${by.effect} in policy ${by.policy}, statement ${statement.number}${sid}.`,
      statement,
      considered,
    };
  }

  /**
   * Explains the permissions of principals on a key.
   *
   * @param arn    of a key of Payment Cryptography or KMS; it need not exist
   * @param origin origin of the hypothetical requests
   * @throws ValidationException for any other ARN
   */
  async explainKey(arn: string, origin: Origin): Promise<{ found: KeyAccessFound[]; isTruncated: boolean }> {
    const service = SERVICES.find((each) => arn.includes(':key/') && each.scopeOf(arn) !== undefined);
    const scope = service?.scopeOf(arn);
    if (!service || !scope)
      throw new ValidationException('The resource is the ARN of a key of Payment Cryptography or KMS.');
    if (scope.accountId !== this.accountId) return { found: [], isTruncated: false };
    const deadlineMs = performance.now() + MAX_MS;
    const callers = await this.callers.first(MAX_PRINCIPALS + 1);
    const root = await this.#principal(`arn:aws:iam::${this.accountId}:root`);
    const reader = new Reader(this.database.manager);
    const found: KeyAccessFound[] = [];
    for (const principal of [root, ...callers.slice(0, MAX_PRINCIPALS)]) {
      if (performance.now() > deadlineMs) return { found, isTruncated: true };
      found.push(...(await accessOf(service, reader, principal, arn, { region: scope.region, origin })));
      // Yields to other requests between two principals.
      await setImmediate();
    }
    return { found, isTruncated: callers.length > MAX_PRINCIPALS };
  }

  async #principal(arn: string): Promise<Principal> {
    if (arn !== `arn:aws:iam::${this.accountId}:root`) return this.callers.get(arn);
    return { arn, principalArn: arn, accountId: this.accountId, accessKeyId: '' };
  }
}

/** Returns the actions that a principal may perform on a key, by the statement or grant that allows them. */
async function accessOf(
  service: SimulatedService,
  reader: Reader,
  principal: Principal,
  arn: string,
  from: Pick<Call, 'region' | 'origin'>,
): Promise<KeyAccessFound[]> {
  const found = new Map<unknown, KeyAccessFound>();
  for (const [operation, kind] of keyActions(service)) {
    const call = callOf(service, operation, principal, from);
    const authorized = await service.authorized(reader, call, kind, arn, {});
    const decision = service.decide(requestOf(call, authorized), principal.identity?.statements, authorized);
    if (!decision.allowed) continue;
    const { by } = decision;
    const isGrant = by !== 'root' && 'grantId' in by;
    const access = found.get(isGrant ? by.grantId : by) ?? {
      arn: principal.arn,
      actions: [],
      statement: by === 'root' || isGrant ? undefined : deciding(by),
      grantId: isGrant ? by.grantId : undefined,
    };
    access.actions.push(authorized.action);
    found.set(isGrant ? by.grantId : by, access);
  }
  return [...found.values()];
}

/** The actions of a service that concern a key. */
function keyActions({ api, actions }: SimulatedService): [action: string, kind: string][] {
  return [...resourcesOf(api.name)]
    .filter(([, kind]) => kind === 'key')
    .flatMap(([operation, kind]) =>
      (actions?.[operation] ?? [operation]).map((action): [string, string] => [action, kind]),
    );
}

function callOf(
  { api }: SimulatedService,
  operation: string,
  principal: Principal,
  { region, origin }: Pick<Call, 'region' | 'origin'>,
): Call {
  return { requestId: '', api, operation, principal, region, origin, record: new CallRecord() };
}

function deciding({ policy, index, sid }: Statement): { policy: string; number: number; sid?: string } {
  return { policy, number: index + 1, sid };
}
