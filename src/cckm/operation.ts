import { authorize } from '../access/authorize.js';
import { pathPrefix } from '../http/api.js';
import { type Operation, registered, type Route } from '../http/operation.js';
import { CCKM } from './api.js';

/**
 * The kind of resource of an operation. For `key` and `store`, the KMS operations that it calls evaluate policies.
 * `self` is available to every signed-in user. `nothing` is for everything else: the caller needs the action
 * `cckm:<operation>` on `*`.
 */
export type CckmResource = 'key' | 'store' | 'self' | 'nothing';

const ERRORS = {
  400: 'NCERRInvalidParamValue, NCERRBadRequest',
  401: 'NCERRUnauthorizedAccess',
  403: 'NCERRForbidden',
  404: 'NCERRResourceNotFound',
  409: 'NCERRConflict, NCERRKeyAlreadyExists',
  429: 'NCERRBadRequest',
  500: 'NCERRInternalServerError',
};

interface CckmOperation extends Omit<Operation<CckmResource>, 'example'> {
  /** HTTP method, and path below /api/v1. */
  route: readonly [method: Route['method'], path: string];
  /** Arguments of curl after the URL. */
  example?: string;
  /** Path of the example, if it differs from the route. */
  examplePath?: string;
}

/** An operation of the CCKM API. */
export function CckmOperation({
  route: [method, path],
  example = '',
  examplePath = path,
  ...operation
}: CckmOperation): MethodDecorator {
  const { name, resource } = operation;
  const verb = method === 'GET' ? '' : ` -X ${method}`;
  const url = `http://127.0.0.1:8080${pathPrefix(CCKM)}${examplePath.replaceAll(/:(\w+)/g, (_, label: string) => `$${label.toUpperCase()}`)}`;
  const command = `curl "${url}"${verb} -H "Authorization: Bearer $TOKEN"${example && ` ${example}`}`;
  return registered(
    { ...operation, example, api: CCKM, command, errors: ERRORS },
    { method, path: `${pathPrefix(CCKM)}${path}` },
    (call) => {
      if (resource === 'nothing') authorize(call, { action: `${CCKM.name}:${name}`, resource: '*' });
      return undefined;
    },
  );
}
