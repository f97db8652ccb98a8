import { decide } from '../policy/decision.js';
import { ADMIN } from './api.js';
import type { SimulatedService } from './simulated-service.js';

export const SIMULATED_ADMIN: SimulatedService = {
  api: ADMIN,
  // GetIdentity isn't subject to policies.
  actions: { GetIdentity: [] },
  resources: {
    principal: {
      isValid: (resource) => /^arn:aws:(?:iam|sts):/.test(resource),
      description: 'the ARN of a user or a role',
    },
    key: {
      isValid: (resource) => /^arn:aws:payment-cryptography:[^:]+:\d{12}:key\//.test(resource),
      description: 'the ARN of a payment key',
    },
    team: {
      isValid: (resource) => /^arn:aws:mpa:[^:]+:\d{12}:approval-team\//.test(resource),
      description: 'the ARN of an approval team',
    },
    nothing: { isValid: (resource) => resource === '*', description: '"*", because it has no resource' },
  },
  scopeOf: () => undefined,
  authorized: (_reader, call, _kind, resource) =>
    Promise.resolve({ action: `${ADMIN.name}:${call.operation}`, resource }),
  decide: (request, identity) => decide(request, identity, undefined),
};
