import { Body as NestBody, Param as NestParam, Query as NestQuery } from '@nestjs/common';
import type { z } from 'zod';
import { SerializationException, ValidationException, type ValidationExceptionField } from '../errors/exceptions.js';

type Path = readonly PropertyKey[];

/** Reads what a parameter of a method is given. */
type Reader = (given: unknown) => unknown;

/** By prototype and method, in the order of the parameters; a parameter that no schema reads has none. */
const READERS = new Map<object, Map<string | symbol, (Reader | undefined)[]>>();

/**
 * The body by a schema. It is parsed where it is read, and so only after its signature is verified. Members that are null
 * count as absent, unknown ones are dropped.
 *
 * Who calls a method reads its input, see `readersOf`: Nest's pipes would be a round of promises for each parameter.
 */
export const Body = (schema: z.ZodType) =>
  read((given) => readBy(schema, parse(given as Buffer | undefined)), NestBody({ schema }));

/** The query by a schema. */
export const Query = (schema: z.ZodType) => read((given) => readBy(schema, given), NestQuery({ schema }));

/** The labels of the path by a schema, or the one of a name. */
export const Param = (schema: z.ZodType, name?: string) =>
  name === undefined
    ? read((given) => readBy(schema, given), NestParam({ schema }))
    : read((given) => readBy(schema, given, [name]), NestParam(name, { schema }));

/** @param decorate Nest's own decorator: it says where the input is, and the documentation what it looks like */
function read(reader: Reader, decorate: ParameterDecorator): ParameterDecorator {
  return (prototype, method, index) => {
    decorate(prototype, method, index);
    if (method !== undefined) readersOf(prototype, method)[index] = reader;
  };
}

/** How the input of a method is read, by the position of each parameter. */
export function readersOf(prototype: object, method: string | symbol): (Reader | undefined)[] {
  const methods = READERS.get(prototype) ?? new Map<string | symbol, (Reader | undefined)[]>();
  const readers = methods.get(method) ?? [];
  READERS.set(prototype, methods.set(method, readers));
  return readers;
}

/**
 * @param base path of the value in the input
 * @throws SerializationException for a JSON type other than the model's
 * @throws ValidationException for what breaks a constraint of the model; no message repeats a value
 */
function readBy(schema: z.ZodType, value: unknown, base: Path = []): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refusal(result.error.issues, value, base);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws SerializationException for what is not JSON */
function parse(body: Buffer | undefined): unknown {
  if (!body?.length) return {};
  try {
    const text = UTF8.decode(body);
    const value: unknown = JSON.parse(text);
    return text.includes('null') ? withoutNulls(value) : value;
  } catch {
    // Nested deeper than the stack is another way not to be valid.
    throw new SerializationException('The request body is not valid JSON in UTF-8.');
  }
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

function refusal(issues: z.core.$ZodIssue[], input: unknown, base: Path): Error {
  const fields = issues.map((issue): ValidationExceptionField & { serialization: boolean } => ({
    path: pointer([...base, ...issue.path]),
    message: messageOf(issue, input),
    serialization: isOtherJsonType(issue, input),
  }));
  const other = fields.find(({ serialization }) => serialization);
  if (other) return new SerializationException(`${other.path || 'The request body'} ${other.message}.`);

  const fieldList = fields.map(({ path, message }) => ({ path, message }));
  const list = fieldList.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
  const count = `${fieldList.length} validation error${fieldList.length === 1 ? '' : 's'} detected`;
  return new ValidationException(`${count}: ${list}.`, fieldList);
}

function pointer(path: Path): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function at(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, segment) => (value as Record<PropertyKey, unknown> | undefined)?.[segment],
    input,
  );
}

/** A value that is there and has another JSON type; one that is absent breaks a constraint. */
function isOtherJsonType(issue: z.core.$ZodIssue, input: unknown): boolean {
  const value = at(input, issue.path);
  return (
    (issue.code === 'invalid_type' && value !== undefined) ||
    (issue.code === 'invalid_value' && typeof value !== 'string' && value !== undefined)
  );
}

function messageOf(issue: z.core.$ZodIssue, input: unknown): string {
  const value = at(input, issue.path);
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined
        ? 'is required'
        : `must be of type ${issue.expected === 'int' ? 'integer' : issue.expected}`;
    case 'invalid_value':
      if (value === undefined) return 'is required';
      return typeof value === 'string' ? `must be one of ${issue.values.join(', ')}` : 'must be of type string';
    case 'too_small':
      return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' members long' : '';
}
