import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';

/** An empty place for data, of the kind that the run is for: PostgreSQL where DATABASE_URL is set, else embedded. */
export interface TestStore {
  /** The environment that points a service at it. */
  env: { KEYBLOCK_DATA_DIR: string; DATABASE_URL?: string; KEYBLOCK_MASTER_KEY?: string };
  isPostgres: boolean;
  remove: () => Promise<void>;
}

export const MASTER_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/** @param options.folder what an embedded one's has: an empty database and a master key, or nothing, as at the very first start */
export async function newStore({ folder = 'made' }: { folder?: 'made' | 'empty' } = {}): Promise<TestStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'keyblock-'));
  const removeDirectory = () => {
    rmSync(dataDir, { recursive: true, force: true });
  };
  const server = process.env['DATABASE_URL'];
  if (!server) {
    const template = process.env['PGLITE_TEMPLATE'];
    if (template === undefined) throw new Error('test/support/global-setup.js has not run');
    if (folder === 'made') {
      cpSync(template, join(dataDir, 'postgres'), { recursive: true });
      writeFileSync(join(dataDir, 'master-key'), randomBytes(32).toString('hex'), { mode: 0o600 });
    }
    return {
      env: { KEYBLOCK_DATA_DIR: dataDir },
      isPostgres: false,
      remove: () => {
        removeDirectory();
        return Promise.resolve();
      },
    };
  }
  const name = `keyblock_test_${randomBytes(6).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    env: { KEYBLOCK_DATA_DIR: dataDir, DATABASE_URL: url.href, KEYBLOCK_MASTER_KEY: MASTER_KEY },
    isPostgres: true,
    remove: async () => {
      removeDirectory();
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** SQL as who owns the database may run it, past the triggers. */
export async function tamper(database: DataSource, sql: string, parameters: unknown[] = []): Promise<void> {
  await database.transaction(async (manager) => {
    await manager.query('SET LOCAL session_replication_role = replica');
    await manager.query(sql, parameters);
  });
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
