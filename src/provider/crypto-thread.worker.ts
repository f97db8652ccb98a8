import { parentPort } from 'node:worker_threads';
import { CryptoError } from '../crypto/errors.js';
import { COMPUTATIONS } from './computations.js';
import { buffersOf, type Request, type Response, transferable, zeroize } from './crypto-thread.messages.js';

/* The thread of CryptoThread: runs the computations that it receives, in order. */
parentPort?.on('message', (request: Request) => {
  const response = respond(buffersOf(request));
  const { message, transfer } = transferable(response);
  zeroize(response);
  parentPort?.postMessage(message, transfer);
});

function respond({ id, name, args }: Request): Response {
  const compute = COMPUTATIONS[name] as (...args: readonly unknown[]) => unknown;
  try {
    return { id, result: compute(...args) };
  } catch (error) {
    if (error instanceof CryptoError) return { id, refusal: { code: error.code, message: error.message } };
    return { id, failure: String(error) };
  }
}
