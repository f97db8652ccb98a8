import { Body as NestBody, Param as NestParam, Query as NestQuery } from '@nestjs/common';
import type { z } from 'zod';
import { SerializationException } from '../errors/exceptions.js';
import type { Constraint, Violation } from './api.js';
import { MAX_FAULTS, MAX_NAME_CHARACTERS, requireBoundedJson, requireBounds } from './bounds.js';
import { InvalidInput } from './invalid-input.js';

type Path = readonly PropertyKey[];

/** The names of JSON for zod's types that have others. */
const JSON_TYPES: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

/** The parts of a request that an operation reads. */
export interface RequestParts {
  /** Path parameters, decoded. */
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** A parameter of an operation's method. */
export interface Parameter {
  readonly from: keyof RequestParts | 'text';
  /** Name of the path parameter that the method's parameter receives; undefined if it receives all of them. */
  readonly name?: string;
  /** Undefined for the text of the body, which has no limit other than the body's. */
  readonly schema?: z.ZodType;
  /** Returns its validated value. @throws InvalidInput, SerializationException */
  readonly read: (parts: RequestParts) => unknown;
}

/** Parameters by prototype and method, by position; undefined for a parameter without a decorator. */
const PARAMETERS = new Map<object, Map<string | symbol, (Parameter | undefined)[]>>();

/**
 * Validates the body against a schema. The body is parsed only here, after its signature is verified. Members of
 * structures that are null count as absent; unknown ones are dropped.
 */
export const Body = (schema: z.ZodType) =>
  parameter({ from: 'body', schema, read: ({ body }) => readBy(schema, parse(body, schema)) }, NestBody({ schema }));

/** Validates the fields of a form against a schema. */
export const Form = (schema: z.ZodType) =>
  parameter({ from: 'body', schema, read: ({ body }) => readBy(schema, formOf(body)) }, NestBody({ schema }));

/** The text of the body, as it was sent. An operation that takes it also validates the body. */
export const BodyText = () => parameter({ from: 'text', read: ({ body }) => body.toString() });

/** Validates the query against a schema. */
export const Query = (schema: z.ZodType) =>
  parameter({ from: 'query', schema, read: ({ query }) => readBy(schema, query) }, NestQuery({ schema }));

/** Validates the path parameters, or the one of this name, against a schema. */
export const Param = (schema: z.ZodType, name?: string) =>
  name === undefined
    ? parameter({ from: 'path', schema, read: ({ path }) => readBy(schema, path) }, NestParam({ schema }))
    : parameter(
        { from: 'path', name, schema, read: ({ path }) => readBy(schema, path[name], [name]) },
        NestParam(name, { schema }),
      );

/** @param document Nest's own decorator, which describes the parameter in the OpenAPI documents */
function parameter(parameter: Parameter, document?: ParameterDecorator): ParameterDecorator {
  if (parameter.schema) requireBounds(parameter.schema);
  return (prototype, method, index) => {
    document?.(prototype, method, index);
    if (method !== undefined) parametersOf(prototype, method)[index] = parameter;
  };
}

/** The parameters of a method, by position. */
export function parametersOf(prototype: object, method: string | symbol): (Parameter | undefined)[] {
  const methods = PARAMETERS.get(prototype) ?? new Map<string | symbol, (Parameter | undefined)[]>();
  const parameters = methods.get(method) ?? [];
  PARAMETERS.set(prototype, methods.set(method, parameters));
  return parameters;
}

/** Validates the body of a request against a schema, as `Body` does. @throws InvalidInput, SerializationException */
export function readBody<T extends z.ZodType>(schema: T, body: Buffer): z.output<T> {
  return readBy(schema, parse(body, schema)) as z.output<T>;
}

/**
 * Validates a value against a schema.
 *
 * @param base path of the value in the input
 * @throws InvalidInput
 */
export function readBy(schema: z.ZodType, value: unknown, base: Path = []): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const violations = result.error.issues.map((issue) => violationOf(issue, value, base));
  throw new InvalidInput(typesFirst(violations).slice(0, MAX_FAULTS), violations.length);
}

/** Moves values of the wrong type to the front, because AWS reports those before it checks any other constraint. */
function typesFirst(violations: readonly Violation[]): Violation[] {
  const isType = ({ constraint }: Violation) => constraint.kind === 'type';
  return [...violations.filter(isType), ...violations.filter((violation) => !isType(violation))];
}

/** Fields that AWS's query protocol adds to those of the operation. */
const PROTOCOL_FIELDS = ['Action', 'Version'];
/** Far more than any operation has. */
const MAX_FIELDS = 100;

/** Returns the fields of a form. @throws SerializationException for a field that comes twice, and for too many */
function formOf(body: Buffer): Record<string, string> {
  const text = body.toString();
  const most = MAX_FIELDS + PROTOCOL_FIELDS.length;
  // Counted before anything is decoded: a body has room for half a million fields.
  const isTooLong = text.split('&', most + 1).length > most;
  const fields = isTooLong ? [] : [...new URLSearchParams(text)].filter(([name]) => !PROTOCOL_FIELDS.includes(name));
  const names = new Set(fields.map(([name]) => name));
  if (isTooLong || fields.length > MAX_FIELDS || names.size !== fields.length)
    throw new SerializationException(`The form must have at most ${MAX_FIELDS} fields, each of them once.`);
  return Object.fromEntries(fields);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws SerializationException for a body that is not JSON in UTF-8, or that has too many values or levels */
function parse(body: Buffer, schema: z.ZodType): unknown {
  if (body.length === 0) return {};
  requireBoundedJson(body);
  try {
    const text = UTF8.decode(body);
    const value: unknown = JSON.parse(text);
    return text.includes('null') ? withoutNulls(value, schema) : value;
  } catch {
    throw new SerializationException('The request body is not valid JSON in UTF-8.');
  }
}

/**
 * Leaves out members of structures that are null. A null in a list or a map stays, so that validation refuses it:
 * without it, the list or the map would differ from the caller's, such as an encryption context with fewer pairs.
 */
function withoutNulls(value: unknown, schema: z.core.$ZodType): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  switch (def.type) {
    case 'optional':
    case 'default':
      return withoutNulls(value, def.innerType);
    case 'array':
      return Array.isArray(value) ? value.map((item) => withoutNulls(item, def.element)) : value;
    case 'object': {
      if (Array.isArray(value)) return value;
      // Unknown members are dropped anyway.
      const members = Object.entries(value).filter(
        ([name, member]) => member !== null && Object.hasOwn(def.shape, name),
      );
      return Object.fromEntries(
        members.map(([name, member]) => [name, withoutNulls(member, def.shape[name] as z.core.$ZodType)]),
      );
    }
    default:
      return value;
  }
}

function violationOf(issue: z.core.$ZodIssue, input: unknown, base: Path): Violation {
  const value = at(input, issue.path);
  return { path: [...base, ...issue.path].map(shortened), value, constraint: constraintOf(issue, value) };
}

function shortened(segment: PropertyKey): PropertyKey {
  if (typeof segment !== 'string' || segment.length <= MAX_NAME_CHARACTERS) return segment;
  return `${segment.slice(0, MAX_NAME_CHARACTERS)}…`;
}

function at(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, segment) => (value as Record<PropertyKey, unknown> | undefined)?.[segment],
    input,
  );
}

function constraintOf(issue: z.core.$ZodIssue, value: unknown): Constraint {
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return { kind: 'required' };
      return { kind: 'type', expected: JSON_TYPES[issue.expected] ?? issue.expected };
    case 'invalid_value':
      if (value === undefined) return { kind: 'required' };
      return typeof value === 'string' ? { kind: 'enum', values: issue.values } : { kind: 'type', expected: 'string' };
    case 'too_small':
      return { kind: 'minimum', of: measured(issue.origin), bound: issue.minimum };
    case 'too_big':
      return { kind: 'maximum', of: measured(issue.origin), bound: issue.maximum };
    case 'invalid_format':
      return { kind: 'pattern', pattern: issue.pattern ?? '', message: issue.message };
    case 'invalid_key':
      return constraintOf(issue.issues[0] ?? { ...issue, code: 'custom' }, value);
    default:
      return { kind: 'other', message: issue.message };
  }
}

function measured(origin: string): 'characters' | 'members' | 'value' {
  if (origin === 'string') return 'characters';
  return origin === 'array' || origin === 'map' ? 'members' : 'value';
}
