import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { DataDirectory } from '../../dist/config/data-directory.js';
import { connect, migrate } from '../../dist/database/database.js';
import { EmbeddedPostgres } from '../../dist/database/embedded/embedded-postgres.js';

/**
 * Provides the PostgreSQL server of the run: the one of DATABASE_URL, or one that lives as long as the run. Creates a
 * template database with every table on it, which specs copy.
 *
 * @returns {Promise<void>} sets TEST_SERVER_URL and TEST_TEMPLATE
 */
export default async function globalSetup() {
  const { url, close } = await server();
  const template = `keyblock_template_${randomBytes(6).toString('hex')}`;
  await run(url, [`CREATE DATABASE ${template}`]);
  const database = await connect(Object.assign(new URL(url), { pathname: `/${template}` }).href);
  const nothing = () => Promise.resolve();
  await migrate(database, nothing, nothing);
  await database.destroy();
  Object.assign(process.env, { TEST_SERVER_URL: url, TEST_TEMPLATE: template });
  globalThis.closeTestServer = async () => {
    await run(url, [`DROP DATABASE ${template}`]);
    await close();
  };
}

async function server() {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, close: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-server-'));
  const directory = await DataDirectory.hold(folder);
  const postgres = await EmbeddedPostgres.start(directory, 30, pino({ level: 'silent' }));
  // Nothing in it outlives the run.
  await run(directory.databaseUrl, [
    ...['fsync', 'full_page_writes', 'synchronous_commit'].map((setting) => `ALTER SYSTEM SET ${setting} = off`),
    'SELECT pg_reload_conf()',
  ]);
  const close = async () => {
    await postgres.stop();
    await directory.close();
    rmSync(folder, { recursive: true });
  };
  return { url: directory.databaseUrl, close };
}

async function run(url, statements) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
