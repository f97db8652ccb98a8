import { applyDecorators, Controller, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';
import { type Api, pathPrefix } from './api.js';
import { readersOf } from './input.js';
import type { SignedRequest } from './request.js';

export interface Operation<Resource extends string = string> {
  /** Name in the service model, or in the admin API. */
  name: string;
  /** Kind of resource that policies are evaluated for, in the terms of the API: `key`, or `nothing` for `*`. */
  resource: Resource;
  /** One line, in our own words. */
  summary: string;
  /** What it does and needs; Markdown. */
  description: string;
  /** Arguments for the AWS CLI, after service and operation; for the admin API, of curl. */
  example: string;
  output: z.ZodType;
}

/** An operation as the OpenAPI documents describe it. */
export interface OperationDocument extends Operation {
  api: Api;
  /** A complete call in a shell. */
  command: string;
  /** Names of exceptions, by status. */
  errors: Record<number, string>;
}

/**
 * Operations by controller and method, and controllers with their tags, as their decorators have registered them. Decorators of
 * Swagger are applied when the OpenAPI documents are generated: the service starts without that library.
 */
export const OPERATIONS: { prototype: object; method: string | symbol; document: OperationDocument }[] = [];
export const CONTROLLERS: { controller: NewableFunction; tag: string }[] = [];

/** Kinds of resources by the names of operations, for the APIs of a service. @param service `name` of the APIs */
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

/** @param cli the API's name in the AWS CLI */
export function awsCommand(cli: string, { name, example }: Operation): string {
  return `aws ${cli} ${name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}${example && ' '}${example}`;
}

/**
 * Wraps the method of an operation: validates its input, evaluates policies, calls it and serializes its output, which
 * Nest would search for a stream. Every operation is wrapped. The method's parameters are the request and the parts of
 * its input, the body last.
 *
 * @param authorize gets the request and the validated parts; throws unless policies allow the call
 */
export function guarded(
  authorize: (request: SignedRequest, inputs: readonly unknown[]) => Promise<void> | undefined,
): MethodDecorator {
  return (prototype, method, descriptor) => {
    const execute = descriptor.value as (request: SignedRequest, ...inputs: unknown[]) => object | Promise<object>;
    const [, ...readers] = readersOf(prototype, method);
    if (readers.length !== execute.length - 1 || readers.includes(undefined))
      throw new Error(`A parameter of ${String(method)} has no schema`);
    const guard = async function (this: unknown, request: SignedRequest, ...parts: unknown[]): Promise<string> {
      const inputs: unknown[] = [];
      // The body is validated first: its violations are reported before those of path parameters.
      for (let i = readers.length - 1; i >= 0; i--) inputs[i] = readers[i]?.(parts[i]);
      const authorizing = authorize(request, inputs);
      if (authorizing) await authorizing;
      return JSON.stringify(await execute.call(this, request, ...inputs));
    };
    descriptor.value = Object.defineProperty(guard, 'name', { value: method }) as typeof descriptor.value;
  };
}

/**
 * Serves an operation of an AWS API, behind the API's authorizer.
 *
 * @param path below the API's prefix
 */
export function served(path: string, document: OperationDocument): MethodDecorator {
  const { api, name, resource } = document;
  const authorized = guarded(({ call, params, server }, inputs) => {
    call.record.reads(params as object, inputs.at(-1) as object | undefined);
    const authorizer = server.authorizers.get(api);
    if (!authorizer) throw new Error(`No authorizer for ${name} of ${api.name}`);
    return authorizer.authorize(call, resource);
  });
  return applyDecorators(authorized, Post(`${pathPrefix(api)}${path}`), HttpCode(200), registered(document));
}

/** Registers an operation for its route, the documentation and the policy simulator. */
export function registered(document: OperationDocument): MethodDecorator {
  const { api, name } = document;
  // Policies would be evaluated without a resource, so an operation that plain JavaScript declares without one must not
  // be served.
  if (!(document.resource as string | undefined)) throw new Error(`${name} of ${api.name} doesn't state its resource`);
  return applyDecorators(RouteConfig({ operation: name, api }), (prototype: object, method: string | symbol) => {
    OPERATIONS.push({ prototype, method, document });
  });
}
