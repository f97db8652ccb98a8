import type { z } from 'zod';
import { maximumOf } from '../../src/http/bounds.js';
import { OPERATIONS } from '../../src/http/operation.js';

/** A place where an input has an array, a map or a string. */
export interface Place {
  /** Path in the input, with `[]` for the members of an array and `{}` for those of a map. */
  path: string;
  kind: 'array' | 'map' | 'string';
  /** Largest number of members or characters that the schema accepts. */
  bound: number;
  /** Returns an input that has a value at this place, and otherwise only what encloses the place. */
  inputWith: (value: unknown) => unknown;
}

/** Lists the schemas of the inputs of all operations whose controllers are loaded. */
export function operationInputs() {
  return OPERATIONS.flatMap(({ parameters, document: { name, api } }) =>
    parameters.flatMap(({ schema, from }) => (schema ? [{ name, api, schema, isBody: from === 'body' }] : [])),
  );
}

/** Lists the arrays, maps and strings of a schema, to any depth. */
export function placesOf(
  schema: z.core.$ZodType,
  path = '',
  inputWith: Place['inputWith'] = (value) => value,
): Place[] {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  const maximum = maximumOf(schema) ?? NaN;
  const place = (kind: Place['kind'], bound: number) => ({ path, kind, bound, inputWith });
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape).flatMap(([name, member]) =>
        placesOf(member, `${path}/${name}`, (value) => inputWith({ [name]: value })),
      );
    case 'array':
      return [place('array', maximum), ...placesOf(def.element, `${path}[]`, (value) => inputWith([value]))];
    case 'record':
      return [
        place('map', (schema as z.ZodType).meta()?.['maxProperties'] as number),
        ...placesOf(def.keyType, `${path}{name}`, (name) => inputWith({ [String(name)]: '' })),
        ...placesOf(def.valueType, `${path}{}`, (value) => inputWith({ AA: value })),
      ];
    case 'string':
      return [place('string', maximum)];
    case 'optional':
    case 'default':
      return placesOf(def.innerType, path, inputWith);
    default:
      return [];
  }
}

/** Default limit of the size of a body in bytes. */
const LIMIT = 1_048_576;

export const many = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));
export const members = (count: number, value: unknown) => Object.fromEntries(many(count, (i) => [`K${i}`, value]));

const known = new Map<string, string[]>();

/**
 * Returns JSON texts for a place, which are the same for places of the same kind and limit. Some fill a body up to the size limit; others fill the place up to its limit with
 * invalid content.
 */
export function fillings({ kind, bound }: Place): string[] {
  const name = `${kind} ${bound}`;
  const texts = known.get(name) ?? textsFor(kind, bound);
  known.set(name, texts);
  return texts;
}

function textsFor(kind: Place['kind'], bound: number): string[] {
  const json = (value: unknown) => JSON.stringify(value);
  const long = (count: number) => 'x'.repeat(LIMIT / (count + 1) - 20);
  switch (kind) {
    case 'array':
      return [
        `[${'0,'.repeat(LIMIT / 2 - 500)}0]`,
        `[${'"",'.repeat(LIMIT / 3 - 500)}""]`,
        json(many(bound + 1, () => long(bound))),
        json(many(bound, () => long(bound))),
        json(many(bound, () => ({}))),
        json(many(bound, () => '')),
        '['.repeat(LIMIT / 2 - 500) + ']'.repeat(LIMIT / 2 - 500),
      ];
    case 'map':
      return [
        `{${many(LIMIT / 12, (i) => `"${i.toString(36)}":0`).join()}}`,
        json(members(bound + 1, long(bound))),
        json(members(bound, long(bound))),
        json(members(bound, 0)),
        json({ ['x'.repeat(LIMIT - 1000)]: '' }),
        '{"":'.repeat(LIMIT / 5 - 500) + '0' + '}'.repeat(LIMIT / 5 - 500),
      ];
    case 'string':
      return [json('x'.repeat(LIMIT - 1000)), json('0'.repeat(LIMIT - 1000)), json('\0'.repeat(LIMIT / 6 - 1000))];
  }
}
