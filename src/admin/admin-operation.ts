import { applyDecorators, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { AdminOperationName } from './admin-operations.js';
import { authorize } from '../access/authorize.js';
import { documented, guarded, type Operation } from '../http/aws-operation.js';
import { ADMIN } from '../http/request.js';

const ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a fault of the signature',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

const METHODS = { GET: Get, PUT: Put, POST: Post, DELETE: Delete };

interface AdminOperation extends Operation {
  name: AdminOperationName;
  /** Method and path below /admin, in the words of Nest. */
  route: readonly [method: keyof typeof METHODS, path: string];
  /** ARN that policies are asked about, or `*`, given the method's arguments. */
  resource: (...args: never[]) => string;
}

/**
 * An operation of the admin API. Policies are asked first, about the operation and the user or role that it is about: whoever
 * isn't allowed is not told who there is.
 */
export function AdminOperation({ route: [method, path], resource, ...operation }: AdminOperation): MethodDecorator {
  const command = `curl --aws-sigv4 aws:amz:us-east-1:payment-cryptography --user "$ACCESS_KEY_ID:$SECRET_ACCESS_KEY" ${operation.example}`;
  const authorized = guarded((request, inputs) => {
    const { call } = request;
    call.record.reads(Object.assign({}, ...inputs) as object);
    authorize(call, {
      action: `keyblock:${operation.name}`,
      resource: resource(...([request, ...inputs] as never[])),
    });
    return undefined;
  });
  return applyDecorators(
    authorized,
    METHODS[method](`${ADMIN}/${path}`),
    HttpCode(200),
    RouteConfig({ operation: operation.name }),
    documented({ ...operation, command, errors: ERRORS }),
  );
}
