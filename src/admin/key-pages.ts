import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { type Call, scopeOf } from '../call.js';

/** Number of keys per read, and limits on the keys and the time of one call. */
const READ_KEYS = 200;
const MAX_KEYS = 20_000;
const MAX_MS = 2000;

export const KEY_SORTS = ['Oldest', 'Newest', 'Alias', 'LongestUnused', 'LastUsed'] as const;
export type KeySort = (typeof KEY_SORTS)[number];

/** Tables of keys and of their aliases, and the column with the order of creation. */
const TABLES = {
  payment: { keys: 'keys', aliases: 'aliases', created: 'keys.sequence', createdType: 'bigint' },
  kms: { keys: 'kms_keys', aliases: 'kms_aliases', created: 'kms_keys.created_at', createdType: 'timestamptz' },
} as const;
export type KeyTable = keyof typeof TABLES;

/** The value of a key by which a list is sorted. */
interface Order {
  sql: string;
  type: string;
  direction: 'ASC' | 'DESC';
}

function orderOf(table: KeyTable, sort: KeySort): Order {
  const { keys, aliases, created, createdType } = TABLES[table];
  // Names begin with alias/, so keys without one come last.
  const alias = `coalesce((SELECT min(name COLLATE "C") FROM ${aliases} WHERE key_arn = ${keys}.arn), '~')`;
  const used = `coalesce((SELECT max(last_served_at) FROM key_use WHERE key_arn = ${keys}.arn), '-infinity')`;
  switch (sort) {
    case 'Oldest':
      return { sql: created, type: createdType, direction: 'ASC' };
    case 'Newest':
      return { sql: created, type: createdType, direction: 'DESC' };
    case 'Alias':
      return { sql: alias, type: 'text COLLATE "C"', direction: 'ASC' };
    case 'LongestUnused':
      return { sql: used, type: 'timestamptz', direction: 'ASC' };
    case 'LastUsed':
      return { sql: used, type: 'timestamptz', direction: 'DESC' };
  }
}

/** The position of a key in a sorted list: its value as text, and its ARN. */
const Position = z.tuple([z.string(), z.string()]);

export interface KeyPageOptions<Found> {
  table: KeyTable;
  sort: KeySort;
  /** Values of columns. */
  where: Readonly<Record<string, string | boolean>>;
  /** The position that the previous call returned. */
  after: string | undefined;
  /** Returns the keys with these ARNs that the caller may read, by ARN. */
  visible: (arns: readonly string[]) => Promise<ReadonlyMap<string, Found>>;
}

/** Reads sorted keys of a call's account and Region. */
@Injectable()
export class KeyPages {
  constructor(private readonly database: DataSource) {}

  /**
   * Reads keys until `take` has enough of them, or up to the limits of a call.
   *
   * @param take returns false when it needs no more keys
   * @returns the position of the last key that was read, if there may be more
   */
  async read<Found>(
    call: Call,
    options: KeyPageOptions<Found>,
    take: (found: Found) => boolean,
  ): Promise<string | undefined> {
    const deadlineMs = performance.now() + MAX_MS;
    let last = options.after;
    for (let read = 0; read < MAX_KEYS && performance.now() < deadlineMs; read += READ_KEYS) {
      const rows = await this.#rows(call, options, last);
      const visible = await options.visible(rows.map(({ arn }) => arn));
      for (const { arn, value } of rows) {
        last = JSON.stringify([value, arn]);
        const found = visible.get(arn);
        if (found !== undefined && !take(found)) return last;
      }
      if (rows.length < READ_KEYS) return undefined;
    }
    return last;
  }

  #rows(
    call: Call,
    { table, sort, where }: Pick<KeyPageOptions<unknown>, 'table' | 'sort' | 'where'>,
    after: string | undefined,
  ): Promise<{ arn: string; value: string }[]> {
    const { keys } = TABLES[table];
    const { sql, type, direction } = orderOf(table, sort);
    const { accountId, region } = scopeOf(call);
    const parameters: (string | boolean)[] = [accountId, region];
    const parameter = (value: string | boolean) => `$${parameters.push(value)}`;
    const conditions = Object.entries(where).map(([column, value]) => `${keys}.${column} = ${parameter(value)}`);
    if (after !== undefined) {
      const [value, arn] = Position.parse(JSON.parse(after));
      const comparison = direction === 'ASC' ? '>' : '<';
      conditions.push(`(${sql}, ${keys}.arn) ${comparison} (${parameter(value)}::${type}, ${parameter(arn)})`);
    }
    return this.database.query(
      `SELECT arn, (${sql})::text AS value FROM ${keys}
        WHERE ${['account_id = $1', 'region = $2', ...conditions].join(' AND ')}
        ORDER BY ${sql} ${direction}, arn ${direction} LIMIT ${READ_KEYS}`,
      parameters,
    );
  }
}
