import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { chooseFor, findPgDumps, libpqEnvironment, runPgDump } from './pg-dump.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-pg-dump-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes a pg_dump into a folder of its own, and returns the folder. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'pg_dump'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(path, 'pg_dump'), 0o755);
  return path;
}

describe('findPgDumps', () => {
  test('finds programs with their versions, and skips files that are not programs', () => {
    const debian = program('15', "echo 'pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)'");
    const beta = program('19', "echo 'pg_dump (PostgreSQL) 19beta1'");
    const broken = program('broken', 'exit 1');
    const other = program('other', "echo 'pg_dump 15'");
    expect(findPgDumps([join(folder, 'missing'), debian, broken, other, beta])).toEqual([
      { path: join(debian, 'pg_dump'), major: 15 },
      { path: join(beta, 'pg_dump'), major: 19 },
    ]);
  });
});

describe('chooseFor', () => {
  const found = [18, 14, 17, 15].map((major) => ({ path: `/${major}`, major }));

  test.each([
    [14, 14],
    [15, 15],
    [16, 17],
    [18, 18],
  ])('for a server of version %i chooses version %i', (server, major) => {
    expect(chooseFor(server, found)).toEqual({ path: `/${major}`, major });
  });

  test('chooses none that is older than the server', () => {
    expect(chooseFor(19, found)).toBeUndefined();
    expect(chooseFor(14, [])).toBeUndefined();
  });
});

describe('libpqEnvironment', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = before;
  });
  const environmentFor = (url: string) => libpqEnvironment(new pg.Client({ connectionString: url }), url);

  test("contains the password and libpq variables, and none of the service's own", () => {
    process.env = { PATH: '/bin', PGSSLCRL: '/crl.pem', PGHOST: 'elsewhere', KEYBLOCK_MASTER_KEY: 'secret' };
    expect(environmentFor('postgresql://ann:p%40ss@db:5433/keys')).toEqual({
      ...{ PATH: '/bin', PGSSLCRL: '/crl.pem', LC_ALL: 'C' },
      ...{ PGHOST: 'db', PGPORT: '5433', PGUSER: 'ann', PGDATABASE: 'keys', PGPASSWORD: 'p@ss' },
    });
  });

  test('has the folder of a socket', () => {
    expect(environmentFor('postgresql://keyblock@%2Fsrv%2Fdata%2Frun/keyblock')).toMatchObject({
      PGHOST: '/srv/data/run',
      PGPORT: '5432',
    });
  });

  test.each([
    ['sslmode=verify-full&sslrootcert=system', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' }],
    ['sslmode=no-verify', { PGSSLMODE: 'require' }],
  ])('has the parameters of TLS: %s', (parameters, expected) => {
    const client = new pg.Client({ connectionString: 'postgresql://ann@db/keys' });
    expect(libpqEnvironment(client, `postgresql://ann@db/keys?${parameters}`)).toMatchObject(expected);
  });
});

describe('runPgDump', () => {
  const dumpWith = (script: string, env: NodeJS.ProcessEnv = {}) =>
    runPgDump({ path: join(program('15', script), 'pg_dump'), major: 15 }, env, {
      ...{ snapshot: '00000003-1B-1', file: join(folder, 'out'), withoutRows: ['nodes', 'audit_log_20261101'] },
    });

  test('gives the password in the environment, and no connection in the arguments', async () => {
    await dumpWith('echo "$@" "$PGPASSWORD" >"$OUT"', { OUT: join(folder, 'seen'), PGPASSWORD: 'p@ss' });
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe(
      `--format=custom --no-password --snapshot=00000003-1B-1 --exclude-table-data=nodes --exclude-table-data=audit_log_20261101 --file=${join(folder, 'out')} p@ss\n`,
    );
  });

  test('reports what pg_dump wrote', async () => {
    await expect(dumpWith("echo 'pg_dump: error: no space' >&2; exit 1")).rejects.toThrow(
      /pg_dump ended with 1\. Nothing was kept\.\npg_dump: error: no space$/,
    );
  });

  test('reports a signal', async () => {
    await expect(dumpWith('kill -TERM $$')).rejects.toThrow(/pg_dump ended with SIGTERM\./);
  });
});
