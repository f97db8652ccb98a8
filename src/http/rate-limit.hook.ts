import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import { ThrottlingException } from '../errors/exceptions.js';
import type { Api } from './api.js';
import { TokenBuckets } from './token-buckets.js';

/**
 * Refuses requests of an account in a Region beyond the rate of their API. It runs after the signature is verified, so that
 * requests without a valid one use up nothing.
 *
 * @param rates requests a second; undefined for no limit
 */
export function rateLimitHook(rates: Record<Api['rate'], number | undefined>): preHandlerHookHandler {
  const buckets = { controlPlane: bucketsOf(rates.controlPlane), dataPlane: bucketsOf(rates.dataPlane) };
  return (request: FastifyRequest, _reply, done) => {
    const { call } = request;
    const allowed = !call || buckets[call.api.rate]?.take(`${call.principal.accountId}/${call.region}`) !== false;
    done(allowed ? undefined : new ThrottlingException());
  };
}

function bucketsOf(perSecond: number | undefined): TokenBuckets | undefined {
  return perSecond === undefined ? undefined : new TokenBuckets(perSecond);
}
