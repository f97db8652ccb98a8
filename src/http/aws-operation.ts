import { applyDecorators, Controller, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import { readersOf } from './input.js';
import { CONTROL_PLANE, type SignedRequest } from './request.js';

export interface Operation {
  /** Name in the service model, or of the admin API. */
  name: string;
  /** One line, in our own words. */
  summary: string;
  /** What it does and needs; Markdown. */
  description: string;
  /** Arguments of a call by the AWS CLI, after the service and operation; by curl for the admin API. */
  example: string;
  output: z.ZodType;
}

const CONTROL_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException, ResourceNotFoundException, ConflictException, ServiceQuotaExceededException, ThrottlingException, AccessDeniedException, or a fault of the signature',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

const DATA_PLANE_ERRORS = {
  400: 'ValidationException, SerializationException',
  403: 'AccessDeniedException, or a fault of the signature',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
};

/** What the OpenAPI documents say of an operation. */
export interface OperationDocument extends Operation {
  /** A whole call in a shell. */
  command: string;
  /** Names of exceptions, by status. */
  errors: Record<number, string>;
}

/**
 * What was said of operations, by controller and method, and of controllers. Only who makes the OpenAPI documents reads it:
 * the service starts without the library that does.
 */
export const DOCUMENTED_OPERATIONS: { prototype: object; method: string | symbol; document: OperationDocument }[] = [];
export const DOCUMENTED_CONTROLLERS: { controller: NewableFunction; tag: string }[] = [];

/** A controller of operations. @param tag the group that the documentation has them in */
export function OperationsController(tag: string): ClassDecorator {
  return applyDecorators(Controller(), (controller: NewableFunction) => {
    DOCUMENTED_CONTROLLERS.push({ controller, tag });
  });
}

/** An operation of the control plane: POST / with its name in X-Amz-Target, routed to a path of its name. */
export function ControlPlaneOperation(operation: Operation): MethodDecorator {
  return served(`${CONTROL_PLANE}/${operation.name}`, {
    ...operation,
    command: awsCommand('payment-cryptography', operation),
    errors: CONTROL_PLANE_ERRORS,
  });
}

/** An operation of the data plane: POST to a path of the model. */
export function DataPlaneOperation(path: string, operation: Operation & { verifies?: boolean }): MethodDecorator {
  const errors = operation.verifies
    ? { ...DATA_PLANE_ERRORS, 400: `${DATA_PLANE_ERRORS[400]}, VerificationFailedException` }
    : DATA_PLANE_ERRORS;
  return served(path, { ...operation, command: awsCommand('payment-cryptography-data', operation), errors });
}

/** @param api its name in the AWS CLI */
function awsCommand(api: string, { name, example }: Operation): string {
  return `aws ${api} ${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}${example && ' '}${example}`;
}

/**
 * Stands before the method of an operation: reads what it is given, asks policies, calls it, and makes text of what it gives:
 * in an object Nest would look for a stream. No operation is served without. The method's arguments are the request and what
 * it is given, the body last.
 *
 * @param ask gets the request and what was read; throws where policies don't allow the call
 */
export function guarded(
  ask: (request: SignedRequest, inputs: readonly unknown[]) => Promise<void> | undefined,
): MethodDecorator {
  return (prototype, method, descriptor) => {
    const serve = descriptor.value as (request: SignedRequest, ...inputs: unknown[]) => object | Promise<object>;
    const [, ...readers] = readersOf(prototype, method);
    if (readers.length !== serve.length - 1 || readers.includes(undefined))
      throw new Error(`Nothing reads a parameter of ${String(method)}`);
    const guard = async function (this: unknown, request: SignedRequest, ...given: unknown[]): Promise<string> {
      const inputs: unknown[] = [];
      // The body first: what it lacks is said before what a label breaks.
      for (let i = readers.length - 1; i >= 0; i--) inputs[i] = readers[i]?.(given[i]);
      const asking = ask(request, inputs);
      if (asking) await asking;
      return JSON.stringify(await serve.call(this, request, ...inputs));
    };
    descriptor.value = Object.defineProperty(guard, 'name', { value: method }) as typeof descriptor.value;
  };
}

const authorized = guarded((request, inputs) => {
  const { call } = request;
  call.record.reads(request.params as object, inputs.at(-1) as object | undefined);
  return request.server.authorizer.authorize(call);
});

function served(path: string, document: OperationDocument): MethodDecorator {
  return applyDecorators(
    authorized,
    Post(path),
    HttpCode(200),
    RouteConfig({ operation: document.name }),
    documented(document),
  );
}

/** Keeps what is said of an operation for who asks for it. */
export function documented(document: OperationDocument): MethodDecorator {
  return (prototype: object, method: string | symbol) => {
    DOCUMENTED_OPERATIONS.push({ prototype, method, document });
  };
}
