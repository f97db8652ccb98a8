import { z } from 'zod';

/**
 * Helpers for building schemas, and wire types that all APIs share. `format: 'password'` marks members that the models
 * call sensitive.
 */

const HEX = /^[0-9a-fA-F]+$/;
const WHOLE_BYTES = /^(?:[0-9a-fA-F][0-9a-fA-F])+$/;

/** Hexadecimal, `min` to `max` characters. */
export const hex = (min: number, max: number) => z.string().min(min).max(max).regex(HEX, 'must be hexadecimal digits');

/** Hexadecimal of whole bytes, `min` to `max` characters. */
export const hexBytes = (min: number, max: number) =>
  z.string().min(min).max(max).regex(WHOLE_BYTES, 'must be an even number of hexadecimal digits');

export const digits = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[0-9]+$/, 'must be digits');

/** Marks a member as sensitive: no log and no message may contain it. */
export const sensitive = <T extends z.ZodType>(schema: T): T => schema.meta({ format: 'password' });

/** A union: exactly one of the members. Unknown members don't count. */
export const union = <T extends z.ZodRawShape>(id: string, members: T) =>
  z
    .object(members)
    .partial()
    .refine((value) => Object.values(value).filter((member) => member !== undefined).length === 1, {
      error: `must have exactly one member of ${Object.keys(members).join(', ')}`,
    })
    .meta({ id, minProperties: 1, maxProperties: 1 });

/** The member of a union that is present. TypeScript narrows the type of `value` by `name`. */
export type MemberOf<T, K extends keyof T = keyof T> = { [P in K]: { name: P; value: T[P] } }[K];

export function memberOf<T extends object>(union: T): MemberOf<Required<T>> {
  const [[name, value]] = Object.entries(union) as [[string, unknown]];
  return { name, value } as MemberOf<Required<T>>;
}

/** The output of operations that return nothing. */
export const Nothing = z.object({}).meta({ id: 'Nothing' });
export type Nothing = z.infer<typeof Nothing>;

export const Timestamp = z.number().meta({ description: 'Seconds since 1970-01-01T00:00:00Z, with milliseconds.' });
/** Converts a date to a Timestamp. */
export function epochSeconds(date: Date): number {
  return date.getTime() / 1000;
}

export const NextToken = z.string().min(1).max(8192);
export const MaxResults = z.int().min(1).max(100);

/** Text that PostgreSQL stores unchanged: no NUL, and no lone surrogate. */
export const wellFormed = <T extends z.ZodString>(schema: T) =>
  schema.refine((text) => !text.includes('\0') && !/\p{Cs}/u.test(text), 'must be well-formed Unicode without NUL');

/** Account and Region in the examples of the OpenAPI documents. The service substitutes its own when it serves them. */
export const EXAMPLE_SCOPE = { accountId: '000000000000', region: 'us-east-1' } as const;
/** Second Region in the examples. The service substitutes another Region that it serves. */
export const EXAMPLE_REPLICATION_REGION = 'eu-west-1';
