import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Plane } from '../call.js';
import { CryptoError } from '../crypto/errors.js';
import {
  InternalServerException,
  PublicPolicyException,
  RequestEntityTooLargeException,
  SerializationException,
  ServiceException,
  ServiceUnavailableException,
  UnknownOperationException,
  ValidationException,
} from '../errors/exceptions.js';
import { PolicyError } from '../policy/policy-error.js';
import { contentTypeOf, planeOf } from './request.js';

/** The namespace of the control plane's model, which every exception of AWS JSON is named with. */
const NAMESPACE = 'com.amazonaws.paymentcryptography';

/**
 * A database that can't be reached or can't be written now: errors of Node, and SQLSTATE class 08 (connection), 57P (server
 * going down), 53 (no disk space, memory or connections left), 58030 (input or output fails), 25006 (read-only).
 */
const UNAVAILABLE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|08|57P|53|58030|25006)/;
/** Those of node-postgres, which have no code. */
const TIMED_OUT = /connection timeout|Query read timeout|timeout exceeded when trying to connect|Connection terminated/;

/** Makes the bytes of every failure: what the model names as it is, anything else an InternalServerException. */
@Catch()
export class AwsExceptionFilter implements ExceptionFilter {
  /** @param methodsAt those by which operations are called at a path */
  constructor(
    private readonly logger: Logger,
    private readonly methodsAt: (path: string) => readonly string[],
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    this.answer(thrown, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  /** Also for what fails before a request is routed. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const plane = planeOf(request);
    const error = this.#visible(thrown, request, plane);
    request.exception = error;
    if (error.status === 405) void reply.header('allow', this.methodsAt(request.url).join(', '));
    void reply
      .status(plane === 'control' ? awsJsonStatus(error) : error.status)
      .header('x-amzn-errortype', error.name)
      .type(contentTypeOf(request)) // Fastify drops it for its own errors
      .send(bodyOf(error, plane));
  }

  #visible(thrown: unknown, request: FastifyRequest, plane: Plane): ServiceException {
    if (thrown instanceof ServiceException) return thrown;
    if (thrown instanceof CryptoError) return new ValidationException(thrown.message);
    if (thrown instanceof PolicyError)
      return new { INVALID: ValidationException, PUBLIC: PublicPolicyException }[thrown.code](thrown.message);
    const status =
      thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: number }).statusCode;
    if (status === 404) return this.#notFound(request);
    if (status === 413)
      return new RequestEntityTooLargeException('The request body is larger than this service takes.');
    if (status !== undefined && status >= 400 && status < 500)
      return new SerializationException('The request could not be read.');

    // Only these: a database error carries its parameters along.
    const { name, message, stack, code } = thrown as Error & { code?: string };
    this.logger.error({ requestId: request.id, error: { name, message, stack, code } }, 'internal error');
    return plane !== 'data' && (UNAVAILABLE.test(code ?? '') || TIMED_OUT.test(message))
      ? new ServiceUnavailableException('The service is unavailable. Try again.')
      : new InternalServerException();
  }

  #notFound(request: FastifyRequest): ServiceException {
    const methods = this.methodsAt(request.url);
    return methods.length > 0 && !methods.includes(request.method)
      ? new UnknownOperationException(`Operations are called here with the method ${methods.join(' or ')}.`, 405)
      : new UnknownOperationException('No operation has this target, or this method and path.');
  }
}

/** AWS JSON 1.0 answers 400 for every fault of the client that the model knows; the front end's own keep theirs. */
function awsJsonStatus(error: ServiceException): number {
  const ownStatus = error instanceof UnknownOperationException || error instanceof RequestEntityTooLargeException;
  return error.status < 500 && !ownStatus ? 400 : error.status;
}

function bodyOf(error: ServiceException, plane: Plane): object {
  const fieldList = error instanceof ValidationException && plane !== 'control' ? { fieldList: error.fieldList } : {};
  return {
    __type: plane === 'control' ? `${NAMESPACE}#${error.name}` : error.name,
    message: error.message,
    Message: error.message,
    ...error.members,
    ...fieldList,
  };
}
