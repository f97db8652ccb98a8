import { runKeyblock } from '../../support/cli.js';
import { newStore, type DatabaseStore } from '../../support/database.js';
import { end, useProcesses } from '../../support/process.js';
import { serviceEnv } from '../../support/service.js';

const start = useProcesses();
let store: DatabaseStore;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  store = await newStore({ schema: 'none' });
  environment = { ...process.env };
  Object.assign(process.env, serviceEnv(store), { KEYBLOCK_MIGRATE: 'off' });
});
afterAll(async () => {
  process.env = environment;
  await store.remove();
});

const migrate = async (...options: string[]) => {
  const { exitCode, stdout, stderr } = await runKeyblock(['migrate', '--json', ...options]);
  return { exitCode, stderr, ...(JSON.parse(stdout) as { Due?: string[]; Migrated?: string[] }) };
};

test('a service with KEYBLOCK_MIGRATE=off starts only after keyblock migrate', async () => {
  const refused = start(process.env);
  expect(await refused.ended).toBe(5);
  expect(refused.output()).toMatch(
    /^The database lacks \d+ migrations \(Keys1790000000000, .*\), and KEYBLOCK_MIGRATE is off: run keyblock migrate\. Nothing was changed\.$/m,
  );
  const check = await runKeyblock(['check']);
  expect([check.exitCode, check.stderr]).toEqual([5, expect.stringMatching(/^The database lacks \d+ migrations/)]);

  const { Due } = await migrate('--dry-run');
  expect(Due![0]).toBe('Keys1790000000000');
  // A dry run changes nothing.
  expect(await migrate('--dry-run')).toEqual({ exitCode: 0, stderr: '', Due });
  expect(await migrate()).toEqual({ exitCode: 0, stderr: '', Migrated: Due });
  expect(await migrate()).toEqual({ exitCode: 0, stderr: '', Migrated: [] });
  expect(await migrate('--dry-run')).toEqual({ exitCode: 0, stderr: '', Due: [] });

  const served = start(process.env);
  await served.listening;
  expect(await end(served, 'SIGTERM')).toBe(0);
});

test('keyblock migrate refuses a database of another master key', async () => {
  process.env['KEYBLOCK_MASTER_KEY'] = 'ab'.repeat(32);
  const { exitCode, stderr } = await runKeyblock(['migrate']);
  expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/^The database is sealed under master key/)]);
});
