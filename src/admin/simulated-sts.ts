import { decide } from '../policy/decision.js';
import { STS } from '../sts/api.js';
import type { SimulatedService } from './simulated-service.js';

export const SIMULATED_STS: SimulatedService = {
  api: STS,
  // GetCallerIdentity needs no permission.
  actions: { GetCallerIdentity: [] },
  resources: {
    role: {
      isValid: (resource) => /^arn:aws:iam::\d{12}:role\//.test(resource),
      description: 'the ARN of a role',
    },
  },
  scopeOf: () => undefined,
  authorized: (_manager, call, _kind, resource) =>
    Promise.resolve({ action: `${STS.name}:${call.operation}`, resource }),
  decide: (request, identity) => decide(request, identity, undefined),
};
