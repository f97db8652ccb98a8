import { z } from 'zod';
import { SerializationException } from '../errors/exceptions.js';

/**
 * Limits on how much of a request the service examines. Anyone with an access key can send bodies up to the size limit,
 * so the cost of refusing a body must not depend on its content.
 */

/** Maximum number of members of an array or a map for which the service model has no limit. */
export const MAX_MEMBERS = 200;
/** Maximum number of characters of a string for which neither the service model nor its pattern has a limit. */
export const MAX_CHARACTERS = 2048;
/** Maximum number of faults that an exception lists. */
export const MAX_FAULTS = 10;
/**
 * Maximum number of characters of a member's name that an exception shows. The names in a map are chosen by the caller.
 */
export const MAX_NAME_CHARACTERS = 64;
/** Maximum number of values in the JSON of a body: twenty times the number in the largest input of the models. */
const MAX_VALUES = 20_000;
/** Maximum nesting depth of arrays and objects in a body; inputs of the models have 7 levels at most, policies 6. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Checks how many values JSON.parse would create from a body, and how deeply they are nested, without parsing it. A
 * body that isn't JSON may pass, and is left to JSON.parse.
 *
 * @throws SerializationException
 */
export function requireBoundedJson(body: Buffer): void {
  let values = 1;
  let depth = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] as number;
    if (byte === QUOTE) i = endOfString(body, i + 1);
    else if (byte === COMMA) values++;
    else if (OPENING.has(byte)) {
      values++;
      if (++depth > MAX_DEPTH)
        throw new SerializationException(`The request body is nested more than ${MAX_DEPTH} levels deep.`);
    } else if (CLOSING.has(byte)) depth--;
    if (values > MAX_VALUES) throw new SerializationException(`The request body has more than ${MAX_VALUES} values.`);
  }
}

/** @returns the position of the quote that ends a string, or the end of the body */
function endOfString(body: Buffer, start: number): number {
  let i = start;
  while (i < body.length && body[i] !== QUOTE) i += body[i] === BACKSLASH ? 2 : 1;
  return i;
}

interface MapDefinition extends z.core.$ZodRecordDef<z.ZodString, z.ZodType> {
  maximum: number;
}

/**
 * A record whose members are counted before any is validated: zod has such a check for arrays only. zod silently drops
 * a member named `__proto__`, so it is refused: no pair of an encryption context may be lost.
 */
const BoundedMap = z.core.$constructor<z.ZodRecord, MapDefinition>('BoundedMap', (inst, definition) => {
  z.ZodRecord.init(inst, definition);
  const { maximum } = definition;
  const parse = inst._zod.parse.bind(inst._zod);
  inst._zod.parse = (payload, context) => {
    const { value } = payload as { value: unknown };
    if (typeof value !== 'object' || value === null) return parse(payload, context);
    if (Object.keys(value).length > maximum)
      payload.issues.push({ code: 'too_big', origin: 'map', maximum, inclusive: true, input: value, inst });
    else if (Object.hasOwn(value, '__proto__'))
      payload.issues.push({ code: 'custom', message: 'must have no member __proto__', input: value, inst });
    else return parse(payload, context);
    return payload;
  };
});

/** A map of at most `maximum` members. */
export function map<K extends z.ZodString, V extends z.ZodType>(keyType: K, valueType: V, maximum: number) {
  const schema = new BoundedMap({ type: 'record', keyType, valueType, maximum });
  return schema.meta({ maxProperties: maximum }) as unknown as z.ZodRecord<K, V>;
}

/**
 * Returns the maximum number of characters or members of a string or an array; undefined if there is no limit, or other
 * checks come before it.
 */
export function maximumOf(schema: z.core.$ZodType): number | undefined {
  for (const check of schema._zod.def.checks ?? []) {
    const { def } = check._zod as z.core.$ZodCheckMaxLength['_zod'] | z.core.$ZodCheckMinLength['_zod'];
    if (def.check === 'max_length') return def.maximum;
    if ((def.check as string) !== 'min_length') return undefined;
  }
  return undefined;
}

/**
 * Checks that every string, array and map of an input's schema has a limit. zod checks the limit of an array before it
 * validates the members.
 *
 * @throws Error that names the first one without a limit, so that the service doesn't start
 */
export function requireBounds(schema: z.core.$ZodType, path = 'The input'): void {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  const isBounded = maximumOf(schema) !== undefined;
  switch (def.type) {
    case 'object':
      for (const [name, member] of Object.entries(def.shape)) requireBounds(member, `${path}/${name}`);
      return;
    case 'array':
      if (!isBounded) break;
      requireBounds(def.element, `${path}[]`);
      return;
    case 'record':
      if (!(schema instanceof BoundedMap)) break;
      requireBounds(def.keyType, `${path}{name}`);
      requireBounds(def.valueType, `${path}{}`);
      return;
    case 'string':
      if (!isBounded) break;
      return;
    case 'union':
      for (const option of def.options) requireBounds(option, path);
      return;
    case 'optional':
    case 'default':
      requireBounds(def.innerType, path);
      return;
    // The members of an unknown value aren't examined; the limits on the JSON apply.
    case 'unknown':
    case 'boolean':
    case 'number':
    case 'enum':
      return;
    default:
      throw new Error(`${path} has a schema of type ${def.type}, whose bound isn't known`);
  }
  throw new Error(`${path} has no bound`);
}
