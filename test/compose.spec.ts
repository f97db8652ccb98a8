import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../src/config/config.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPOSE = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');

let folder: string;
let secrets: string;
const makeSecrets = () => spawnSync('sh', [join(folder, 'docker/make-secrets.sh')], { encoding: 'utf8' });
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-compose-'));
  mkdirSync(join(folder, 'docker'));
  cpSync(join(ROOT, 'docker/make-secrets.sh'), join(folder, 'docker/make-secrets.sh'));
  execFileSync('sh', [join(folder, 'docker/make-secrets.sh')]);
  secrets = join(folder, 'docker/secrets');
});
afterAll(() => rmSync(folder, { recursive: true }));

const secret = (name: string) => readFileSync(join(secrets, name), 'utf8').trim();

/** Returns the environment that Compose gives to the service, with the paths of the secrets on this machine. */
function environment(): Record<string, string> {
  const [block = ''] = /(?<=^ {4}environment:\n)(?: {6}\w+: .*\n)+/m.exec(COMPOSE) ?? [];
  const pairs = Array.from(block.matchAll(/^ {6}(\w+): (.*)$/gm), ([, name = '', value = '']): [string, string] => [
    name,
    value.replace('/run/secrets', secrets),
  ]);
  return Object.fromEntries(pairs);
}

test('docker-compose.yml sets everything that the service and the command need', () => {
  const config = readConfig(environment());
  expect(config.databaseUrls?.[0]).toBe(`postgresql://keyblock:${secret('database-password')}@postgres:5432/keyblock`);
  expect(config.masterKey!.toString('hex')).toBe(secret('master-key'));
  expect(config.rootCredentials!.secretAccessKey).toBe(secret('secret-access-key'));
});

test('the credentials file has the same access key for clients', () => {
  const { accessKeyId, secretAccessKey } = readConfig(environment()).rootCredentials!;
  expect(secret('credentials')).toContain(`aws_access_key_id = ${accessKeyId}\n`);
  expect(secret('credentials')).toContain(`aws_secret_access_key = ${secretAccessKey}\n`);
});

test('docker-compose.yml mounts generated secrets, each at the path that the environment names', () => {
  const [, mounted = ''] = /environment:[^]*?secrets: \[(.*?)\]/.exec(COMPOSE) ?? [];
  const named = Array.from(COMPOSE.matchAll(/\/run\/secrets\/([\w-]+)/g), ([, name]) => name);
  const defined = Array.from(COMPOSE.matchAll(/file: \.\/docker\/secrets\/([\w-]+)/g), ([, name = '']) => name);
  expect(new Set(named)).toEqual(new Set(defined));
  expect(new Set(mounted.split(', '))).toEqual(new Set(defined.filter((name) => name !== 'database-password')));
  expect(readdirSync(secrets).sort()).toEqual([...defined, 'credentials'].sort());
});

test.each(['pgpass', 'master-key', 'secret-access-key'])(
  'the configuration is refused without the secret %s',
  (name) => {
    const env = Object.fromEntries(
      Object.entries(environment()).map(([key, value]) => [key, value.replace(join(secrets, name), '/not/there')]),
    );
    expect(() => readConfig(env)).toThrow(/cannot be read: ENOENT/);
  },
);

test('others cannot open the folder of the secrets, and the user of the container can read the files in it', () => {
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(secrets)) expect(statSync(join(secrets, name)).mode & 0o777).toBe(0o444);
});

test('secrets are generated only once', () => {
  const before = secret('master-key');
  const { status, stderr } = makeSecrets();
  expect(status).toBe(1);
  expect(stderr).toContain('exists already');
  expect(secret('master-key')).toBe(before);
});
