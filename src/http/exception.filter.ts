import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { CryptoError } from '../crypto/errors.js';
import {
  RequestEntityTooLargeException,
  SerializationException,
  ServiceException,
  UnknownOperationException,
} from '../errors/exceptions.js';
import { PolicyError } from '../policy/policy-error.js';
import { InvalidInput } from './invalid-input.js';

/**
 * Codes of a database that can't be reached or written: errors of Node, and SQLSTATE class 08 (connection), 57P (server going
 * down), 53 (no disk space, memory or connections left), 58030 (input or output fails), 25006 (read-only).
 */
const UNAVAILABLE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|08|57P|53|58030|25006)/;
/** Messages of node-postgres, whose errors have no code. */
const TIMED_OUT = /connection timeout|Query read timeout|timeout exceeded when trying to connect|Connection terminated/;

/** Answers every failure as the API that was called does; an unexpected one goes to the log and is answered without details. */
@Catch()
export class ServiceExceptionFilter implements ExceptionFilter {
  /** @param methodsAt returns the methods of the operations at a path */
  constructor(
    private readonly logger: Logger,
    private readonly methodsAt: (path: string) => readonly string[],
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    this.answer(thrown, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  /** Also answers requests that fail before they are routed. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { api } = request;
    const error = this.#exceptionOf(thrown, request);
    request.exception = error;
    if (error.status === 405) void reply.header('allow', this.methodsAt(request.url).join(', '));
    void reply
      .status(api.statusOf(error))
      .header('x-amzn-errortype', error.name)
      .type(api.contentType) // Fastify removes it for errors of its own.
      .send(api.bodyOf(error));
  }

  #exceptionOf(thrown: unknown, request: FastifyRequest): ServiceException {
    const { exceptions } = request.api;
    if (thrown instanceof ServiceException) return thrown;
    if (thrown instanceof InvalidInput) return exceptions.invalidInput(thrown.violations);
    if (thrown instanceof CryptoError || thrown instanceof PolicyError) return exceptions.refusedBy(thrown);
    const status =
      thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: number }).statusCode;
    if (status === 404) return this.#notFound(request);
    if (status === 413)
      return new RequestEntityTooLargeException('The request body is larger than this service takes.');
    if (status !== undefined && status >= 400 && status < 500)
      return new SerializationException('The request could not be read.');

    // Nothing else of the error: a database error carries the parameters of its query.
    const { name, message, stack, code } = thrown as Error & { code?: string };
    this.logger.error({ requestId: request.id, error: { name, message, stack, code } }, 'internal error');
    const isUnavailable = UNAVAILABLE.test(code ?? '') || TIMED_OUT.test(message);
    return isUnavailable ? exceptions.unavailable() : exceptions.internal();
  }

  #notFound(request: FastifyRequest): ServiceException {
    const methods = this.methodsAt(request.url);
    return methods.length > 0 && !methods.includes(request.method)
      ? new UnknownOperationException(`Operations are called here with the method ${methods.join(' or ')}.`, 405)
      : new UnknownOperationException('No operation has this target, or this method and path.');
  }
}
