import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, lchownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { chooseFor, findPgDumps, type PgDump } from '../../src/cli/backup/pg-dump.js';
import { accountFor } from '../../src/database/embedded/account.js';
import { type DatabaseStore, MASTER_KEY } from './database.js';

/** A server whose databases can be dumped and restored with the programs of this machine. */
export class DumpServer {
  readonly #databases: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'keyblock-dumps-'));

  constructor(
    private readonly url: string,
    private readonly pgRestore: string,
    private readonly stopServer: () => Promise<void>,
  ) {}

  /** Returns a store in a new database, empty or a copy of another one to which nobody is connected. */
  async newStore(template?: DatabaseStore): Promise<DatabaseStore> {
    const name = `keyblock_dump_${randomBytes(6).toString('hex')}`;
    const copied = template ? ` TEMPLATE ${new URL(template.env.DATABASE_URL).pathname.slice(1)}` : '';
    await run(this.url, `CREATE DATABASE ${name}${copied}`);
    this.#databases.push(name);
    const DATABASE_URL = Object.assign(new URL(this.url), { pathname: `/${name}` }).href;
    return {
      env: { KEYBLOCK_DATA_DIR: this.#folder, DATABASE_URL, KEYBLOCK_MASTER_KEY: MASTER_KEY },
      remove: () => this.#drop(name),
    };
  }

  /** Restores a dump into a new database. */
  async restore(dump: string): Promise<DatabaseStore> {
    const store = await this.newStore();
    await promisify(execFile)(this.pgRestore, ['--exit-on-error', '-d', store.env.DATABASE_URL, dump]);
    return store;
  }

  async stop(): Promise<void> {
    for (const name of [...this.#databases]) await this.#drop(name);
    await this.stopServer();
    rmSync(this.#folder, { recursive: true });
  }

  async #drop(name: string): Promise<void> {
    if (!this.#databases.includes(name)) return;
    await run(this.url, `DROP DATABASE ${name} WITH (FORCE)`);
    this.#databases.splice(this.#databases.indexOf(name), 1);
  }
}

/** Runs SQL as a superuser, without triggers. */
export async function run(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Returns the server of the run if this machine has a pg_dump for it. Otherwise starts one of the version of an
 * installed pg_dump.
 *
 * @returns undefined if PostgreSQL is not installed
 */
export async function dumpServer(): Promise<DumpServer | undefined> {
  const url = process.env['TEST_SERVER_URL'] ?? '';
  const installed = findPgDumps().filter((dump) => existsSync(beside(dump, 'pg_restore')));
  const fitting = chooseFor(await majorOf(url), installed);
  if (fitting) return new DumpServer(url, beside(fitting, 'pg_restore'), () => Promise.resolve());
  const complete = installed.find((dump) => existsSync(beside(dump, 'initdb')) && existsSync(beside(dump, 'postgres')));
  return complete && startServer(complete);
}

function beside({ path }: PgDump, program: string): string {
  return join(dirname(path), program);
}

async function majorOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    return Math.floor(Number(rows[0]!.server_version_num) / 10_000);
  } finally {
    await client.end();
  }
}

async function startServer(dump: PgDump): Promise<DumpServer> {
  const folder = mkdtempSync(join(process.env['TEST_FOLDER'] ?? tmpdir(), 'keyblock-server-'));
  chmodSync(folder, 0o711);
  const [data, socket] = [join(folder, 'data'), join(folder, 'run')];
  const { ids, prefix } = accountFor(beside(dump, 'postgres'), [folder], data);
  for (const path of [data, socket]) {
    mkdirSync(path, { mode: 0o700 });
    if (ids) lchownSync(path, ids.uid, ids.gid);
  }
  const options = { ...ids, cwd: folder, env: { PATH: process.env['PATH'], TZ: 'UTC' } };
  const command = (program: string, ...args: string[]) => {
    const [first = '', ...others] = [...prefix, beside(dump, program), ...args];
    return [first, others] as const;
  };
  const made = spawnSync(...command('initdb', '-D', data, '-U', 'keyblock', '-A', 'trust', '--no-sync'), {
    ...options,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  const settings = ['listen_addresses=', `unix_socket_directories=${socket}`, 'fsync=off', 'shared_buffers=16MB'];
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(...command('postgres', ...args), { ...options, stdio: 'ignore' });
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true });
  };
  const url = `postgresql://keyblock@${encodeURIComponent(socket)}/postgres`;
  try {
    await untilItAnswers(url, server);
    return new DumpServer(url, beside(dump, 'pg_restore'), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilItAnswers(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    try {
      await majorOf(url);
      return;
    } catch (error) {
      if (server.exitCode !== null) throw error;
      await pause(20);
    }
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
}
