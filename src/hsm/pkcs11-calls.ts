import { TokenError, type TokenFault } from './token-error.js';

/** Runs a call of a module, and throws its error as a TokenError. */
export function pkcs11<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw tokenError(error);
  }
}

/** Does the same as `pkcs11` for a call that runs in a thread. */
export async function pkcs11Async<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw tokenError(error);
  }
}

/** Runs a call of a module. @throws TokenError with this code */
export function attempt(code: TokenFault, failure: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    throw new TokenError(code, `${failure}: ${messageOf(error)}`);
  }
}

/** Returns the name of the return value in an error of the addon. */
function tokenError(error: unknown): unknown {
  if (error instanceof TokenError) return error;
  const message = messageOf(error);
  // The addon has no names for codes of newer versions and vendor-defined codes.
  const name = /\bCKR_\w+(?::\d+)?/.exec(message)?.[0];
  if (name === undefined) return new TokenError('MODULE_FAILED', `The module failed: ${message}`);
  const method = (error as { method?: string }).method;
  const code = name.replace(/:\d+$/, '') as `CKR_${string}`;
  return new TokenError(code, `The token answered ${name}${method ? ` to ${method}` : ''}.`);
}

/** Returns the first line of an error's message. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
