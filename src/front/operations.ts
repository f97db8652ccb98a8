import type { Type } from '@nestjs/common';
import type { Api } from '../http/api.js';
import type { Authorizer } from '../http/authorizer.js';
import { OPERATIONS } from '../http/operation.js';
import type { ServedOperation } from './routes.js';

/**
 * Binds the registered operations to the instances of their controllers.
 *
 * @param instanceOf  returns Nest's instance of a controller
 * @param authorizers by API; an API whose operations evaluate policies themselves needs none
 * @throws Error if nothing would evaluate policies for an operation
 */
export function servedOperations(
  instanceOf: (controller: Type<object>) => object,
  authorizers: ReadonlyMap<Api, Authorizer>,
): ServedOperation[] {
  return OPERATIONS.map(({ prototype, method, route, document, parameters, authorize }) => {
    const { api, name, resource, status = 200 } = document;
    const controller = instanceOf(prototype.constructor as Type<object>) as Record<
      string | symbol,
      ServedOperation['execute']
    >;
    const execute = controller[method]?.bind(controller);
    const authorizer = authorizers.get(api);
    if (!execute || (!authorize && !authorizer)) throw new Error(`No authorizer for ${name} of ${api.name}`);
    return {
      api,
      name,
      status,
      route,
      parameters,
      execute,
      authorize: (call, inputs) => (authorize ? authorize(call, inputs) : authorizer?.authorize(call, resource)),
    };
  });
}
