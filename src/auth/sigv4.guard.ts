import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../clock.js';
import type { Credential } from './credentials.js';
import { SigV4Verifier } from './sigv4.js';

const NO_BODY = Buffer.alloc(0);

/** Lets a request pass when its signature is right, and notes who calls; routes marked public need none. */
@Injectable()
export class SigV4Guard implements CanActivate {
  constructor(
    private readonly verifier: SigV4Verifier<Credential>,
    private readonly region: string,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (request.routeOptions.config.public) return true;
    const { principal } = this.verifier.verify(
      {
        method: request.method,
        url: request.originalUrl,
        rawHeaders: request.raw.rawHeaders,
        body: (request.body as Buffer | undefined) ?? NO_BODY,
      },
      this.clock.now(),
    );
    request.call = { principal, region: this.region, keyArns: [] };
    return true;
  }
}
