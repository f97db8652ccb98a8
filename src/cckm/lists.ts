import { z } from 'zod';
import { MAX_CHARACTERS } from '../http/bounds.js';

/** Maximum page size, which `limit=-1` selects. */
const MAX_LIMIT = 2000;
const DEFAULT_LIMIT = 10;

/** A filter of a list: a value, or several of which one must match. */
const text = z.string().max(MAX_CHARACTERS);
export const Filter = z.union([text, z.array(text).max(50)]).optional();
export type Filter = z.infer<typeof Filter>;

/** The members of a list's query that select a page. */
export const Paging = z.object({
  skip: z.coerce
    .number<string>()
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .meta({ description: 'Entries to skip; 0 by default.' }),
  limit: z.coerce
    .number<string>()
    .int()
    .min(-1)
    .max(1_000_000_000)
    .optional()
    .meta({
      description: `Maximum number of entries to return; 10 by default. -1 and numbers above ${MAX_LIMIT} mean ${MAX_LIMIT}.`,
    }),
  sort: text
    .optional()
    .meta({ description: 'Names of fields, separated by commas; a - before a name reverses its order.' }),
});
export type Paging = z.infer<typeof Paging>;

/** The schema of a list envelope. @param id name of the schema */
export const envelope = <T extends z.ZodType>(id: string, resource: T) =>
  z.object({ skip: z.int(), limit: z.int(), total: z.int(), resources: z.array(resource) }).meta({ id });

export interface Envelope<T> {
  skip: number;
  limit: number;
  /** Number of all matches. */
  total: number;
  resources: T[];
}

type Sortable = string | number | boolean | undefined;

/** Functions that return the sort key of an item, by field name. */
export type SortFields<T> = Readonly<Record<string, (item: T) => Sortable>>;

/** Returns a page of a list. Fields that can't be used for sorting are ignored. */
export function pageOf<T>(
  items: readonly T[],
  { skip = 0, limit = DEFAULT_LIMIT, sort = '' }: Paging,
  fields: SortFields<T>,
): Envelope<T> {
  const size = limit < 0 ? MAX_LIMIT : Math.min(limit, MAX_LIMIT);
  const order = sort.split(',').map((field) => ({
    valueOf: own(fields, field.trim().replace(/^-/, '')),
    sign: field.trim().startsWith('-') ? -1 : 1,
  }));
  const sorted = items.toSorted((a, b) => {
    for (const { valueOf, sign } of order) {
      const difference = valueOf ? compare(valueOf(a), valueOf(b)) : 0;
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
  return { skip, limit, total: items.length, resources: sorted.slice(skip, skip + size) };
}

function own<T>(fields: SortFields<T>, name: string): SortFields<T>[string] | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function compare(a: Sortable = '', b: Sortable = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** True if a filter is absent or empty, or if the item has one of its values. Clients write booleans as true or True. */
export function matches(filter: Filter, ...values: readonly Sortable[]): boolean {
  const wanted = [filter ?? []].flat().filter((value) => value !== '');
  if (wanted.length === 0) return true;
  return values.some((value) => {
    if (typeof value === 'boolean') return wanted.some((text) => text.toLowerCase() === String(value));
    return value !== undefined && wanted.includes(String(value));
  });
}

/** True if a filter has a value. */
export function isSet(filter: Filter): boolean {
  return filter !== undefined && filter.length > 0;
}
