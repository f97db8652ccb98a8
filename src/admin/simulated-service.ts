import type { EntityManager } from 'typeorm';
import type { Authorized } from '../access/authorize.js';
import type { Call, Scope } from '../call.js';
import { ValidationException } from '../errors/exceptions.js';
import type { Api } from '../http/api.js';
import { resourcesOf } from '../http/operation.js';

/** A kind of resource that operations state. */
export interface ResourceKind {
  isValid(resource: string): boolean;
  /** Completes "The resource of GetKey is …". */
  description: string;
}

/** A service whose decisions the policy simulator explains. Its controllers must be loaded: they register its operations. */
export interface SimulatedService {
  /** One of its APIs. */
  readonly api: Api;
  /** By the names that its operations state as their resource. */
  readonly resources: Readonly<Record<string, ResourceKind>>;
  /** Account and Region that a resource belongs to; undefined for `*` and resources without. */
  scopeOf(resource: string): Scope | undefined;
  /** The requests that policies would decide for a call. @param kind the resource that the operation states */
  authorized(manager: EntityManager, call: Call, kind: string, resource: string): Promise<Authorized>;
}

/** An action that policies can name. */
export interface Action {
  service: SimulatedService;
  operation: string;
  /** The resource that the operation states. */
  kind: string;
}

/**
 * Finds an action by its name.
 *
 * @param name `GenerateMac` or `payment-cryptography:GenerateMac`, in any case; without a service, all are searched
 * @throws ValidationException for an unknown action, and for one of several services
 */
export function findAction(services: readonly SimulatedService[], name: string): Action {
  const [, prefix, wanted] = /^(?:([a-z-]+):)?(\w+)$/.exec(name.toLowerCase()) ?? [];
  const found = services
    .filter(({ api }) => prefix === undefined || api.name === prefix)
    .flatMap((service) =>
      [...resourcesOf(service.api.name)]
        .filter(([operation]) => operation.toLowerCase() === wanted)
        .map(([operation, kind]) => ({ service, operation, kind })),
    );
  const [action, ...others] = found;
  if (!action) throw new ValidationException(`There is no action ${name}. An action is e.g. GenerateMac.`);
  if (others.length > 0) {
    const actions = found.map(({ service, operation }) => `${service.api.name}:${operation}`);
    throw new ValidationException(`Several services have an action ${name}: name one of ${actions.join(', ')}.`);
  }
  return action;
}
