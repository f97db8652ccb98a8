import { CCKM } from '../cckm/api.js';
import { resourcesOf } from '../http/operation.js';
import { decide } from '../policy/decision.js';
import type { SimulatedService } from './simulated-service.js';

const NO_RESOURCE = { isValid: (resource: string) => resource === '*', description: '"*", because it has no resource' };

/** Actions of CCKM. The effect of its operations on keys is authorized by KMS actions. */
export const SIMULATED_CCKM: SimulatedService = {
  api: CCKM,
  get actions() {
    const others = [...resourcesOf(CCKM.name)].filter(([, kind]) => kind !== 'nothing');
    return Object.fromEntries(others.map(([operation]) => [operation, []]));
  },
  resources: { nothing: NO_RESOURCE },
  scopeOf: () => undefined,
  authorized: (_reader, call, _kind, resource) =>
    Promise.resolve({ action: `${CCKM.name}:${call.operation}`, resource }),
  decide: (request, identity) => decide(request, identity, undefined),
};
