import type { Violation } from './api.js';

/** Input that doesn't fit the model. The API that is called words the message. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';

  /**
   * @param violations the first violations, at most MAX_FAULTS
   * @param count number of all violations
   */
  constructor(
    readonly violations: readonly Violation[],
    readonly count: number,
  ) {
    super('The input does not fit the model');
  }
}
