import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import { ThrottlingException } from '../errors/exceptions.js';
import { planeOf } from './request.js';
import { TokenBuckets } from './token-buckets.js';

/**
 * Lets a request pass while its account makes no more of them in its Region than the plane's rate. It stands behind the
 * signature: who can't sign uses up nothing.
 *
 * @param rates requests a second; a plane without one has no limit. The admin API counts as control plane
 */
export function rateLimitHook(rates: { control?: number; data?: number }): preHandlerHookHandler {
  const buckets = {
    control: rates.control === undefined ? undefined : new TokenBuckets(rates.control),
    data: rates.data === undefined ? undefined : new TokenBuckets(rates.data),
  };
  return (request: FastifyRequest, _reply, done) => {
    const { call } = request;
    const bucket = planeOf(request) === 'data' ? buckets.data : buckets.control;
    const allowed = !call || bucket?.take(`${call.principal.accountId}/${call.region}`) !== false;
    done(allowed ? undefined : new ThrottlingException());
  };
}
