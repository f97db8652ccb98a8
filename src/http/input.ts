import { Body as NestBody, Param as NestParam, Query as NestQuery } from '@nestjs/common';
import type { z } from 'zod';
import { SerializationException } from '../errors/exceptions.js';
import type { Constraint, Violation } from './api.js';
import { InvalidInput } from './invalid-input.js';

type Path = readonly PropertyKey[];

/** Validates what a parameter of a method gets. */
type Reader = (raw: unknown) => unknown;

/** Readers by prototype and method, by the position of the parameter; undefined for a parameter without a schema. */
const READERS = new Map<object, Map<string | symbol, (Reader | undefined)[]>>();

/**
 * Validates the body by a schema. The body is parsed only here, after its signature is verified. Members that are null count
 * as absent; unknown ones are dropped.
 *
 * The caller of the method runs the readers, see `readersOf`: Nest's pipes would cost a round of promises for each parameter.
 */
export const Body = (schema: z.ZodType) =>
  read((raw) => readBy(schema, parse(raw as Buffer | undefined)), NestBody({ schema }));

/** Validates the query by a schema. */
export const Query = (schema: z.ZodType) => read((raw) => readBy(schema, raw), NestQuery({ schema }));

/** Validates the path parameters by a schema, or one of them by name. */
export const Param = (schema: z.ZodType, name?: string) =>
  name === undefined
    ? read((raw) => readBy(schema, raw), NestParam({ schema }))
    : read((raw) => readBy(schema, raw, [name]), NestParam(name, { schema }));

/** @param decorate Nest's own decorator, which selects the part of the request and documents it */
function read(reader: Reader, decorate: ParameterDecorator): ParameterDecorator {
  return (prototype, method, index) => {
    decorate(prototype, method, index);
    if (method !== undefined) readersOf(prototype, method)[index] = reader;
  };
}

/** The readers of a method, by the position of the parameter. */
export function readersOf(prototype: object, method: string | symbol): (Reader | undefined)[] {
  const methods = READERS.get(prototype) ?? new Map<string | symbol, (Reader | undefined)[]>();
  const readers = methods.get(method) ?? [];
  READERS.set(prototype, methods.set(method, readers));
  return readers;
}

/**
 * @param base path of the value in the input
 * @throws InvalidInput
 */
function readBy(schema: z.ZodType, value: unknown, base: Path = []): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidInput(result.error.issues.map((issue) => violationOf(issue, value, base)));
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws SerializationException for a body that is not JSON in UTF-8 */
function parse(body: Buffer | undefined): unknown {
  if (!body?.length) return {};
  try {
    const text = UTF8.decode(body);
    const value: unknown = JSON.parse(text);
    return text.includes('null') ? withoutNulls(value) : value;
  } catch {
    // JSON that is nested too deeply overflows the stack, which counts as invalid, too.
    throw new SerializationException('The request body is not valid JSON in UTF-8.');
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

function violationOf(issue: z.core.$ZodIssue, input: unknown, base: Path): Violation {
  const value = at(input, issue.path);
  return { path: [...base, ...issue.path], value, constraint: constraintOf(issue, value) };
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
      return { kind: 'type', expected: issue.expected === 'int' ? 'integer' : issue.expected };
    case 'invalid_value':
      if (value === undefined) return { kind: 'required' };
      return typeof value === 'string' ? { kind: 'enum', values: issue.values } : { kind: 'type', expected: 'string' };
    case 'too_small':
      return { kind: 'minimum', of: measured(issue.origin), bound: issue.minimum };
    case 'too_big':
      return { kind: 'maximum', of: measured(issue.origin), bound: issue.maximum };
    case 'invalid_format':
      return { kind: 'pattern', pattern: issue.pattern ?? '', message: issue.message };
    default:
      return { kind: 'other', message: issue.message };
  }
}

function measured(origin: string): 'characters' | 'members' | 'value' {
  if (origin === 'string') return 'characters';
  return origin === 'array' ? 'members' : 'value';
}
