import type { EntityManager } from 'typeorm';
import type { Authorized as Permission } from '../access/authorize.js';
import type { Principal } from '../call.js';
import { KmsAlias } from '../kms/aliases/kms-alias.entity.js';
import { KMS, SERVICE } from '../kms/api.js';
import { decideKey, grantFor, type KeyFacts, resourceOf } from '../kms/authorization/authorize.js';
import { grantsAllowing } from '../kms/grants/grant-cache.js';
import type { GrantedCall } from '../kms/grants/grant-scope.js';
import { KmsGrant } from '../kms/grants/kms-grant.entity.js';
import { KmsKey } from '../kms/keys/kms-key.entity.js';
import { knownOf } from '../kms/keys/kms-key.repository.js';
import type { KmsResource } from '../kms/operation.js';
import { decide } from '../policy/decision.js';
import type { AskedContext, ResourceKind, SimulatedService } from './simulated-service.js';

const KEY_OR_ALIAS = new RegExp(`^arn:aws:${SERVICE}:([a-z0-9-]+):(\\d{12}):((?:key|alias)/.+)$`);
const isKeyOrAlias = (resource: string) => KEY_OR_ALIAS.test(resource);

const RESOURCES: Record<KmsResource, ResourceKind> = {
  key: { isValid: isKeyOrAlias, description: 'the ARN of a KMS key or of an alias' },
  alias: { isValid: isKeyOrAlias, description: 'the ARN of an alias or of its KMS key' },
  nothing: { isValid: (resource) => resource === '*', description: '"*", because it has no resource' },
};

/** A permission with the policies that decide it. */
interface Simulated extends Permission {
  principal: Principal;
  /** Undefined if there is no key: only the principal's own policies decide. */
  key?: KeyFacts;
  grants: readonly KmsGrant[];
  granted: GrantedCall;
}

export const SIMULATED_KMS: SimulatedService<Simulated> = {
  api: KMS,
  actions: { ReEncrypt: ['ReEncryptFrom', 'ReEncryptTo'] },
  resources: RESOURCES,
  scopeOf(resource) {
    const [, region, accountId] = KEY_OR_ALIAS.exec(resource) ?? [];
    return region === undefined || accountId === undefined ? undefined : { region, accountId };
  },
  async authorized(reader, call, kind, resource, context) {
    const { principal, operation } = call;
    const encryptionContext = contextOf(context);
    const { arn, requestAlias, key } = await reader.once(`${kind} ${resource}`, async (manager) => {
      const found = await named(manager, kind, resource);
      const row = await manager.findOneBy(KmsKey, { arn: found.arn });
      return { ...found, key: row ? await knownOf(manager, row) : undefined };
    });
    const granted = { operation, encryptionContext, child: { Operations: valuesOf(context, 'kms:grantoperations') } };
    const hasGrants = await reader.once(`grants ${arn}`, (manager) => manager.existsBy(KmsGrant, { keyArn: arn }));
    const grantsOf = () =>
      operation === 'RetireGrant'
        ? reader.once(`all grants ${arn}`, (manager) => manager.findBy(KmsGrant, { keyArn: arn }))
        : grantsAllowing(reader.manager, arn, principal, granted);
    const grants = hasGrants ? await grantsOf() : [];
    return {
      ...resourceOf(call, { resource: arn, key, requestAlias, encryptionContext }),
      principal,
      key,
      grants,
      granted,
    };
  },
  decide(request, identity, { principal, key, grants, granted }) {
    if (!key) return decide(request, identity, undefined);
    const decision = decideKey(request, identity, key.policy);
    if (decision.allowed || decision.by !== undefined) return decision;
    const grant = grantFor(grants, principal, granted);
    return grant ? { allowed: true, by: { grantId: grant.grantId } } : decision;
  },
};

/** The key that an operation would find by an alias; any other resource is used as named. */
async function named(
  manager: EntityManager,
  kind: string,
  resource: string,
): Promise<{ arn: string; requestAlias?: string }> {
  const [, region = '', accountId = '', name = ''] = KEY_OR_ALIAS.exec(resource) ?? [];
  if (kind !== 'key' || !name.startsWith('alias/')) return { arn: resource };
  const alias = await manager.findOneBy(KmsAlias, { accountId, region, name });
  return { arn: alias?.keyArn ?? resource, requestAlias: name };
}

const ENCRYPTION_CONTEXT = 'kms:encryptioncontext:';

/** The encryption context that a simulated request states by condition keys; undefined for none. */
function contextOf(context: AskedContext): Record<string, string> | undefined {
  const pairs = Object.entries(context)
    .filter(([key]) => key.toLowerCase().startsWith(ENCRYPTION_CONTEXT))
    .map(([key, [value = '']]) => [key.slice(ENCRYPTION_CONTEXT.length), value]);
  return pairs.length > 0 ? (Object.fromEntries(pairs) as Record<string, string>) : undefined;
}

function valuesOf(context: AskedContext, name: string): readonly string[] {
  return Object.entries(context).find(([key]) => key.toLowerCase() === name)?.[1] ?? [];
}
