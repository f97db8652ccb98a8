import type { TokenRequest, TokenResponse } from './token-protocol.js';
import { TokenError } from './token-error.js';
import { TokenModule } from './token-module.js';

// Main program of a process that serves one token: it responds to the service's calls, and ends with the service. If
// the module crashes or hangs, only this process is affected.

const module = new TokenModule();

process.on('message', ({ id, name, args }: TokenRequest) => {
  const call = module[name].bind(module) as (...args: unknown[]) => unknown;
  Promise.resolve(args)
    .then((args) => call(...args))
    .then(
      (result) => answer({ id, result }),
      (error: unknown) => answer({ id, failure: failureOf(error) }),
    );
});

// The service has closed the token, or was killed. A module that hangs in a thread would block a normal exit.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// A signal to the whole process group, such as Ctrl-C, is for the service, which still has calls to finish.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

function answer(response: TokenResponse): void {
  if (process.connected) process.send?.(response);
}

function failureOf(error: unknown): Pick<TokenError, 'code' | 'message'> {
  if (error instanceof TokenError) return { code: error.code, message: error.message };
  return { code: 'MODULE_FAILED', message: error instanceof Error ? error.name : 'The module failed' };
}
