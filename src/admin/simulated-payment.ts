import type { EntityManager } from 'typeorm';
import { CONTROL_PLANE, SERVICE } from '../payment/api.js';
import { type Authorized, resourceOf } from '../payment/authorization/authorize.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { accessOf } from '../payment/keys/key.repository.js';
import type { Resource } from '../payment/operation.js';
import { decide } from '../policy/decision.js';
import type { ResourceKind, SimulatedService } from './simulated-service.js';

const KEY_OR_ALIAS = new RegExp(`^arn:aws:${SERVICE}:([a-z0-9-]+):(\\d{12}):((?:key|alias)/.+)$`);
const isKeyOrAlias = (resource: string) => KEY_OR_ALIAS.test(resource);

const RESOURCES: Record<Resource, ResourceKind> = {
  key: { isValid: isKeyOrAlias, description: 'the ARN of a key or of an alias' },
  alias: { isValid: isKeyOrAlias, description: 'the ARN of an alias or of its key' },
  team: {
    isValid: (resource) => /^(?:\*|arn:.+)$/.test(resource),
    description: 'the ARN of a team, or "*" if there is none',
  },
  nothing: { isValid: (resource) => resource === '*', description: '"*", because it has no resource' },
};

export const SIMULATED_PAYMENT: SimulatedService = {
  api: CONTROL_PLANE,
  resources: RESOURCES,
  scopeOf(resource) {
    const [, region, accountId] = KEY_OR_ALIAS.exec(resource) ?? [];
    return region === undefined || accountId === undefined ? undefined : { region, accountId };
  },
  async authorized(reader, call, kind, resource) {
    const read = (manager: EntityManager) => authorized(manager, kind, resource);
    return resourceOf(call, await reader.once(`${kind} ${resource}`, read));
  },
  decide: (request, identity, { policy }) => decide(request, identity, policy),
};

/**
 * Reads the tags, aliases and policy of the key that a resource names. Operations on keys may name the key by an alias.
 */
async function authorized(manager: EntityManager, kind: string, resource: string): Promise<Authorized> {
  const [, region = '', accountId = '', name = ''] = KEY_OR_ALIAS.exec(resource) ?? [];
  if (name.startsWith('key/')) return { resource, key: await accessOf(manager, resource) };
  if (kind !== 'key') return { resource };
  const alias = await manager.findOneBy(Alias, { accountId, region, name });
  if (alias?.keyArn == null) return { resource, requestAlias: name };
  return { resource: alias.keyArn, key: await accessOf(manager, alias.keyArn), requestAlias: name };
}
