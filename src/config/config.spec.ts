import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, readConfig } from './config.js';

const KEY = '00'.repeat(32);
const CREDENTIALS = { KEYBLOCK_ACCESS_KEY_ID: 'AKIDEXAMPLEEXAMPLE', KEYBLOCK_SECRET_ACCESS_KEY: 'a made-up secret' };

const directory = mkdtempSync(join(tmpdir(), 'keyblock-config-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

function problems(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

test('by default, configures an embedded service for this machine', () => {
  const config = readConfig({});
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 8080,
    region: 'us-east-1',
    regions: ['us-east-1'],
    accountId: '000000000000',
    dataDir: resolve('data'),
    clockSkewSeconds: 300,
    bodyLimitBytes: 1_048_576,
    logLevel: 'info',
    workers: 1,
    acceptsLegacyKeyBlocks: false,
    audit: ['table'],
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('an empty value counts as absent', () => {
  expect(readConfig({ DATABASE_URL: '', KEYBLOCK_PORT: '' }).port).toBe(8080);
});

test('reads every setting', () => {
  const masterKeyFile = file('master-key', `${'ab'.repeat(32)}\n`);
  const config = readConfig({
    KEYBLOCK_HOST: '0.0.0.0',
    KEYBLOCK_PORT: '443',
    KEYBLOCK_REGION: 'ap-southeast-2',
    KEYBLOCK_REGIONS: 'us-east-1,ap-southeast-2,eu-west-1',
    KEYBLOCK_ACCOUNT_ID: '123456789012',
    KEYBLOCK_DATA_DIR: '/var/lib/keyblock',
    DATABASE_URL: 'postgresql://keyblock@db/keyblock',
    KEYBLOCK_MASTER_KEY_FILE: masterKeyFile,
    KEYBLOCK_CLOCK_SKEW_SECONDS: '60',
    KEYBLOCK_BODY_LIMIT_BYTES: '65536',
    KEYBLOCK_MAX_KEYS: '2000',
    KEYBLOCK_MAX_ALIASES: '2001',
    KEYBLOCK_CONTROL_PLANE_RATE: '5',
    KEYBLOCK_DATA_PLANE_RATE: '500',
    KEYBLOCK_LOG_LEVEL: 'warn',
    KEYBLOCK_TR31_LEGACY: 'allow',
    KEYBLOCK_AUDIT: 'table,stdout',
    ...CREDENTIALS,
  });
  expect(config).toEqual({
    host: '0.0.0.0',
    port: 443,
    region: 'ap-southeast-2',
    regions: ['us-east-1', 'ap-southeast-2', 'eu-west-1'],
    accountId: '123456789012',
    dataDir: '/var/lib/keyblock',
    databaseUrl: 'postgresql://keyblock@db/keyblock',
    masterKey: Buffer.alloc(32, 0xab),
    rootCredentials: { accessKeyId: 'AKIDEXAMPLEEXAMPLE', secretAccessKey: 'a made-up secret' },
    clockSkewSeconds: 60,
    bodyLimitBytes: 65536,
    maxKeys: 2000,
    maxAliases: 2001,
    controlPlaneRate: 5,
    dataPlaneRate: 500,
    logLevel: 'warn',
    acceptsLegacyKeyBlocks: true,
    audit: ['table', 'stdout'],
    workers: 1,
  });
});

const filled = (byte: number) => Buffer.alloc(32, byte).toString('hex');
const COMPONENTS = [1, 2, 4].map((byte) => file(`component-${byte}`, filled(byte))).join();

test('combines a master key from its components', () => {
  const config = readConfig({ KEYBLOCK_MASTER_KEY_COMPONENT_FILES: COMPONENTS });
  expect(config.masterKey).toEqual(Buffer.alloc(32, 7));
  expect(config.masterKeyComponents).toHaveLength(3);
  expect(config.masterKeyComponents![0]).toBe('AF9C53');
});

test.each(['', '\n', '\r\n'])('reads the secret access key from a file that ends in %j', (end) => {
  const { KEYBLOCK_ACCESS_KEY_ID, KEYBLOCK_SECRET_ACCESS_KEY } = CREDENTIALS;
  const path = file('secret-access-key', `${KEYBLOCK_SECRET_ACCESS_KEY}${end}`);
  expect(readConfig({ KEYBLOCK_ACCESS_KEY_ID, KEYBLOCK_SECRET_ACCESS_KEY_FILE: path }).rootCredentials).toEqual({
    accessKeyId: KEYBLOCK_ACCESS_KEY_ID,
    secretAccessKey: KEYBLOCK_SECRET_ACCESS_KEY,
  });
});

describe('the password of the database from a file', () => {
  const PASSWORD = 'p:a%s/w@ör d';
  const PGPASSFILE = file('pgpass', 'db:5432:keyblock:keyblock:p\\:a%s/w@ör d\n');
  const url = (env: NodeJS.ProcessEnv) =>
    readConfig({
      DATABASE_URL: 'postgresql://keyblock@db/keyblock',
      PGPASSFILE,
      KEYBLOCK_MASTER_KEY: KEY,
      ...CREDENTIALS,
      ...env,
    }).databaseUrl!;

  test('goes into the URL', () => {
    expect(decodeURIComponent(new URL(url({})).password)).toBe(PASSWORD);
    expect(url({})).toMatch(/^postgresql:\/\/keyblock:[^/:@]+@db\/keyblock$/);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['the URL has one', { DATABASE_URL: 'postgresql://keyblock:other@db/keyblock', PGPASSFILE: '/not/there' }],
    ['PGPASSWORD has one', { PGPASSWORD: 'other', PGPASSFILE: '/not/there' }],
    ['no file is named', { PGPASSFILE: '' }],
  ])('is not looked up if %s', (_, env) => {
    expect(url(env)).toBe(env['DATABASE_URL'] ?? 'postgresql://keyblock@db/keyblock');
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['cannot be read', { PGPASSFILE: '/not/there' }, 'PGPASSFILE cannot be read: ENOENT'],
    ['is a folder', { PGPASSFILE: directory }, 'PGPASSFILE cannot be read: EISDIR'],
    ['is empty', { PGPASSFILE: file('empty-pgpass', '') }, 'PGPASSFILE has no line for keyblock@db/keyblock'],
    [
      'is about another database',
      { DATABASE_URL: 'postgresql://keyblock@db:5433/x' },
      'PGPASSFILE has no line for keyblock@db:5433/x',
    ],
    ['has the password alone', { PGPASSFILE: file('password', PASSWORD) }, 'PGPASSFILE has no line for keyblock@db/'],
  ])('is refused if the file %s', (_, env, problem) => {
    expect(() => url(env)).toThrow(problem);
    expect(() => url(env)).not.toThrow(PASSWORD);
  });
});

test.each<[NodeJS.ProcessEnv, RegExp]>([
  [{ KEYBLOCK_PORT: '65536' }, /^KEYBLOCK_PORT must be at most 65535$/],
  [{ KEYBLOCK_PORT: '80.5' }, /^KEYBLOCK_PORT must be a whole number$/],
  [{ KEYBLOCK_REGION: 'us-east' }, /^KEYBLOCK_REGION /],
  [{ KEYBLOCK_REGIONS: 'us-east-1, eu-west-1' }, /^KEYBLOCK_REGIONS must be Region names with commas/],
  [{ KEYBLOCK_REGIONS: 'us-east-1,us-east-1' }, /^KEYBLOCK_REGIONS must name each Region once$/],
  [{ KEYBLOCK_REGIONS: 'eu-west-1' }, /^KEYBLOCK_REGIONS must have KEYBLOCK_REGION, us-east-1, among them$/],
  [{ KEYBLOCK_ACCOUNT_ID: '1' }, /^KEYBLOCK_ACCOUNT_ID must be 12 digits$/],
  [{ DATABASE_URL: 'mysql://x', ...CREDENTIALS, KEYBLOCK_MASTER_KEY: KEY }, /^DATABASE_URL must be a postgresql:/],
  [{ DATABASE_URL: 'postgresql://x', ...CREDENTIALS }, /^KEYBLOCK_MASTER_KEY or one of its files is needed/],
  [{ DATABASE_URL: 'postgresql://x', KEYBLOCK_MASTER_KEY: KEY }, /^KEYBLOCK_ACCESS_KEY_ID is needed/],
  [{ KEYBLOCK_MASTER_KEY: '00' }, /^KEYBLOCK_MASTER_KEY must be 64/],
  [{ KEYBLOCK_MASTER_KEY_FILE: '/no/such/file' }, /^KEYBLOCK_MASTER_KEY_FILE cannot be read: ENOENT/],
  [{ KEYBLOCK_MASTER_KEY_FILE: file('short', 'abc') }, /^KEYBLOCK_MASTER_KEY_FILE must hold 64/],
  [{ KEYBLOCK_MASTER_KEY: KEY, KEYBLOCK_MASTER_KEY_FILE: file('other', KEY) }, /exclude each other/],
  [
    { KEYBLOCK_MASTER_KEY_FILE: file('whole', KEY), KEYBLOCK_MASTER_KEY_COMPONENT_FILES: COMPONENTS },
    /^KEYBLOCK_MASTER_KEY_FILE and KEYBLOCK_MASTER_KEY_COMPONENT_FILES exclude each other/m,
  ],
  [
    { KEYBLOCK_MASTER_KEY_COMPONENT_FILES: file('only', KEY) },
    /COMPONENT_FILES cannot be used: A key has two or three/,
  ],
  [
    { KEYBLOCK_MASTER_KEY_COMPONENT_FILES: `${file('there', KEY)},/not/there` },
    /^KEYBLOCK_MASTER_KEY_COMPONENT_FILES \(\/not\/there\) cannot be read: ENOENT/,
  ],
  [
    { KEYBLOCK_MASTER_KEY_COMPONENT_FILES: [file('one', filled(1)), file('same', filled(1))].join() },
    /COMPONENT_FILES cannot be used: Two components are the same/,
  ],
  [{ KEYBLOCK_ACCESS_KEY_ID: 'AKIDEXAMPLEEXAMPLE' }, /go together/],
  [{ KEYBLOCK_ACCESS_KEY_ID: 'AKID', KEYBLOCK_SECRET_ACCESS_KEY: 'a made-up secret' }, /^KEYBLOCK_ACCESS_KEY_ID must/],
  [{ ...CREDENTIALS, KEYBLOCK_SECRET_ACCESS_KEY: 'short' }, /^KEYBLOCK_SECRET_ACCESS_KEY must be at least 16/],
  [
    { KEYBLOCK_SECRET_ACCESS_KEY_FILE: file('a-secret', 'a made-up secret') },
    /^KEYBLOCK_ACCESS_KEY_ID and KEYBLOCK_SECRET_ACCESS_KEY, or its file, go together/,
  ],
  [
    { ...CREDENTIALS, KEYBLOCK_SECRET_ACCESS_KEY_FILE: file('same-secret', 'a made-up secret') },
    /^KEYBLOCK_SECRET_ACCESS_KEY and KEYBLOCK_SECRET_ACCESS_KEY_FILE exclude each other: set one$/,
  ],
  ...(
    [
      ['/not/there', /^KEYBLOCK_SECRET_ACCESS_KEY_FILE cannot be read: ENOENT/],
      [directory, /^KEYBLOCK_SECRET_ACCESS_KEY_FILE cannot be read: EISDIR/],
      [file('empty-secret', ''), /^KEYBLOCK_SECRET_ACCESS_KEY_FILE is empty$/],
      [file('newline', '\n'), /^KEYBLOCK_SECRET_ACCESS_KEY_FILE is empty$/],
      [file('short-secret', 'fifteen letters\n'), /^KEYBLOCK_SECRET_ACCESS_KEY_FILE must hold at least 16 characters$/],
      [file('credentials', '[default]\naws_secret_access_key = a made-up secret\n'), /_FILE must hold a single line$/],
      [file('two-ends', 'a made-up secret\n\n'), /^KEYBLOCK_SECRET_ACCESS_KEY_FILE must hold a single line$/],
    ] as const
  ).map(([path, problem]): [NodeJS.ProcessEnv, RegExp] => [
    { KEYBLOCK_ACCESS_KEY_ID: 'AKIDEXAMPLEEXAMPLE', KEYBLOCK_SECRET_ACCESS_KEY_FILE: path },
    problem,
  ]),
  [{ KEYBLOCK_TLS_CERT_FILE: file('lone', 'CERT') }, /HTTPS needs both/],
  [
    { KEYBLOCK_TLS_CERT_FILE: file('cert', 'CERT'), KEYBLOCK_TLS_KEY_FILE: file('key', 'KEY') },
    /cannot be used: .*PEM/,
  ],
  [
    { DATABASE_URL: 'postgresql://u:p%zz@db/x', ...CREDENTIALS, KEYBLOCK_MASTER_KEY: KEY },
    /^DATABASE_URL is not a URL/,
  ],
  [{ KEYBLOCK_CLOCK_SKEW_SECONDS: '0' }, /^KEYBLOCK_CLOCK_SKEW_SECONDS must be at least 1$/],
  [{ KEYBLOCK_BODY_LIMIT_BYTES: '1' }, /^KEYBLOCK_BODY_LIMIT_BYTES must be at least 1024$/],
  [{ KEYBLOCK_MAX_KEYS: '0' }, /^KEYBLOCK_MAX_KEYS must be at least 1$/],
  [{ KEYBLOCK_MAX_ALIASES: 'many' }, /^KEYBLOCK_MAX_ALIASES must be a whole number$/],
  [{ KEYBLOCK_CONTROL_PLANE_RATE: '0.5' }, /^KEYBLOCK_CONTROL_PLANE_RATE must be a whole number$/],
  [{ KEYBLOCK_DATA_PLANE_RATE: '0' }, /^KEYBLOCK_DATA_PLANE_RATE must be at least 1$/],
  [{ KEYBLOCK_TR31_LEGACY: 'yes' }, /^KEYBLOCK_TR31_LEGACY must be refuse or allow$/],
  [{ KEYBLOCK_AUDIT: 'nowhere' }, /^KEYBLOCK_AUDIT must be table, stdout or table,stdout/],
  [{ KEYBLOCK_LOG_LEVEL: 'loud' }, /^KEYBLOCK_LOG_LEVEL must be a pino level/],
  [{ KEYBLOCK_PROT: '80' }, /^KEYBLOCK_PROT is not a setting of Keyblock$/],
])('%j is refused', (env, problem) => {
  expect(problems(env)).toEqual([expect.stringMatching(problem)]);
});

test('no problem repeats a secret', () => {
  const secrets = {
    KEYBLOCK_MASTER_KEY: 'not a key but a secret',
    KEYBLOCK_ACCESS_KEY_ID: '?',
    KEYBLOCK_SECRET_ACCESS_KEY: 'psst',
  };
  expect(problems(secrets).join()).not.toMatch(/not a key but|psst/);
  const filed = {
    KEYBLOCK_MASTER_KEY_FILE: file('no-key', 'not a key but a secret'),
    KEYBLOCK_SECRET_ACCESS_KEY_FILE: file('too-short', 'psst'),
    DATABASE_URL: 'postgresql://ann@db/x',
    PGPASSFILE: file('others', 'other:*:*:*:hush'),
  };
  expect(problems(filed)).toHaveLength(5);
  expect(problems(filed).join()).not.toMatch(/not a key but|psst|hush/);
});
