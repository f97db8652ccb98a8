import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { bindRows } from '../../src/provider/bind-rows.js';
import { sealOf } from '../../src/provider/bound.subscriber.js';

/** A place for the data of one spec. */
export interface TestStore {
  /** The environment that points a service at this store. */
  env: { KEYBLOCK_DATA_DIR: string; DATABASE_URL?: string; KEYBLOCK_MASTER_KEY?: string };
  remove: () => Promise<void>;
}

/** A store in a database of the server that all specs share. */
export interface DatabaseStore extends TestStore {
  env: { KEYBLOCK_DATA_DIR: string; DATABASE_URL: string; KEYBLOCK_MASTER_KEY: string };
}

export const MASTER_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/**
 * Creates a database on the server of the run.
 *
 * @param options.schema 'migrated' copies the template, which has every table; 'none' is an empty database
 */
export async function newStore({ schema = 'migrated' }: { schema?: 'migrated' | 'none' } = {}): Promise<DatabaseStore> {
  const { url: server, template } = serverOfRun();
  const { path, remove } = newFolder();
  const name = `keyblock_test_${randomBytes(6).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name}${schema === 'migrated' ? ` TEMPLATE ${template}` : ''}`);
  return {
    env: { KEYBLOCK_DATA_DIR: path, DATABASE_URL: databaseUrl(server, name), KEYBLOCK_MASTER_KEY: MASTER_KEY },
    remove: async () => {
      remove();
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Creates an empty data directory, for a service that runs a database of its own. */
export function newDataDirectory(): TestStore {
  const { path, remove } = newFolder();
  const removed = () => {
    remove();
    return Promise.resolve();
  };
  return { env: { KEYBLOCK_DATA_DIR: path }, remove: removed };
}

/** Runs SQL as the owner of the database could, bypassing the triggers. */
export async function tamper(database: DataSource, sql: string, parameters: unknown[] = []): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query('SET LOCAL session_replication_role = replica');
    await manager.query(sql, parameters);
  });
}

/** Computes the MACs of all rows, as if the service had written what a spec wrote with SQL. */
export async function rebind(database: DataSource): Promise<void> {
  await database.transaction((manager) => bindRows(database, manager, sealOf(database)));
}

function newFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(ofRun('TEST_FOLDER'), 'keyblock-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function serverOfRun(): { url: string; template: string } {
  return { url: ofRun('TEST_SERVER_URL'), template: ofRun('TEST_TEMPLATE') };
}

/** Reads a variable that global-setup.js sets. */
function ofRun(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error('test/support/global-setup.js has not run');
  return value;
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
