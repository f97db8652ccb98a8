/** A document is no policy (`INVALID`), or the policy of a resource would let anyone in (`PUBLIC`). */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(
    readonly code: 'INVALID' | 'PUBLIC',
    message: string,
  ) {
    super(message);
  }
}
