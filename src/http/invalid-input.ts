import type { Violation } from './api.js';

/** Input that doesn't fit the model; the API that is called puts it into words. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  constructor(readonly violations: readonly Violation[]) {
    super('The input does not fit the model');
  }
}
