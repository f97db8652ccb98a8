/**
 * Thrown if a document isn't a valid policy (`INVALID`), or if the policy of a resource would grant public access
 * (`PUBLIC`).
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(
    readonly code: 'INVALID' | 'PUBLIC',
    message: string,
  ) {
    super(message);
  }
}
