import type { Call } from '../call.js';

/** Evaluates policies before an operation of an API runs. */
export interface Authorizer {
  /**
   * Evaluates policies for a call whose input is validated.
   *
   * @param resource the kind of resource that the operation names
   * @returns a promise only if something has to be looked up
   * @throws AccessDeniedException
   */
  authorize(call: Call, resource: string): Promise<void> | undefined;
}
