import type { Call } from '../call.js';
import type { Authorizer } from '../http/authorizer.js';
import { XksException } from './exceptions.js';
import type { PrefixPrincipal } from './prefix-principal.js';

/**
 * Keeps a credential to the prefix that it was created for. The answer doesn't depend on whether another prefix exists. The keys
 * of the prefix are checked where they are found, by XksKeys.
 */
export class PrefixAuthorizer implements Authorizer {
  /** @throws XksException InvalidUriPathException */
  authorize({ principal, record }: Call): undefined {
    const { prefix } = record.requestParameters as { prefix: string };
    if (prefix !== (principal as PrefixPrincipal).prefix)
      throw new XksException('InvalidUriPathException', 'The credential is for a different path.');
    return undefined;
  }
}
