import { ValidationException } from '../../errors/exceptions.js';

/** Working keys that come with a call are not served yet. @throws ValidationException where there is one */
export function refuseWrappedKey(wrappedKey: unknown): void {
  if (wrappedKey !== undefined)
    throw new ValidationException('WrappedKey is not served by this version of Keyblock: use a stored key.');
}
