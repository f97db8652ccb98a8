import type { FastifyRequest, preHandlerHookHandler } from 'fastify';
import type { Credential } from '../access/credential.js';
import { CallRecord } from '../call.js';
import type { Clock } from '../clock.js';
import { RequestOrigin } from '../http/request-origin.js';
import type { Credentials } from './credentials.js';
import type { SigV4Verifier } from './sigv4.js';

const NO_BODY = Buffer.alloc(0);

/**
 * Verifies the signature of a request and sets its call. It runs before every route of the server, also those outside Nest; a
 * route that needs no signature is marked as public.
 */
export function sigV4Hook(verifier: SigV4Verifier, credentials: Credentials, clock: Clock): preHandlerHookHandler {
  return (request: FastifyRequest, _reply, done) => {
    if (request.route.public || request.is404) {
      done();
      return;
    }
    const fail = (error: unknown) => done(error as Error);
    try {
      const claim = verifier.read({
        method: request.method,
        url: request.originalUrl,
        rawHeaders: request.raw.rawHeaders,
        body: (request.body as Buffer | undefined) ?? NO_BODY,
      });
      const finish = (found: Credential | undefined) => {
        const now = clock.now();
        const credential = verifier.verify(claim, found, request.api.signingName, now);
        credentials.noteUse(credential, now);
        const { operation = '' } = request.route;
        const { principal } = credential;
        request.call = {
          requestId: request.id,
          api: request.api,
          operation,
          principal,
          region: claim.region,
          origin: new RequestOrigin(request, now),
          record: new CallRecord(),
        };
      };
      const found = credentials.find(claim.accessKeyId);
      if (found instanceof Promise) found.then(finish).then(() => done(), fail);
      else {
        finish(found);
        done();
      }
    } catch (error) {
      fail(error);
    }
  };
}
