import { AccessDeniedException, ResourceNotFoundException, ValidationException } from '../../errors/exceptions.js';
import { HostError, type HostErrorCode } from '../host-error.js';

/**
 * Looks up a stored key, and converts exceptions to HostErrors.
 *
 * @param code error for a key that doesn't exist or isn't enabled
 * @param name the host's name for the key
 */
export function lookUp<T>(find: () => T | Promise<T>, code: HostErrorCode, name: string): T | Promise<T> {
  const refuse = (error: unknown): never => {
    if (error instanceof AccessDeniedException) throw new HostError('29', error.message);
    if (error instanceof ResourceNotFoundException) throw new HostError(code, `${name} names a key that doesn't exist`);
    if (error instanceof ValidationException) throw new HostError(code, `${name}: ${error.message}`);
    throw error;
  };
  try {
    const found = find();
    return found instanceof Promise ? found.catch(refuse) : found;
  } catch (error) {
    return refuse(error);
  }
}
