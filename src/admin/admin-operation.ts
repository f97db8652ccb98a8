import { applyDecorators, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { authorize } from '../access/authorize.js';
import { pathPrefix } from '../http/api.js';
import { guarded, type Operation, registered } from '../http/operation.js';
import type { SignedRequest } from '../http/request.js';
import { ADMIN } from './api.js';
import { arnOf } from './principal-path.js';
import type { PrincipalPath } from './admin.schema.js';

export type AdminOperationName =
  | 'CreatePrincipal'
  | 'GetPrincipal'
  | 'ListPrincipals'
  | 'DeletePrincipal'
  | 'PutPrincipalPolicy'
  | 'GetPrincipalPolicy'
  | 'DeletePrincipalPolicy'
  | 'CreateAccessKey'
  | 'UpdateAccessKey'
  | 'RotateAccessKey'
  | 'DeleteAccessKey'
  | 'StartSession'
  | 'ExplainAccess';

const ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a fault of the signature',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

const METHODS = { GET: Get, PUT: Put, POST: Post, DELETE: Delete };

interface AdminOperation extends Operation<'principal' | 'nothing'> {
  name: AdminOperationName;
  /** Method, and path below /admin in Nest's syntax. */
  route: readonly [method: keyof typeof METHODS, path: string];
  /** Returns the user or role for the method's arguments; by default, the one that the path names. */
  principal?: (...args: never[]) => string;
}

/**
 * An operation of the admin API. Policies are evaluated before the user or role is looked up, so that a caller who
 * isn't allowed the operation can't find out which exist.
 */
export function AdminOperation({
  route: [method, path],
  principal = principalOfPath,
  ...operation
}: AdminOperation): MethodDecorator {
  const { name, resource, example } = operation;
  const command = `curl --aws-sigv4 aws:amz:us-east-1:${ADMIN.signingName} --user "$ACCESS_KEY_ID:$SECRET_ACCESS_KEY" ${example}`;
  const arn = resource === 'nothing' ? () => '*' : principal;
  const authorized = guarded((request, inputs) => {
    const { call } = request;
    call.record.reads(Object.assign({}, ...inputs) as object);
    authorize(call, { action: `${ADMIN.name}:${name}`, resource: arn(...([request, ...inputs] as never[])) });
    return undefined;
  });
  return applyDecorators(
    authorized,
    METHODS[method](`${pathPrefix(ADMIN)}${path}`),
    HttpCode(200),
    registered({ ...operation, api: ADMIN, command, errors: ERRORS }),
  );
}

function principalOfPath({ call }: SignedRequest, path: PrincipalPath): string {
  return arnOf(call, path);
}
