import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type pg from 'pg';
import { EXIT, Failure } from '../failure.js';

const PROGRAM = 'pg_dump';
/** Time limit for a program to print its version. */
const VERSION_MS = 10_000;
/** The last characters that pg_dump wrote to stderr, for the message of a failure. */
const MAX_OUTPUT = 4000;

/** Parameters of a database URL that libpq also takes from its environment. */
const TLS = { sslmode: 'PGSSLMODE', sslrootcert: 'PGSSLROOTCERT', sslcert: 'PGSSLCERT', sslkey: 'PGSSLKEY' };

/** An installed pg_dump. */
export interface PgDump {
  path: string;
  /** Major version of PostgreSQL. */
  major: number;
}

/**
 * Finds the installed programs: first in the folders of Debian's and Red Hat's packages, which allow several versions,
 * then in PATH.
 */
export function findPgDumps(folders: readonly string[] = programFolders()): PgDump[] {
  return folders
    .map((folder) => join(folder, PROGRAM))
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const major = majorOf(path);
      return major === undefined ? [] : [{ path, major }];
    });
}

/**
 * Chooses the program for a server: the oldest one that isn't older than the server, because pg_dump refuses a newer
 * server, and pg_restore an archive of a newer pg_dump.
 */
export function chooseFor(server: number, found: readonly PgDump[]): PgDump | undefined {
  return found.filter(({ major }) => major >= server).sort((a, b) => a.major - b.major)[0];
}

function programFolders(): string[] {
  return [
    ...namesIn('/usr/lib/postgresql').map((name) => join('/usr/lib/postgresql', name, 'bin')),
    ...namesIn('/usr')
      .filter((name) => name.startsWith('pgsql-'))
      .map((name) => join('/usr', name, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
  ];
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function majorOf(path: string): number | undefined {
  try {
    const text = execFileSync(path, ['--version'], {
      encoding: 'utf8',
      timeout: VERSION_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [, major] = /\(PostgreSQL\) (\d+)/.exec(text) ?? [];
    return major === undefined ? undefined : Number(major);
  } catch {
    return undefined;
  }
}

/**
 * Returns the environment in which a program of PostgreSQL connects to the server of a connection. It contains the
 * password, which must not be an argument, and only libpq's variables from our own environment, which may hold the
 * master key.
 *
 * @param url of the connection; only the parameters of TLS are read from it
 */
export function libpqEnvironment(
  { host, port, user, database, password }: Pick<pg.Client, 'host' | 'port' | 'user' | 'database' | 'password'>,
  url: string,
): NodeJS.ProcessEnv {
  const parameters = new URLSearchParams(url.split('?')[1]);
  const tls = Object.entries(TLS).flatMap(([name, variable]) => {
    const value = parameters.get(name);
    // The driver's name for a connection with an unverified certificate, which libpq calls require.
    return value === null ? [] : [[variable, value === 'no-verify' ? 'require' : value] as const];
  });
  const own = Object.entries(process.env).filter(([name]) => name === 'PATH' || name.startsWith('PG'));
  return {
    ...Object.fromEntries(own),
    ...Object.fromEntries(tls),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    ...(password && { PGPASSWORD: password }),
    LC_ALL: 'C',
  };
}

/**
 * Dumps a database in the custom format of pg_restore.
 *
 * @param snapshot   exported by a connection that stays open
 * @param file       exists already, with the access rights of the dump
 * @param withoutRows tables of which only the definition is dumped
 * @throws Failure with what pg_dump wrote
 */
export async function runPgDump(
  { path }: PgDump,
  env: NodeJS.ProcessEnv,
  { snapshot, file, withoutRows }: { snapshot: string; file: string; withoutRows: readonly string[] },
): Promise<void> {
  const args = [
    ...['--format=custom', '--no-password', `--snapshot=${snapshot}`],
    ...withoutRows.map((table) => `--exclude-table-data=${table}`),
    `--file=${file}`,
  ];
  const child = spawn(path, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-MAX_OUTPUT)));
  const ended = await new Promise<string | number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (ended !== 0)
    throw new Failure(EXIT.unavailable, `${path} ended with ${ended}. Nothing was kept.\n${output.trim()}`);
}
