import type { EntityManager } from 'typeorm';
import type { Authorized } from '../access/authorize.js';
import type { Call, Scope } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { resourcesOf } from '../http/operation.js';
import type { Decision } from '../policy/decision.js';
import type { AccessRequest, Statements } from '../policy/policy.js';

/** A kind of resource that operations name in their decorators. */
export interface ResourceKind {
  isValid(resource: string): boolean;
  /** Completes "The resource of GetKey is …". */
  description: string;
}

/** Values of condition keys that a simulated request states, by name. */
export type AskedContext = Readonly<Record<string, readonly string[]>>;

/** The decision of a service: by its policies, or by a grant of the resource. */
export type SimulatedDecision = Decision | { allowed: true; by: { grantId: string } };

/** Reads from the database, each thing only once. */
export class Reader {
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(readonly manager: EntityManager) {}

  /** @param name identifies the read */
  once<T>(name: string, read: (manager: EntityManager) => Promise<T>): Promise<T> {
    const known = this.#known.get(name) ?? read(this.manager);
    this.#known.set(name, known);
    return known as Promise<T>;
  }
}

/**
 * A service whose decisions the policy simulator explains. Its controllers must be loaded: they register its
 * operations.
 */
export interface SimulatedService<T extends Authorized = Authorized> {
  /** Any of the service's APIs. */
  readonly api: Api;
  /** Actions of operations whose action doesn't have the operation's name. */
  readonly actions?: Readonly<Record<string, readonly string[]>>;
  /** Kinds of resources, by the names that the operations' decorators use. */
  readonly resources: Readonly<Record<string, ResourceKind>>;
  /**
   * Account and Region that a resource belongs to; undefined for `*` and for resources without an account and Region.
   */
  scopeOf(resource: string): Scope | undefined;
  /**
   * Returns the permission that a call would need.
   *
   * @param kind    kind of resource that the operation names
   * @param context values of condition keys, in place of the call's input
   */
  authorized(reader: Reader, call: Call, kind: string, resource: string, context: AskedContext): Promise<T>;
  /**
   * Decides a request as the service does.
   *
   * @param identity statements of the caller's policies; undefined for the root
   */
  decide(request: AccessRequest, identity: Statements | undefined, authorized: T): SimulatedDecision;
}

/** An action that policies can name. */
export interface Action {
  service: SimulatedService;
  operation: string;
  /** The kind of resource that the operation names. */
  kind: string;
}

/**
 * Finds an action by its name.
 *
 * @param name e.g. `payment-cryptography:GenerateMac`, in any case; without the service, all are searched
 * @throws ValidationException for an unknown action, and for a name that several services use
 */
export function findAction(services: readonly SimulatedService[], name: string): Action {
  const [, prefix, wanted] = /^(?:([a-z-]+):)?(\w+)$/.exec(name.toLowerCase()) ?? [];
  const found = services
    .filter(({ api }) => prefix === undefined || api.name === prefix)
    .flatMap((service) =>
      [...resourcesOf(service.api.name)]
        .flatMap(([operation, kind]) =>
          (service.actions?.[operation] ?? [operation]).map((action): [string, string] => [action, kind]),
        )
        .filter(([operation]) => operation.toLowerCase() === wanted)
        .map(([operation, kind]) => ({ service, operation, kind })),
    );
  const [action, ...others] = found;
  if (!action) throw new ValidationException(`There is no action ${name}. An action is e.g. kms:Encrypt.`);
  if (others.length > 0) {
    const actions = found.map(({ service, operation }) => `${service.api.name}:${operation}`);
    throw new ValidationException(`Several services have an action ${name}: name one of ${actions.join(', ')}.`);
  }
  return action;
}
