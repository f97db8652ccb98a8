import pg from 'pg';
import { TIMEOUT_MS } from '../../database/connection.js';
import { Primary } from '../../database/primary.js';
import type { Facts } from './manifest.js';

/** Table of the running processes, whose rows a dump omits because they don't serve a restored database. */
export const NODES = 'nodes';

/**
 * Runs work on a connection to the primary that sees one snapshot of a database for as long as the work takes.
 *
 * @param urls of the database's hosts
 * @param work gets the connection, and the URL of its host
 */
export async function inSnapshot<T>(
  urls: readonly string[],
  work: (client: pg.Client, url: string) => Promise<T>,
): Promise<T> {
  const primary = new Primary(urls);
  const client = await primary.connect({
    application_name: 'keyblock command',
    connectionTimeoutMillis: TIMEOUT_MS,
  });
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await client.query('SET LOCAL statement_timeout = 0');
    return await work(client, primary.url);
  } finally {
    await client.end();
  }
}

/** Exports the snapshot of a connection, for other connections to import while it lasts. */
export async function exportSnapshot(client: pg.Client): Promise<string> {
  return (await rowsOf<{ id: string }>(client, 'SELECT pg_export_snapshot() AS id')).map(({ id }) => id).join();
}

/** Names the partitions of the audit log that have only rows of earlier days. @param before ISO 8601 */
export async function auditPartitionsBefore(client: pg.Client, before: string): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    client,
    `SELECT part.relname AS name FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
      WHERE inhparent = 'audit_log'::regclass
        AND substring(pg_get_expr(part.relpartbound, part.oid) FROM $$TO \\('(.+)'\\)$$)::date <= $1::date`,
    [before],
  );
  return rows.map(({ name }) => name);
}

/**
 * Reads the contents of a manifest. Tables that are missing leave their part empty.
 *
 * @param leftOut partitions whose rows don't count
 */
export async function readFacts(client: pg.Client, leftOut: readonly string[] = []): Promise<Facts> {
  const names = await tableNames(client);
  const ifThere = <T extends object>(table: string, sql: string): Promise<T[]> =>
    names.includes(table) ? rowsOf<T>(client, sql) : Promise.resolve([]);
  const [time] = await rowsOf<{ now: Date }>(client, 'SELECT now() AS now');
  const migrations = await ifThere<{ name: string }>('migrations', 'SELECT name FROM migrations ORDER BY id');
  const masterKeys = await ifThere<{ id: string }>('master_key', 'SELECT id FROM master_key ORDER BY created_at, id');
  const chains = await ifThere<{ chain: number; sequence: string; hash: string }>(
    'audit_chains',
    'SELECT chain, sequence, hash FROM audit_chains ORDER BY chain',
  );
  const [epoch] = await ifThere<{ n: string }>('change_epoch', 'SELECT n FROM change_epoch');
  const tables: Facts['tables'] = [];
  for (const name of names) {
    const [counted] = await rowsOf<{ rows: string }>(
      client,
      `SELECT count(*) AS rows FROM ${pg.escapeIdentifier(name)} WHERE tableoid <> ALL ($1::regclass[])`,
      [leftOut],
    );
    tables.push({ name, rows: Number(counted?.rows) });
  }
  return {
    takenAt: (time?.now ?? new Date(NaN)).toISOString(),
    migrations: migrations.map(({ name }) => name),
    masterKeys: masterKeys.map(({ id }) => id),
    tables,
    chains: chains.map(({ chain, sequence, hash }) => ({ chain, sequence: Number(sequence), hash })),
    epoch: Number(epoch?.n ?? 0),
  };
}

/** Names the tables that hold data, partitioned ones once. */
async function tableNames(client: pg.Client): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    client,
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::text::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      ORDER BY relname COLLATE "C"`,
  );
  return rows.map(({ name }) => name).filter((name) => name !== NODES);
}

export async function rowsOf<T extends object>(client: pg.Client, sql: string, values: unknown[] = []): Promise<T[]> {
  return (await client.query<T>(sql, values)).rows;
}
