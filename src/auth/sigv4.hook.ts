import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import type { Clock } from '../clock.js';
import type { Credential } from './credentials.js';
import type { SigV4Verifier } from './sigv4.js';

const NO_BODY = Buffer.alloc(0);

/**
 * Lets a request pass when its signature is right, and notes who calls. It stands before every route of the server, those
 * outside Nest too; a route that needs no signature says so.
 */
export function sigV4Hook(verifier: SigV4Verifier<Credential>, region: string, clock: Clock): preHandlerHookHandler {
  return (request: FastifyRequest, _reply, done) => {
    if (request.routeOptions.config.public || request.is404) {
      done();
      return;
    }
    try {
      const { principal } = verifier.verify(
        {
          method: request.method,
          url: request.originalUrl,
          rawHeaders: request.raw.rawHeaders,
          body: (request.body as Buffer | undefined) ?? NO_BODY,
        },
        clock.now(),
      );
      const { operation = '' } = request.routeOptions.config;
      request.call = { operation, principal, region, keyArns: [] };
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
