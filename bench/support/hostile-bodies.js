/** Bodies that are as expensive to refuse as a caller can make them. */

const LIMIT = 1_048_576 - 1024;

const many = (count, item) => Array.from({ length: count }, (_, i) => item(i));
const members = (count, value) => Object.fromEntries(many(count, (i) => [`K${i}`, value]));
const nested = (open, close, levels) => open.repeat(levels) + '0' + close.repeat(levels);

/** Bodies that cost something before any schema is applied. */
const ANYWHERE = {
  'nested lists': nested('[', ']', LIMIT / 2),
  'nested objects': nested('{"":', '}', LIMIT / 6),
  'small objects with nulls': `{"a":[${many(LIMIT / 11, () => '{"a":null}').join()}]}`,
  'unknown members': `{${many(LIMIT / 12, (i) => `"${i.toString(36)}":null`).join()}}`,
  'as many nulls as a body may have': `{"a":[${many(6000, () => '{"a":null}').join()}]}`,
  'one string of escapes': `{"a":"${'\\u0000'.repeat(LIMIT / 6 - 2)}"}`,
};

/**
 * Lists bodies for an operation: each fills one array, map or string of its input. Adds the bodies of ANYWHERE.
 *
 * @param {object}           schema of the body
 * @param {(ref:  string) => object} resolve
 * @returns {[what: string, body: string][]}
 */
export function hostileBodies(schema, resolve) {
  const bodies = placesOf(schema, resolve).flatMap(({ path, kind, bound, inputWith }) => {
    const [before, after] = JSON.stringify(inputWith('HERE')).split('"HERE"');
    return Object.entries(FILLINGS[kind](bound)).map(([what, text]) => [`${path}: ${what}`, before + text + after]);
  });
  return [...Object.entries(ANYWHERE), ...bodies];
}

const long = (count) => 'x'.repeat(LIMIT / (count + 1) - 20);
const FILLINGS = {
  array: (bound) => ({
    'many numbers': `[${'0,'.repeat(LIMIT / 2 - 500)}0]`,
    'many empty strings': `[${'"",'.repeat(LIMIT / 3 - 500)}""]`,
    'long strings': JSON.stringify(many(bound, () => long(bound))),
    'empty objects': JSON.stringify(many(bound, () => ({}))),
    'as many as a body may have': JSON.stringify(many(19_000, () => '')),
  }),
  map: (bound) => ({
    'many numbers': `{${many(LIMIT / 12, (i) => `"${i.toString(36)}":0`).join()}}`,
    'long strings': JSON.stringify(members(bound, long(bound))),
    numbers: JSON.stringify(members(bound, 0)),
    lists: JSON.stringify(
      members(
        bound,
        many(Math.floor(18_000 / bound), () => 0),
      ),
    ),
    'a long name': JSON.stringify({ ['x'.repeat(LIMIT - 1000)]: '' }),
  }),
  string: () => ({
    letters: JSON.stringify('a'.repeat(LIMIT - 1000)),
    digits: JSON.stringify('0'.repeat(LIMIT - 1000)),
    'an e-mail address': JSON.stringify(`a@${'a.'.repeat(LIMIT / 2 - 1000)}`),
  }),
};

/** Lists the arrays, maps and strings of a JSON Schema, to any depth. */
function placesOf(schema, resolve, path = '', inputWith = (value) => value) {
  if (schema.$ref) return placesOf(resolve(schema.$ref), resolve, path, inputWith);
  if (schema.allOf) return schema.allOf.flatMap((part) => placesOf(part, resolve, path, inputWith));
  if (schema.type === 'string' && !schema.enum) return [{ path, kind: 'string', inputWith }];
  if (schema.type === 'array')
    return [
      { path, kind: 'array', bound: schema.maxItems, inputWith },
      ...placesOf(schema.items, resolve, `${path}[]`, (value) => inputWith([value])),
    ];
  if (schema.type !== 'object') return [];
  if (schema.propertyNames)
    return [
      { path, kind: 'map', bound: schema.maxProperties, inputWith },
      ...placesOf(schema.additionalProperties, resolve, `${path}{}`, (value) => inputWith({ AA: value })),
    ];
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    placesOf(member, resolve, `${path}/${name}`, (value) => inputWith({ [name]: value })),
  );
}
