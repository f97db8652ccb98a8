import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';

/** A file system in memory, in which PostgreSQL creates a database five times as fast. */
const MEMORY = '/dev/shm';
const MEMORY_BYTES = 2 ** 31;
const BUILD = fileURLToPath(new URL('../../scripts/build.js', import.meta.url));

/**
 * Builds the service, which specs load from dist/, if its sources have changed. Provides the PostgreSQL server of the
 * run: the server at DATABASE_URL, or one that lives as long as the run. Creates a template database with every table,
 * which specs copy.
 *
 * @returns {Promise<void>} sets TEST_FOLDER, TEST_SERVER_URL and TEST_TEMPLATE
 */
export default async function globalSetup() {
  execFileSync(process.execPath, [BUILD, '--if-changed'], { stdio: ['ignore', 2, 2] });
  const { connect, migrate } = await import('../../dist/database/database.js');
  process.env.TEST_FOLDER = hasRoom(MEMORY) ? MEMORY : tmpdir();
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

function hasRoom(folder) {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= MEMORY_BYTES;
}

async function server() {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, close: () => Promise.resolve() };
  const { DataDirectory } = await import('../../dist/config/data-directory.js');
  const { EmbeddedPostgres } = await import('../../dist/database/embedded/embedded-postgres.js');
  const folder = mkdtempSync(join(process.env.TEST_FOLDER, 'keyblock-server-'));
  const directory = await DataDirectory.hold(folder, 'service');
  const postgres = await EmbeddedPostgres.start(directory, 330, pino({ level: 'silent' }));
  // The data need not survive a crash, because nothing outlives the run.
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
