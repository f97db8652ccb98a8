import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import { ThrottlingException } from '../errors/exceptions.js';
import { type Plane, planeOf } from './request.js';
import { TokenBuckets } from './token-buckets.js';

/**
 * Lets a request pass while its account makes no more of them in its Region than the plane's rate. It stands behind the
 * signature: who can't sign uses up nothing.
 *
 * @param rates requests a second; a plane without one has no limit
 */
export function rateLimitHook(rates: Partial<Record<Plane, number>>): preHandlerHookHandler {
  const buckets = {
    control: rates.control === undefined ? undefined : new TokenBuckets(rates.control),
    data: rates.data === undefined ? undefined : new TokenBuckets(rates.data),
  };
  return (request: FastifyRequest, _reply, done) => {
    const { call } = request;
    const allowed = !call || buckets[planeOf(request)]?.take(`${call.principal.accountId}/${call.region}`) !== false;
    done(allowed ? undefined : new ThrottlingException());
  };
}
