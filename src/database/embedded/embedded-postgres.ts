import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { type DataDirectory, DataDirectoryError } from '../../config/data-directory.js';
import { endInTime, TIMEOUT_MS } from '../connection.js';
import { type Account, accountFor, endingWithParent, overwrite } from './account.js';
import { findBinaries, linkLibraries, POSTGRES_MAJOR, type PostgresBinaries, SET_DATABASE_URL } from './binaries.js';
import { DiskWatch, requireSpace } from './disk-watch.js';
import { disownLockFile, isReady, orphanOf } from './lock-file.js';

const USER = 'keyblock';
const DATABASE = 'keyblock';

/** Time limit for a start, which after a crash replays the WAL since the last checkpoint. */
const START_MS = 60_000;
const POLL_MS = 20;
/** Time limit for a fast shutdown, before an immediate one. */
const STOP_MS = 10_000;
/** Time limit for an immediate shutdown, before the server is killed. */
const QUIT_MS = 5000;
/** Delay before a server that exited is restarted; doubles with each failure up to the maximum. */
const RESTART_MS = 100;
const MAX_RESTART_MS = 5000;

/**
 * Number of connections: a pool and a listener for each process of the service, and others for commands, `psql` and
 * PostgreSQL's three reserved connections.
 */
const OTHER_CONNECTIONS = 25;

/**
 * Settings for little memory. Durability (fsync, full_page_writes, synchronous_commit) stays on, which is PostgreSQL's
 * default.
 */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '32MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  autovacuum_max_workers: 2,
  max_parallel_workers: 0,
  max_parallel_workers_per_gather: 0,
  max_logical_replication_workers: 0,
  io_method: 'sync',
  jit: 'off',
  huge_pages: 'off',
  // The service reports failed statements itself, without their text or values; so log only LOG, FATAL and PANIC.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '',
} as const;

/**
 * The PostgreSQL server of a data directory. This process starts it, restarts it when it exits, and stops it. It
 * listens only on a Unix socket in the directory.
 */
export class EmbeddedPostgres {
  readonly #binaries: PostgresBinaries;
  readonly #account: Account;
  readonly #env: NodeJS.ProcessEnv;
  #child?: ChildProcess;
  #isStopping = false;
  #restarting: Promise<void> = Promise.resolve();
  #disk?: DiskWatch;
  /** The last lines that PostgreSQL wrote, for the error if a start fails. */
  #lastLines: string[] = [];

  private constructor(
    private readonly directory: DataDirectory,
    private readonly connections: number,
    private readonly logger: Logger,
  ) {
    const { runPath, databasePath } = directory;
    this.#binaries = findBinaries();
    this.#account = accountFor(this.#binaries.postgres, [directory.path, dirname(runPath)], databasePath);
    const { ids } = this.#account;
    if (ids && statSync(directory.path).uid !== ids.uid) chmodSync(directory.path, 0o711);
    mkdirSync(runPath, { recursive: true, mode: 0o700 });
    this.#chown(runPath);
    const libraries = linkLibraries(this.#binaries, join(runPath, 'lib'));
    this.#chown(join(runPath, 'lib'));
    // Pass nothing of our own environment, which may hold the master key.
    this.#env = {
      PATH: process.env['PATH'],
      TZ: 'UTC',
      [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: libraries,
    };
  }

  /**
   * Starts the server of a data directory, and creates its database the first time.
   *
   * @param directory held by this process
   * @param connections number of connections of all service processes
   * @param stop      ends the start, and the server if it has been launched
   * @param creating  called before the database is created
   * @throws DataDirectoryError with PostgreSQL's reason if the server can't start
   * @throws the reason of `stop`
   */
  static async start(
    directory: DataDirectory,
    connections: number,
    logger: Logger,
    stop?: AbortSignal,
    creating?: () => void,
  ): Promise<EmbeddedPostgres> {
    const server = new EmbeddedPostgres(directory, connections, logger);
    await server.#stopOrphan();
    requireSpace(directory.path, !existsSync(directory.databasePath));
    if (existsSync(directory.databasePath)) {
      checkVersion(directory.databasePath);
    } else {
      creating?.();
      await server.#initialize();
    }
    await server.#launchAfterCrash(stop);
    server.#disk = await DiskWatch.start(directory.path, directory.databaseUrl, logger);
    return server;
  }

  /** Shuts the server down and terminates open connections. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#disk?.stop();
    await this.#restarting;
    if (this.#child) await this.#shutDown(this.#child);
  }

  async #shutDown(child: ChildProcess): Promise<void> {
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    const isLate = async (milliseconds: number) =>
      (await Promise.race([ended, pause(milliseconds, 'late' as const, { ref: false })])) === 'late';
    child.kill('SIGINT');
    if (!(await isLate(STOP_MS))) return;
    this.logger.error('the embedded database did not shut down in time and is stopped immediately');
    child.kill('SIGQUIT');
    // SIGKILL is the only signal that ends a suspended process.
    if (await isLate(QUIT_MS)) child.kill('SIGKILL');
    await ended;
    // Processes of the server that have not ended keep the pipe open.
    child.stderr?.destroy();
  }

  /**
   * Runs initdb in a temporary folder, so that a folder with the final name is always complete. Each run has a folder
   * of its own, because the processes of a killed initdb may live on for a while and remove theirs.
   */
  async #initialize(): Promise<void> {
    const { path, databasePath } = this.directory;
    this.logger.info('creating the embedded database');
    const prefix = `${basename(databasePath)}.new-`;
    for (const name of readdirSync(path).filter((name) => name.startsWith(prefix))) removeAbandoned(join(path, name));
    const unfinished = mkdtempSync(join(path, prefix));
    this.#chown(unfinished);
    const args = [
      `--pgdata=${unfinished}`,
      `--username=${USER}`,
      // Access to the folder of the socket is the authentication.
      '--auth-local=trust',
      '--auth-host=reject',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ];
    const child = this.#spawn(this.#binaries.initdb, args, endingWithParent());
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) {
      rmSync(unfinished, { recursive: true, force: true });
      throw this.#failure('could not be created', child);
    }
    // The settings are on the command line, so that those of a newer Keyblock apply to an older database too.
    overwrite(
      join(unfinished, 'postgresql.conf'),
      '# Settings that Keyblock gives on the command line override these.\n',
    );
    renameSync(unfinished, databasePath);
  }

  /** Starts the server, retrying while processes of a killed server still hold its shared memory. */
  async #launchAfterCrash(stop?: AbortSignal): Promise<void> {
    const deadline = performance.now() + STOP_MS;
    for (;;) {
      try {
        await this.#launch(stop);
        return;
      } catch (error) {
        if (!/shared memory block .* is still in use/.test((error as Error).message)) throw error;
        if (performance.now() > deadline) throw error;
        await pause(RESTART_MS);
      }
    }
  }

  /** Starts the server and returns once it accepts connections. */
  async #launch(stop?: AbortSignal): Promise<void> {
    stop?.throwIfAborted();
    const { databasePath, runPath } = this.directory;
    const settings = {
      ...SETTINGS,
      unix_socket_directories: runPath,
      max_connections: this.connections + OTHER_CONNECTIONS,
    };
    disownLockFile(databasePath);
    rmSync(join(runPath, '.s.PGSQL.5432.lock'), { force: true });
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = this.#spawn(this.#binaries.postgres, ['-D', databasePath, ...args], endingWithParent());
    this.#child = child;
    try {
      await this.#untilReady(child, stop);
      await createDatabase(this.directory.databaseUrl);
      if (hasEnded(child)) throw this.#failure('ended as soon as it had started', child);
    } catch (error) {
      await this.#shutDown(child);
      throw error;
    }
    child.once('exit', (code, signal) => {
      if (this.#isStopping) return;
      this.logger.error({ code, signal }, 'the embedded database exited and is restarted');
      this.#restarting = this.#restart();
    });
  }

  async #untilReady(child: ChildProcess, stop?: AbortSignal): Promise<void> {
    const deadline = performance.now() + START_MS;
    while (!isReady(this.directory.databasePath, child)) {
      if (hasEnded(child)) throw this.#failure('could not start', child);
      if (performance.now() > deadline) throw this.#failure(`did not start within ${START_MS / 1000} seconds`, child);
      stop?.throwIfAborted();
      await pause(POLL_MS);
    }
  }

  async #restart(): Promise<void> {
    let problem: string | undefined;
    for (let delay = RESTART_MS; !this.#isStopping; delay = Math.min(2 * delay, MAX_RESTART_MS)) {
      await pause(delay);
      try {
        await this.#launch();
        this.logger.info('the embedded database is running again');
        return;
      } catch (error) {
        const { message } = error as Error;
        if (message !== problem) this.logger.error({ error: message }, 'the embedded database does not start');
        problem = message;
      }
    }
  }

  #spawn(program: string, args: readonly string[], prefix: readonly string[] = []): ChildProcess {
    const [command = '', ...rest] = [...this.#account.prefix, ...prefix, program, ...args];
    this.#lastLines = [];
    const child = spawn(command, rest, {
      ...this.#account.ids,
      cwd: this.directory.runPath,
      env: this.#env,
      stdio: ['ignore', 'ignore', 'pipe'],
      // In its own process group, so that Ctrl-C reaches only the service, which then stops the server.
      detached: true,
    });
    child.once('error', (error) => this.#lastLines.push(error.message));
    createInterface({ input: child.stderr }).on('line', (line) => this.#log(line));
    return child;
  }

  /** Logs a line of PostgreSQL's log. */
  #log(line: string): void {
    this.#lastLines = [...this.#lastLines.slice(-9), line];
    const [, severity = 'LOG', message = line] = /^(LOG|FATAL|PANIC|DETAIL|HINT|CONTEXT): +(.*)$/.exec(line) ?? [];
    if (severity === 'PANIC') this.logger.error(`PostgreSQL: ${message}`);
    else if (severity === 'FATAL' && !this.#isStopping) this.logger.warn(`PostgreSQL: ${message}`);
    else this.logger.info(`PostgreSQL: ${message}`);
  }

  #failure(what: string, child: ChildProcess): DataDirectoryError {
    const remedy = couldNotBeRun(child)
      ? ` the PostgreSQL from npm does not run on this system; on Linux it needs glibc. ${SET_DATABASE_URL}.`
      : '';
    const reasons = this.#lastLines.map((line) => `\n  ${line}`).join('');
    return new DataDirectoryError(
      `The embedded database in ${this.directory.databasePath} ${what}:${remedy}${reasons}`,
    );
  }

  /** Doesn't follow a symbolic link, because the user to whom the folders are given could put one there. */
  #chown(path: string): void {
    if (this.#account.ids) lchownSync(path, this.#account.ids.uid, this.#account.ids.gid);
  }

  /**
   * Stops a server that a killed process left running. This process holds the directory's lock, so no other uses that
   * server.
   */
  async #stopOrphan(): Promise<void> {
    const { databasePath } = this.directory;
    const pid = orphanOf(databasePath);
    if (pid === undefined) return;
    this.logger.warn({ pid }, 'stopping the database that a killed process left running');
    signal(pid, 'SIGINT');
    const deadline = performance.now() + STOP_MS;
    while (orphanOf(databasePath) === pid) {
      if (performance.now() > deadline) signal(pid, 'SIGQUIT');
      await pause(POLL_MS);
    }
  }
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

/**
 * True if the system, or its loader, refused to run the program, judging by the exit codes of `setpriv`, `unshare` and
 * ld.so.
 */
function couldNotBeRun({ exitCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode === 126 || exitCode === 127;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function checkVersion(databasePath: string): void {
  const found = readFileSync(join(databasePath, 'PG_VERSION'), 'utf8').trim();
  if (found === String(POSTGRES_MAJOR)) return;
  throw new DataDirectoryError(
    `${databasePath} was created by PostgreSQL ${found}, and this version of Keyblock has PostgreSQL ${POSTGRES_MAJOR}. Dump it with ` +
      'the Keyblock that created it, move the folder away, and restore the dump into a new one: docs/operating.md, ' +
      '"Another version of the embedded database".',
  );
}

/** Creates the service's database unless it exists. */
async function createDatabase(databaseUrl: string): Promise<void> {
  const client = new pg.Client({
    connectionString: `${dirname(databaseUrl)}/postgres`,
    connectionTimeoutMillis: 2000,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => undefined); // the query in progress rejects
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await endInTime([client], () => client.end());
  }
}

/**
 * Removes the folder of an initdb that was killed. Its processes may still create files there: removal is repeated for a
 * while, and then left to them, because initdb removes its folder when it fails.
 */
function removeAbandoned(folder: string): void {
  for (let attempt = 0; attempt < 10; attempt++)
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 2 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
}
