import { z } from 'zod';
import '../src/admin/admin.module.js';
import { ServiceException } from '../src/errors/exceptions.js';
import { restJsonBody } from '../src/http/framing.js';
import { map, MAX_FAULTS, MAX_MEMBERS, requireBoundedJson, requireBounds } from '../src/http/bounds.js';
import { Body, parametersOf } from '../src/http/input.js';
import { InvalidInput } from '../src/http/invalid-input.js';
import type { Api } from '../src/http/api.js';
import '../src/kms/kms.module.js';
import { CONTROL_PLANE } from '../src/payment/api.js';
import '../src/payment/controlplane/controlplane.module.js';
import '../src/payment/dataplane/dataplane.module.js';
import { fillings, many, members, operationInputs, placesOf } from './support/places.js';

/** The longest answer in bytes: ten faults, each with the longest list of values in any model, and everything twice. */
const ANSWER_BYTES = 20_000;
const INPUTS = operationInputs().map(({ name, api, schema, isBody }) => ({
  name: `${api.name}:${name}`,
  api,
  schema,
  isBody,
  places: placesOf(schema),
}));

/** Far more members than any place may have. */
const HUGE = 200_000;
const ARRAY = many(HUGE, () => 0);
const MAP = members(HUGE, 0);

/** Counts how often members are read. */
function counted<T extends object>(value: T): { value: T; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(value, {
    get: (target, name, receiver) => {
      if (typeof name === 'string' && Object.hasOwn(target, name) && name !== 'length') reads++;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { value: proxy, reads: () => reads };
}

/** Returns the answer to this body, or undefined if it fits the schema. */
function answer(api: Api, schema: z.ZodType, body: string): ServiceException | undefined {
  class Controller {}
  Body(schema)(Controller.prototype, 'method', 0);
  try {
    parametersOf(Controller.prototype, 'method')[0]?.read({ path: {}, query: {}, body: Buffer.from(body) });
    return undefined;
  } catch (error) {
    if (error instanceof ServiceException) return error;
    if (error instanceof InvalidInput) return api.exceptions.invalidInput(error.violations, error.count);
    throw error;
  }
}

describe.each(INPUTS)('the input of $name', ({ api, schema, isBody, places }) => {
  test('has limits everywhere, and members of a collection that exceeds its limit are not read', () => {
    expect(() => requireBounds(schema)).not.toThrow();
    for (const { path, kind, bound, inputWith } of places) {
      expect({ path, bound }).toEqual({ path, bound: expect.any(Number) as unknown });
      if (kind === 'string') continue;
      const isArray = kind === 'array';
      for (const filling of [isArray ? many(bound + 1, () => 0) : members(bound + 1, 0), isArray ? ARRAY : MAP]) {
        const { value, reads } = counted<object>(filling);
        const result = schema.safeParse(inputWith(value));
        expect({ path, success: result.success, reads: reads() }).toEqual({ path, success: false, reads: 0 });
      }
    }
  });

  test('allows no null in a list or a map', () => {
    if (!isBody) return;
    for (const { path, kind, inputWith } of places) {
      if (kind === 'string') continue;
      const input = inputWith(kind === 'array' ? [null] : { AA: null });
      const error = answer(api, schema, JSON.stringify(input));
      expect({ path, refusal: error?.name }).toEqual({ path, refusal: 'SerializationException' });
    }
  });

  test('is refused with a short answer, whatever the body contains', () => {
    if (!isBody) return;
    for (const place of places) {
      const [before, after] = JSON.stringify(place.inputWith('HERE')).split('"HERE"') as [string, string];
      for (const filling of fillings(place)) {
        const error = answer(api, schema, `${before}${filling}${after}`);
        if (error === undefined) continue; // Some members accept any text.
        const body = restJsonBody(error) as { fieldList?: unknown[] };
        expect(['SerializationException', 'ValidationException']).toContain(error.name);
        expect(body.fieldList?.length ?? 0).toBeLessThanOrEqual(MAX_FAULTS);
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(ANSWER_BYTES);
      }
    }
  });
});

describe('requireBounds refuses a schema without a limit', () => {
  const text = z.string().max(5);
  test.each([
    ['a string', z.object({ a: z.string() }), 'The input/a has no bound'],
    ['a string of a pattern', z.object({ a: z.string().regex(/^a$/).optional() }), 'The input/a has no bound'],
    ['a string with a pattern', z.object({ a: z.array(z.boolean()) }), 'The input/a has no bound'],
    ['an array with only a minimum length', z.array(text).min(1), 'The input has no bound'],
    ['the members of an array', z.array(z.string()).max(5), 'The input[] has no bound'],
    ['a string with a default', z.object({ a: z.string().default('') }), 'The input/a has no bound'],
    ["zod's own record", z.record(text, text), 'The input has no bound'],
    ['the names in a map', map(z.string(), text, 5), 'The input{name} has no bound'],
    ['the values in a map', map(text, z.string(), 5), 'The input{} has no bound'],
    ['a type without a rule', z.object({ a: z.date() }), 'The input/a has a schema of type date'],
  ])('for %s', (_, schema, message) => {
    class Controller {}
    expect(() => Body(schema)(Controller.prototype, 'method', 0)).toThrow(message);
  });
});

describe('requireBoundedJson', () => {
  test.each([
    ['64 levels', `${'['.repeat(64)}${']'.repeat(64)}`],
    ['brackets and commas in a string', JSON.stringify('[,{'.repeat(30_000))],
    ['escaped quotes', JSON.stringify('",'.repeat(30_000))],
    ['a backslash before the end of a string', String.raw`["\\","\\\""]`],
    ['many levels side by side', `[${many(5000, () => '[]').join()}]`],
    ['an empty body', ''],
    ['an unterminated string', '"[,'],
  ])('accepts a body with %s', (_, body) => {
    expect(() => requireBoundedJson(Buffer.from(body))).not.toThrow();
  });

  test.each([
    ['65 levels of lists', '['.repeat(65), 'The request body is nested more than 64 levels deep.'],
    ['65 levels of objects', '{"a":'.repeat(65), 'The request body is nested more than 64 levels deep.'],
    ['too many members', `[${'0,'.repeat(20_000)}0]`, 'The request body has more than 20000 values.'],
    ['too many lists', `[${'[],'.repeat(10_001)}0]`, 'The request body has more than 20000 values.'],
    ['too many names', `{${many(20_001, (i) => `"${i}":0`).join()}}`, 'The request body has more than 20000 values.'],
    ['too many nulls', `[${'null,'.repeat(20_000)}0]`, 'The request body has more than 20000 values.'],
  ])('refuses a body with %s, even if it is not JSON', (_, body, message) => {
    expect(() => requireBoundedJson(Buffer.from(body))).toThrow(message);
  });
});

describe('an exception', () => {
  const schema = z.object({
    Items: z.array(z.string().max(3)).max(MAX_MEMBERS),
    Map: map(z.string().max(3), z.string().max(3), 5).optional(),
  });
  const refused = (input: object) => answer(CONTROL_PLANE, schema, JSON.stringify(input));

  test('lists ten faults and counts the others', () => {
    const error = refused({ Items: many(13, () => 'long') });
    expect(error?.message).toMatch(
      /^13 validation errors detected: \/Items\/0 must .*\/Items\/9 must be at most 3 characters long; and 3 more\.$/,
    );
    expect(restJsonBody(error!)).toMatchObject({ fieldList: { length: 10 } });
  });

  test('mentions no others if there are none', () => {
    expect(refused({ Items: many(10, () => 'long') })?.message).not.toContain('more');
  });

  test('reports the wrong type of the eleventh member rather than the ten faults before it', () => {
    const error = refused({ Items: [...many(10, () => 'long'), 5] });
    expect(error).toMatchObject({ name: 'SerializationException', message: '/Items/10 must be of type string.' });
  });

  test('truncates names that the caller chose', () => {
    const error = refused({ Items: [], Map: { ['n'.repeat(1000)]: '' } });
    expect(error?.message).toMatch(/^1 validation error detected: \/Map\/n{64}… /);
  });

  test('says how many members a map may have', () => {
    const error = refused({ Items: [], Map: members(6, '') });
    expect(error?.message).toBe('1 validation error detected: /Map must be at most 5 members long.');
  });
});
