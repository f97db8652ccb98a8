import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { newDataDirectory, type TestStore } from './database.js';
import { end, type ServiceProcess, spawnService, type Surroundings, useProcesses } from './process.js';
import { CREDENTIALS } from './service.js';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Built services that run a database of their own in a data directory, which is empty at the start of each test. */
export interface EmbeddedServices {
  store: TestStore;
  start: (env?: NodeJS.ProcessEnv, surroundings?: Surroundings) => ServiceProcess;
  /** Runs the built command on the data directory. */
  keyblock: (args: string[], env?: NodeJS.ProcessEnv) => Promise<{ stdout: string; stderr: string }>;
  /** Returns a path in the data directory. */
  inFolder: (name: string) => string;
  /** Fills the data directory as the first run of a service does. */
  fillFolder: () => Promise<void>;
  /** Reads the process ID in the lock file of the server. */
  postmaster: () => number;
  query: <T extends pg.QueryResultRow>(sql: string) => Promise<T[]>;
}

export function useEmbeddedServices(): EmbeddedServices {
  const spawn = useProcesses('SIGTERM');
  const services = {} as EmbeddedServices;
  beforeEach(() => {
    services.store = newDataDirectory();
  });
  afterEach(() => services.store.remove());

  let used: TestStore | undefined;
  afterAll(() => used?.remove());

  const env = () => serviceEnv(services.store);
  const inFolder = (name: string) => join(services.store.env.KEYBLOCK_DATA_DIR, name);
  return Object.assign(services, {
    inFolder,
    start: (more: NodeJS.ProcessEnv = {}, surroundings: Surroundings = {}) =>
      spawn({ ...env(), ...more }, surroundings),
    keyblock: (args: string[], more: NodeJS.ProcessEnv = {}) =>
      promisify(execFile)(process.execPath, [join(ROOT, 'dist/bundle/cli.js'), ...args], {
        env: { PATH: process.env['PATH'], ...env(), ...more },
      }),
    fillFolder: async () => {
      used ??= await usedDirectory();
      execFileSync('cp', ['-a', `${used.env.KEYBLOCK_DATA_DIR}/.`, inFolder('')]);
    },
    postmaster: () => Number(readFileSync(inFolder('postgres/postmaster.pid'), 'utf8').split('\n')[0]),
    query: async <T extends pg.QueryResultRow>(sql: string) => {
      const connection = new pg.Client({ host: inFolder('run'), user: 'keyblock', database: 'keyblock' });
      await connection.connect();
      try {
        return (await connection.query<T>(sql)).rows;
      } finally {
        await connection.end();
      }
    },
  });
}

const serviceEnv = (store: TestStore) => ({
  ...store.env,
  KEYBLOCK_PORT: '0',
  KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
});

async function usedDirectory(): Promise<TestStore> {
  const store = newDataDirectory();
  const service = spawnService(serviceEnv(store));
  await service.listening;
  await end(service, 'SIGTERM');
  return store;
}

export const readiness = (url: string) => fetch(`${url}/readyz`).then(({ status }) => status);
