import type { Call } from '../../call.js';
import { AccessDeniedException } from '../../errors/exceptions.js';
import { authorize } from '../../payment/authorization/authorize.js';
import { HostError } from '../host-error.js';

/**
 * Authorizes a command on a variant LMK as the AWS operation that it corresponds to.
 *
 * @param operation the call's by default
 * @throws HostError 29
 */
export function authorizeLmk(call: Call, resource: string, operation = call.operation): void {
  try {
    authorize(call, { resource, operation });
  } catch (error) {
    if (error instanceof AccessDeniedException) throw new HostError('29', error.message);
    throw error;
  }
}
