import { Socket } from 'node:net';
import { CHANNEL_FD, TokenChannel } from './token-channel.js';
import type { TokenRequest, TokenResponse } from './token-protocol.js';
import { TokenError } from './token-error.js';
import { TokenModule } from './token-module.js';

// Main program of a process that serves one token: it responds to the service's calls, and ends with the service. If
// the module crashes or hangs, only this process is affected.

const module = new TokenModule();

const channel = new TokenChannel<TokenResponse, TokenRequest>(new Socket({ fd: CHANNEL_FD }), {
  received: ({ id, name, args }) => {
    const call = module[name].bind(module) as (...args: unknown[]) => unknown;
    Promise.resolve(args)
      .then((args) => call(...args))
      .then(
        (result) => channel.send({ id, result }),
        (error: unknown) => channel.send({ id, failure: failureOf(error) }),
      );
  },
  // The service has closed the token, or was killed. A module that hangs in a thread would block a normal exit.
  closed: () => process.kill(process.pid, 'SIGKILL'),
});

// A signal to the whole process group, such as Ctrl-C, is for the service, which still has calls to finish.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

function failureOf(error: unknown): Pick<TokenError, 'code' | 'message'> {
  if (error instanceof TokenError) return { code: error.code, message: error.message };
  return { code: 'MODULE_FAILED', message: error instanceof Error ? error.name : 'The module failed' };
}
