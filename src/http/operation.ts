import { applyDecorators, Controller } from '@nestjs/common';
import type { z } from 'zod';
import type { Call } from '../call.js';
import { type Api, pathPrefix } from './api.js';
import { type Parameter, parametersOf } from './input.js';

export interface Operation<Resource extends string = string> {
  /** Name in the service model, or in the admin API. */
  name: string;
  /** Kind of resource that policies are evaluated for, in the terms of the API: `key`, or `nothing` for `*`. */
  resource: Resource;
  /** One line, in Keyblock's own words. */
  summary: string;
  /** Effect and requirements of the operation; Markdown. */
  description: string;
  /** Arguments of the AWS CLI after service and operation or, for the admin API, arguments of curl. */
  example: string;
  output: z.ZodType;
  /** HTTP status of success; 200 by default. 204 has no body. */
  status?: SuccessStatus;
}

type SuccessStatus = 200 | 201 | 202 | 204;

/** An operation as the OpenAPI documents describe it. */
export interface OperationDocument extends Operation {
  api: Api;
  /** A complete call in a shell. */
  command: string;
  /** Names of exceptions, by status. */
  errors: Record<number, string>;
}

/** Route of an operation. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with its parameters as `:name`. */
  readonly path: string;
}

/**
 * An operation as its decorator has registered it. The method of its controller gets the call and the parts of its
 * input.
 */
export interface RegisteredOperation {
  readonly prototype: object;
  readonly method: string | symbol;
  readonly route: Route;
  readonly document: OperationDocument;
  readonly parameters: readonly Parameter[];
  /** Evaluates policies, if the authorizer of the API doesn't. @param inputs validated */
  readonly authorize?: (call: Call, inputs: readonly unknown[]) => undefined;
}

/**
 * Operations, and controllers with their tags, as their decorators have registered them. The front serves them.
 * Decorators of Nest and Swagger are applied when the OpenAPI documents are generated: no route of Nest leads to an
 * operation, and the service starts without Swagger.
 */
export const OPERATIONS: RegisteredOperation[] = [];
export const CONTROLLERS: { controller: NewableFunction; tag: string }[] = [];

/**
 * Returns the kinds of resources by the names of operations, for the APIs of a service.
 *
 * @param service `name` of the APIs
 */
export function resourcesOf(service: string): ReadonlyMap<string, string> {
  const documents = OPERATIONS.map(({ document }) => document).filter(({ api }) => api.name === service);
  return new Map(documents.map(({ name, resource }) => [name, resource]));
}

/** A controller of operations. @param tag groups them in the documentation */
export function OperationsController(tag: string): ClassDecorator {
  return applyDecorators(Controller(), (controller: NewableFunction) => {
    CONTROLLERS.push({ controller, tag });
  });
}

/** Returns a complete call of the AWS CLI. @param cli the API's name in the AWS CLI */
export function awsCommand(cli: string, { name, example }: Operation): string {
  return `aws ${cli} ${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}${example && ' '}${example}`;
}

/**
 * Serves an operation of an AWS API, behind the API's authorizer.
 *
 * @param path below the API's prefix
 */
export function served(path: string, document: OperationDocument): MethodDecorator {
  return registered(document, { method: 'POST', path: `${pathPrefix(document.api)}${path}` });
}

/** Registers an operation for the front, the documentation and the policy simulator. */
export function registered(
  document: OperationDocument,
  route: Route,
  authorize?: RegisteredOperation['authorize'],
): MethodDecorator {
  const { api, name } = document;
  // An operation that plain JavaScript declares without a resource must not be served, because policies would be
  // evaluated for no resource.
  if (!(document.resource as string | undefined)) throw new Error(`${name} of ${api.name} doesn't state its resource`);
  return (prototype, method, descriptor) => {
    const [, ...parameters] = parametersOf(prototype, method);
    const declared = (descriptor.value as (...args: unknown[]) => unknown).length;
    if (parameters.length !== declared - 1 || !parameters.every((parameter) => parameter !== undefined))
      throw new Error(`A parameter of ${String(method)} has no schema`);
    OPERATIONS.push({ prototype, method, route, document, parameters, authorize });
  };
}
