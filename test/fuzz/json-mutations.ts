import fc from 'fast-check';
import { type Mutation, mutation } from './mutations.js';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const KINDS = ['delete', 'replace', 'move', 'borrow', 'wrap', 'rename', 'repeat', 'text', 'name'] as const;

/** Values that a member doesn't expect: each JSON type, and the numbers and texts at which code tends to break. */
const VALUES: readonly Json[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, '', ' ', '0', '\0', '\u{1f600}', '\ud800', '__proto__'],
  ...['constructor', '*', '../..', "'; --", 'alias/', 'alias/demo/none', 'AKIADEMO000000UPDATE', [], {}, [[]], [null]],
  { constructor: { prototype: {} } },
];
const NAMES = ['', '__proto__', 'constructor', 'toString', 'length', '0', '\0', 'KeyIdentifier', 'KeyArn', 'KeyId'];
/** Characters that a careless check accepts as a digit or a letter, and those that other syntaxes give a meaning. */
const CHARACTERS = ['\0', '\n', ' ', '%', '/', '\\', '"', '{', '+', '-', 'G', 'f', '0', '9', '٠', '０', 'ⅷ', '\ud800'];

interface Place {
  parent: Json[] | { [name: string]: Json };
  name: string | number;
}

/**
 * Makes one to four changes to the members of a valid input.
 *
 * @param donors other valid inputs, from which members are borrowed
 */
export function mutatedJson(valid: Json, donors: readonly Json[]): fc.Arbitrary<Json> {
  const borrowed = donors.flatMap((donor) => placesOf([structuredClone(donor)]).map(valueAt));
  return fc.array(mutation(KINDS), { minLength: 1, maxLength: 4 }).map((changes) => {
    const root: Json[] = [structuredClone(valid)];
    for (const change of changes) changeJson(root, borrowed, change);
    return root[0] ?? null;
  });
}

function changeJson(root: Json[], borrowed: readonly Json[], { kind, a, b, c, d }: Mutation<(typeof KINDS)[number]>) {
  const places = placesOf(root);
  const place = places[a % places.length];
  if (!place) return;
  const { parent, name } = place;
  const value = valueAt(place);
  const other = places[b % places.length] as Place;
  switch (kind) {
    case 'delete':
      remove(place);
      break;
    case 'replace':
      put(place, structuredClone(VALUES[b % VALUES.length] as Json));
      break;
    case 'move':
      put(place, structuredClone(valueAt(other)));
      break;
    case 'borrow':
      put(place, structuredClone(borrowed[b % borrowed.length] ?? null));
      break;
    case 'wrap':
      put(place, c % 2 === 0 ? [value] : { [name]: value });
      break;
    case 'rename':
      remove(place);
      put({ parent, name: Array.isArray(parent) ? parent.length : other.name }, value);
      break;
    case 'repeat':
      if (typeof value === 'string') put(place, value.repeat(1 + (d % 50)));
      else
        put(
          place,
          Array.from({ length: 1 + (d % 300) }, () => structuredClone(value)),
        );
      break;
    case 'text':
      if (typeof value === 'string') put(place, changedText(value, b, c, d));
      break;
    case 'name':
      put({ parent, name: Array.isArray(parent) ? 0 : (NAMES[b % NAMES.length] as string) }, value);
      break;
  }
}

function changedText(text: string, b: number, c: number, d: number): string {
  const at = b % (text.length + 1);
  const character = CHARACTERS[c % CHARACTERS.length] as string;
  const deleted = d % 3 === 0 ? 0 : 1 + (d % 4);
  return text.slice(0, at) + (d % 2 === 0 ? character : '') + text.slice(at + deleted);
}

/** Lists every member of a value, to any depth. */
function placesOf(parent: Place['parent']): Place[] {
  return Object.keys(parent).flatMap((key) => {
    const place = { parent, name: Array.isArray(parent) ? Number(key) : key };
    const value = valueAt(place);
    return [place, ...(typeof value === 'object' && value !== null ? placesOf(value) : [])];
  });
}

function valueAt({ parent, name }: Place): Json {
  return (parent as Record<string | number, Json>)[name] as Json;
}

/** Sets a member by defining it, because an assignment to `__proto__` would set the prototype. */
function put({ parent, name }: Place, value: Json): void {
  Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
}

function remove({ parent, name }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else Reflect.deleteProperty(parent, name);
}
