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

test('by default, listens on the loopback address and uses the embedded database', () => {
  const config = readConfig({});
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 8080,
    region: 'us-east-1',
    regions: ['us-east-1'],
    accountId: '000000000000',
    dataDir: resolve('data'),
    databaseConnections: 10,
    migrates: true,
    clockSkewSeconds: 300,
    bodyLimitBytes: 1_048_576,
    keyCache: 20_000,
    console: 'on',
    logLevel: 'info',
    drainSeconds: 5,
    workers: 1,
    acceptsLegacyKeyBlocks: false,
    acceptsWeakDecimalization: false,
    audit: [{ name: 'table', isRequired: true }],
    staleSeconds: 0,
    requestLog: 'all',
    clusters: [],
    xksEndpoints: [],
    xksTimeoutMs: 1000,
    tokens: { mechanism: 'aes-gcm', sessions: 4, timeoutMs: 2000 },
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('treats an empty value as absent', () => {
  expect(readConfig({ DATABASE_URL: '', KEYBLOCK_PORT: '' }).port).toBe(8080);
});

/** A file of one cluster, with some members replaced. */
function clusterYaml(members: Record<string, string>): string {
  const cluster = {
    clusterId: 'cluster-234567abcde',
    module: import.meta.filename,
    tokenLabel: 'payments',
    ...members,
  };
  const lines = Object.entries(cluster).map(([name, value]) => `    ${name}: ${value}`);
  return `clusters:\n  -${lines.join('\n').slice(3)}\n`;
}
const clustersFile = file('clusters', clusterYaml({}));

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

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
    KEYBLOCK_DATABASE_CONNECTIONS: '25',
    KEYBLOCK_MIGRATE: 'off',
    KEYBLOCK_CLOCK_SKEW_SECONDS: '60',
    KEYBLOCK_BODY_LIMIT_BYTES: '65536',
    KEYBLOCK_MAX_KEYS: '2000',
    KEYBLOCK_MAX_ALIASES: '2001',
    KEYBLOCK_KEY_CACHE: '100000',
    KEYBLOCK_CONTROL_PLANE_RATE: '5',
    KEYBLOCK_DATA_PLANE_RATE: '500',
    KEYBLOCK_CONSOLE: 'no-workbench',
    KEYBLOCK_CONSOLE_LABEL: 'Staging',
    KEYBLOCK_METRICS_PORT: '9464',
    KEYBLOCK_LOG_LEVEL: 'warn',
    KEYBLOCK_DRAIN_SECONDS: '10',
    KEYBLOCK_OTLP_ENDPOINT: 'http://collector:4318',
    KEYBLOCK_TRACE_RATIO: '0.05',
    KEYBLOCK_APPROVALS_WEBHOOK: 'https://hooks.example/keyblock?token=1',
    KEYBLOCK_APPROVALS_WEBHOOK_SECRET: WEBHOOK_SECRET,
    KEYBLOCK_TR31_LEGACY: 'allow',
    KEYBLOCK_WEAK_DECIMALIZATION: 'allow',
    KEYBLOCK_VERIFICATION_LIMIT: 'key=1000/30m,pan=10/1h',
    KEYBLOCK_AUDIT: 'table,stdout?,file:/var/log/keyblock/',
    KEYBLOCK_CLUSTERS_FILE: clustersFile,
    KEYBLOCK_XKS_ENDPOINTS: 'Proxy.local:8443,10.0.0.7',
    KEYBLOCK_XKS_TIMEOUT_MS: '250',
    KEYBLOCK_TOKEN_SESSIONS: '8',
    KEYBLOCK_TOKEN_TIMEOUT_MS: '500',
    KEYBLOCK_MASTER_KEY_TOKEN_MECHANISM: 'rsa-oaep-sha256',
    ...CREDENTIALS,
  });
  expect(config).toEqual({
    host: '0.0.0.0',
    port: 443,
    region: 'ap-southeast-2',
    regions: ['us-east-1', 'ap-southeast-2', 'eu-west-1'],
    accountId: '123456789012',
    dataDir: '/var/lib/keyblock',
    databaseUrls: ['postgresql://keyblock@db/keyblock'],
    databaseConnections: 25,
    migrates: false,
    masterKey: Buffer.alloc(32, 0xab),
    rootCredentials: { accessKeyId: 'AKIDEXAMPLEEXAMPLE', secretAccessKey: 'a made-up secret' },
    metricsPort: 9464,
    clockSkewSeconds: 60,
    bodyLimitBytes: 65536,
    maxKeys: 2000,
    maxAliases: 2001,
    keyCache: 100_000,
    controlPlaneRate: 5,
    dataPlaneRate: 500,
    console: 'no-workbench',
    consoleLabel: 'Staging',
    logLevel: 'warn',
    drainSeconds: 10,
    acceptsLegacyKeyBlocks: true,
    acceptsWeakDecimalization: true,
    verificationLimits: { key: { failures: 1000, seconds: 1800 }, pan: { failures: 10, seconds: 3600 } },
    audit: [
      { name: 'table', isRequired: true },
      { name: 'stdout', isRequired: false },
      { name: 'file', directory: '/var/log/keyblock', isRequired: true },
    ],
    staleSeconds: 0,
    approvalsWebhook: { url: 'https://hooks.example/keyblock?token=1', secret: Buffer.alloc(24, 1) },
    requestLog: 'errors',
    clusters: [
      { id: 'cluster-234567abcde', module: import.meta.filename, tokenLabel: 'payments', state: 'ACTIVE', hsms: 2 },
    ],
    xksEndpoints: [{ host: 'proxy.local', port: 8443 }, { host: '10.0.0.7' }],
    xksTimeoutMs: 250,
    tokens: { mechanism: 'rsa-oaep-sha256', sessions: 8, timeoutMs: 500 },
    workers: 1,
    traces: { endpoint: 'http://collector:4318', ratio: 0.05 },
  });
});

test.each([
  ['0', 'table', 0],
  ['0', 'table,stdout', 0],
  ['60', 'stdout', 60],
  ['900', 'file:/var/log/keyblock,stdout?', 900],
])('reads %s seconds of stale serving where calls are recorded in %s', (seconds, sinks, staleSeconds) => {
  const env = { KEYBLOCK_STALE_SECONDS: seconds, KEYBLOCK_AUDIT: sinks };
  expect(readConfig(env)).toMatchObject({ staleSeconds });
});

const TOKEN = 'pkcs11:token=payments;object=keyblock-master?module-path=/usr/lib/hsm.so';

test('reads the key of a token that encrypts the master key', () => {
  const pinFile = file('pin', '123456\n');
  const { masterKey, masterKeyToken } = readConfig({
    KEYBLOCK_MASTER_KEY_TOKEN: `${TOKEN}&pin-source=file:${pinFile}`,
    KEYBLOCK_TOKEN_REQUIRED: 'true',
  });
  expect(masterKey).toBeUndefined();
  expect(masterKeyToken).toMatchObject({
    uri: { module: '/usr/lib/hsm.so', token: 'payments', object: 'keyblock-master' },
    ...{ pin: '123456', mechanism: 'aes-gcm', sessions: 4, timeoutMs: 2000, isRequired: true },
  });
  const env = { KEYBLOCK_MASTER_KEY_TOKEN: `${TOKEN}&pin-source=env:TOKEN_PIN`, TOKEN_PIN: '654321' };
  expect(readConfig(env).masterKeyToken?.pin).toBe('654321');
});

test.each([
  ['clusters: [', /is not YAML/],
  ['clusters: [{}]', /is not usable: clusters.0.clusterId/],
  [clusterYaml({ clusterId: 'cluster-1' }), /clusterId must be cluster-/],
  [clusterYaml({ module: 'hsm.so' }), /module must be an absolute path/],
  [
    clusterYaml({ module: '/nowhere.so' }),
    /names the module \/nowhere.so of cluster-234567abcde, which cannot be read/,
  ],
  [clusterYaml({ tokenLabel: '' }), /tokenLabel/],
  [clusterYaml({ state: 'RUNNING' }), /state must be one of/],
  [clusterYaml({ hsms: '-1' }), /hsms/],
  [clusterYaml({ pin: '1234' }), /is not usable/],
  [clusterYaml({ trustAnchorFile: 'nothing.crt' }), /names the trust anchor/],
  [`${clusterYaml({})}${clusterYaml({}).replace('clusters:\n', '')}`, /states the cluster cluster-234567abcde twice/],
])('refuses the file of clusters %j', (text, problem) => {
  expect(problems({ KEYBLOCK_CLUSTERS_FILE: file(`clusters-${text.length}`, text) })).toEqual([
    expect.stringMatching(problem),
  ]);
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

describe('the webhook of approvals', () => {
  const webhook = (KEYBLOCK_APPROVALS_WEBHOOK: string, KEYBLOCK_APPROVALS_WEBHOOK_SECRET = WEBHOOK_SECRET) => ({
    KEYBLOCK_APPROVALS_WEBHOOK,
    KEYBLOCK_APPROVALS_WEBHOOK_SECRET,
  });

  test.each(['https://a.example', 'http://127.0.0.1:8000/a', 'http://localhost/', 'http://[::1]:1/'])(
    'may be %s',
    (url) => {
      expect(readConfig(webhook(url)).approvalsWebhook?.url).toBe(new URL(url).href);
    },
  );

  test('has a secret from a file', () => {
    const path = file('webhook-secret', `${WEBHOOK_SECRET}\n`);
    const env = { KEYBLOCK_APPROVALS_WEBHOOK: 'https://a.example', KEYBLOCK_APPROVALS_WEBHOOK_SECRET_FILE: path };
    expect(readConfig(env).approvalsWebhook?.secret).toEqual(Buffer.alloc(24, 1));
  });

  const base64 = (length: number) => `whsec_${Buffer.alloc(length, 1).toString('base64')}`;
  test.each<[NodeJS.ProcessEnv, RegExp]>([
    [webhook('hush'), /^KEYBLOCK_APPROVALS_WEBHOOK must be a URL that begins with https:/],
    [webhook('http://a.example/hush'), /must be a URL that begins with https:/],
    [webhook('http://127.example/hush'), /must be a URL that begins with https:/],
    [webhook('http://10.0.0.1/hush'), /must be a URL that begins with https:/],
    [webhook('ftp://localhost/hush'), /must be a URL that begins with https:/],
    [webhook('https://user:hush@a.example/'), /must be a URL without a user, a password and a fragment$/],
    [webhook('https://hush@a.example/'), /must be a URL without a user, a password and a fragment$/],
    [webhook('https://a.example/#hush'), /must be a URL without a user, a password and a fragment$/],
    [
      webhook('https://a.example', 'hush'),
      /^KEYBLOCK_APPROVALS_WEBHOOK_SECRET must be whsec_ and 24 to 64 random bytes/,
    ],
    [webhook('https://a.example', base64(23)), /must be whsec_ and 24 to 64/],
    [webhook('https://a.example', base64(65)), /must be whsec_ and 24 to 64/],
    [webhook('https://a.example', base64(32).slice(0, -1)), /must be whsec_ and 24 to 64/],
    [webhook('https://a.example', base64(32).slice('whsec_'.length)), /must be whsec_ and 24 to 64/],
    [webhook('https://a.example', ''), /must be set together: every notice is signed$/],
    [webhook(''), /must be set together: every notice is signed$/],
    [
      { ...webhook('https://a.example'), KEYBLOCK_APPROVALS_WEBHOOK_SECRET_FILE: file('webhook-hush', base64(24)) },
      /are mutually exclusive: set only one$/,
    ],
  ])('%j is refused, and the message quotes no part of it', (env, problem) => {
    expect(problems(env)).toEqual([expect.stringMatching(problem)]);
    expect(problems(env).join()).not.toContain('hush');
  });
});

describe('a database with several hosts', () => {
  const urls = (DATABASE_URL: string, env: NodeJS.ProcessEnv = {}) =>
    readConfig({ DATABASE_URL, KEYBLOCK_MASTER_KEY: KEY, ...CREDENTIALS, ...env }).databaseUrls;

  test.each<[string, string[]]>([
    ['u:p@a,b:5433,c/db', ['u:p@a/db', 'u:p@b:5433/db', 'u:p@c/db']],
    ['u@[fd00::1]:5432,[fd00::2]/db', ['u@[fd00::1]:5432/db', 'u@[fd00::2]/db']],
    ['u@%2Frun%2Fa,%2Frun%2Fb/db', ['u@%2Frun%2Fa/db', 'u@%2Frun%2Fb/db']],
    ['u%40x:p%2C@a,b/db', ['u%40x:p%2C@a/db', 'u%40x:p%2C@b/db']],
    ['a,b', ['a', 'b']],
    [
      'u@a,b/db?sslmode=verify-full&target_session_attrs=read-write',
      ['a', 'b'].map((host) => `u@${host}/db?sslmode=verify-full&target_session_attrs=read-write`),
    ],
  ])('%s has a URL for each host, with the parts they share', (text, expected) => {
    expect(urls(`postgresql://${text}`)).toEqual(expected.map((url) => `postgresql://${url}`));
    expect(urls(`postgres://${text}`)).toEqual(expected.map((url) => `postgres://${url}`));
  });

  test('each host has the password of its line in the password file', () => {
    const PGPASSFILE = file('pgpass-hosts', 'a:5432:*:u:first\nb:5433:*:u:second\n');
    expect(urls('postgresql://u@a,b:5433,c/db', { PGPASSFILE })).toEqual([
      'postgresql://u:first@a/db',
      'postgresql://u:second@b:5433/db',
      'postgresql://u@c/db',
    ]);
  });

  test.each<[string, RegExp]>([
    ['u:hush@a,,b/db', /^DATABASE_URL is not usable: host 2 of 3 is empty$/],
    ['u:hush@,a/db', /^DATABASE_URL is not usable: host 1 of 2 is empty$/],
    ['u:hush@a,b:99999/db', /^DATABASE_URL is not usable: host 2 of 2 must be a name or an address, and a port/],
    ['u:hush@a:b:5432/db', /^DATABASE_URL is not usable: its host must be a name or an address/],
    ['u:hush/word@a,b/db', /^DATABASE_URL is not usable: its host must be .* write \/ \? # @ and : as %2F/],
    ['u:hush@a b,c/db', /^DATABASE_URL is not usable: host 1 of 2 must be a name/],
    ['u:hush@a,b/d%zz', /^DATABASE_URL is not usable: a % that is not followed by two hexadecimal digits/],
    ['u:hush@a,%zz/db', /^DATABASE_URL is not usable: a % that is not followed by two hexadecimal digits/],
    ['u:hush@a,b,c,d,e,f,g,h,i/db', /^DATABASE_URL names more than 8 hosts$/],
    ['u:hush@x/db?host=a,b', /^DATABASE_URL is not usable: several hosts must stand before the name of the database/],
    ['u:hush@a/db?port=1,2', /^DATABASE_URL is not usable: several hosts must stand/],
    ['u:hush@a,b/db?target_session_attrs=any', /^DATABASE_URL must not ask for a standby/],
    ['u:hush@a,b/db?target_session_attrs=prefer-standby', /^DATABASE_URL must not ask for a standby/],
  ])('%s is refused, and the message quotes no part of it', (text, problem) => {
    const env = { DATABASE_URL: `postgresql://${text}`, KEYBLOCK_MASTER_KEY: KEY, ...CREDENTIALS };
    expect(problems(env)).toEqual([expect.stringMatching(problem)]);
    expect(problems(env).join()).not.toContain('hush');
  });
});

describe('a database password from a file', () => {
  const PASSWORD = 'p:a%s/w@ör d';
  const PGPASSFILE = file('pgpass', 'db:5432:keyblock:keyblock:p\\:a%s/w@ör d\n');
  const url = (env: NodeJS.ProcessEnv) =>
    readConfig({
      DATABASE_URL: 'postgresql://keyblock@db/keyblock',
      PGPASSFILE,
      KEYBLOCK_MASTER_KEY: KEY,
      ...CREDENTIALS,
      ...env,
    }).databaseUrls!.join(' ');

  test('goes into the URL', () => {
    expect(decodeURIComponent(new URL(url({})).password)).toBe(PASSWORD);
    expect(url({})).toMatch(/^postgresql:\/\/keyblock:[^/:@]+@db\/keyblock$/);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    [
      'the URL contains a password',
      { DATABASE_URL: 'postgresql://keyblock:other@db/keyblock', PGPASSFILE: '/not/there' },
    ],
    ['PGPASSWORD is set', { PGPASSWORD: 'other', PGPASSFILE: '/not/there' }],
    ['no file is named', { PGPASSFILE: '' }],
  ])('is not looked up if %s', (_, env) => {
    expect(url(env)).toBe(env['DATABASE_URL'] ?? 'postgresql://keyblock@db/keyblock');
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    ['cannot be read', { PGPASSFILE: '/not/there' }, 'PGPASSFILE cannot be read: ENOENT'],
    ['is a folder', { PGPASSFILE: directory }, 'PGPASSFILE cannot be read: EISDIR'],
  ])('is refused if the file %s', (_, env, problem) => {
    expect(() => url(env)).toThrow(problem);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['is empty', { PGPASSFILE: file('empty-pgpass', '') }],
    ['names another database', { DATABASE_URL: 'postgresql://keyblock@db:5433/x' }],
    ['contains only a password', { PGPASSFILE: file('password', PASSWORD) }],
  ])('is not found, as with PostgreSQL clients, if the file %s', (_, env) => {
    expect(url(env)).toBe(env['DATABASE_URL'] ?? 'postgresql://keyblock@db/keyblock');
  });
});

test.each<[NodeJS.ProcessEnv, RegExp]>([
  [{ KEYBLOCK_PORT: '65536' }, /^KEYBLOCK_PORT must be at most 65535$/],
  [{ KEYBLOCK_DATABASE_CONNECTIONS: '3' }, /^KEYBLOCK_DATABASE_CONNECTIONS must be at least 4$/],
  [{ KEYBLOCK_DATABASE_CONNECTIONS: '201' }, /^KEYBLOCK_DATABASE_CONNECTIONS must be at most 200$/],
  [{ KEYBLOCK_MIGRATE: 'no' }, /^KEYBLOCK_MIGRATE must be on or off$/],
  [{ KEYBLOCK_PORT: '80.5' }, /^KEYBLOCK_PORT must be a whole number$/],
  [{ KEYBLOCK_REGION: 'us-east' }, /^KEYBLOCK_REGION /],
  [{ KEYBLOCK_REGIONS: 'us-east-1, eu-west-1' }, /^KEYBLOCK_REGIONS must be Region names separated by commas/],
  [{ KEYBLOCK_REGIONS: 'us-east-1,us-east-1' }, /^KEYBLOCK_REGIONS must name each Region once$/],
  [{ KEYBLOCK_REGIONS: 'eu-west-1' }, /^KEYBLOCK_REGIONS must include KEYBLOCK_REGION, us-east-1$/],
  [{ KEYBLOCK_ACCOUNT_ID: '1' }, /^KEYBLOCK_ACCOUNT_ID must be 12 digits$/],
  [{ DATABASE_URL: 'mysql://x', ...CREDENTIALS, KEYBLOCK_MASTER_KEY: KEY }, /^DATABASE_URL must be a postgresql:/],
  [
    { DATABASE_URL: 'postgresql://x', ...CREDENTIALS },
    /^KEYBLOCK_MASTER_KEY, one of its files or KEYBLOCK_MASTER_KEY_TOKEN is required/,
  ],
  [{ DATABASE_URL: 'postgresql://x', KEYBLOCK_MASTER_KEY: KEY }, /^KEYBLOCK_ACCESS_KEY_ID is required/],
  [{ KEYBLOCK_MASTER_KEY_TOKEN: TOKEN }, /^KEYBLOCK_MASTER_KEY_TOKEN must state where the PIN is/],
  [{ KEYBLOCK_MASTER_KEY_TOKEN: `${TOKEN}&pin-value=1` }, /must not contain pin-value/],
  [{ KEYBLOCK_MASTER_KEY_TOKEN: `${TOKEN}&pin-source=env:NO_SUCH` }, /names the variable NO_SUCH for the PIN/],
  [{ KEYBLOCK_MASTER_KEY_TOKEN: `${TOKEN}&pin-source=/no/pin` }, /names the file \/no\/pin for the PIN/],
  [{ KEYBLOCK_TOKEN_REQUIRED: 'yes' }, /must be true or false/],
  [{ KEYBLOCK_XKS_ENDPOINTS: 'https://proxy' }, /^KEYBLOCK_XKS_ENDPOINTS must be hosts/],
  [{ KEYBLOCK_MASTER_KEY: '00' }, /^KEYBLOCK_MASTER_KEY must be 64/],
  [{ KEYBLOCK_MASTER_KEY_FILE: '/no/such/file' }, /^KEYBLOCK_MASTER_KEY_FILE cannot be read: ENOENT/],
  [{ KEYBLOCK_MASTER_KEY_FILE: file('short', 'abc') }, /^KEYBLOCK_MASTER_KEY_FILE must hold 64/],
  [{ KEYBLOCK_MASTER_KEY: KEY, KEYBLOCK_MASTER_KEY_FILE: file('other', KEY) }, /are mutually exclusive/],
  [
    { KEYBLOCK_MASTER_KEY_FILE: file('whole', KEY), KEYBLOCK_MASTER_KEY_COMPONENT_FILES: COMPONENTS },
    /^KEYBLOCK_MASTER_KEY_FILE and KEYBLOCK_MASTER_KEY_COMPONENT_FILES are mutually exclusive/m,
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
  [{ KEYBLOCK_ACCESS_KEY_ID: 'AKIDEXAMPLEEXAMPLE' }, /must be set together/],
  [{ KEYBLOCK_ACCESS_KEY_ID: 'AKID', KEYBLOCK_SECRET_ACCESS_KEY: 'a made-up secret' }, /^KEYBLOCK_ACCESS_KEY_ID must/],
  [{ ...CREDENTIALS, KEYBLOCK_SECRET_ACCESS_KEY: 'short' }, /^KEYBLOCK_SECRET_ACCESS_KEY must be at least 16/],
  [
    { KEYBLOCK_SECRET_ACCESS_KEY_FILE: file('a-secret', 'a made-up secret') },
    /^KEYBLOCK_ACCESS_KEY_ID and KEYBLOCK_SECRET_ACCESS_KEY, or its file, must be set together/,
  ],
  [
    { ...CREDENTIALS, KEYBLOCK_SECRET_ACCESS_KEY_FILE: file('same-secret', 'a made-up secret') },
    /^KEYBLOCK_SECRET_ACCESS_KEY and KEYBLOCK_SECRET_ACCESS_KEY_FILE are mutually exclusive: set only one$/,
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
    /^DATABASE_URL is not usable: a % that is not followed/,
  ],
  [{ KEYBLOCK_CLOCK_SKEW_SECONDS: '0' }, /^KEYBLOCK_CLOCK_SKEW_SECONDS must be at least 1$/],
  [{ KEYBLOCK_BODY_LIMIT_BYTES: '1' }, /^KEYBLOCK_BODY_LIMIT_BYTES must be at least 1024$/],
  [{ KEYBLOCK_MAX_KEYS: '0' }, /^KEYBLOCK_MAX_KEYS must be at least 1$/],
  [{ KEYBLOCK_KEY_CACHE: '100001' }, /^KEYBLOCK_KEY_CACHE must be at most 100000$/],
  [{ KEYBLOCK_MAX_ALIASES: 'many' }, /^KEYBLOCK_MAX_ALIASES must be a whole number$/],
  [{ KEYBLOCK_CONTROL_PLANE_RATE: '0.5' }, /^KEYBLOCK_CONTROL_PLANE_RATE must be a whole number$/],
  [{ KEYBLOCK_DATA_PLANE_RATE: '0' }, /^KEYBLOCK_DATA_PLANE_RATE must be at least 1$/],
  [{ KEYBLOCK_TR31_LEGACY: 'yes' }, /^KEYBLOCK_TR31_LEGACY must be refuse or allow$/],
  [{ KEYBLOCK_WEAK_DECIMALIZATION: 'true' }, /^KEYBLOCK_WEAK_DECIMALIZATION must be refuse or allow$/],
  [{ KEYBLOCK_VERIFICATION_LIMIT: '10/60s' }, /^KEYBLOCK_VERIFICATION_LIMIT must be limits such as pan=10\/1h/],
  [{ KEYBLOCK_VERIFICATION_LIMIT: 'pan=0/60s' }, /^KEYBLOCK_VERIFICATION_LIMIT must be limits/],
  [{ KEYBLOCK_VERIFICATION_LIMIT: 'pan=10/60' }, /^KEYBLOCK_VERIFICATION_LIMIT must be limits/],
  [{ KEYBLOCK_VERIFICATION_LIMIT: 'pan=10/1h,' }, /^KEYBLOCK_VERIFICATION_LIMIT must be limits/],
  [{ KEYBLOCK_VERIFICATION_LIMIT: 'card=10/1h' }, /^KEYBLOCK_VERIFICATION_LIMIT must be limits/],
  [
    { KEYBLOCK_VERIFICATION_LIMIT: 'pan=10/1h,pan=9/1h' },
    /^KEYBLOCK_VERIFICATION_LIMIT must state pan and key at most once each/,
  ],
  [{ KEYBLOCK_STALE_SECONDS: '901', KEYBLOCK_AUDIT: 'stdout' }, /^KEYBLOCK_STALE_SECONDS must be at most 900$/],
  [{ KEYBLOCK_STALE_SECONDS: '-1', KEYBLOCK_AUDIT: 'stdout' }, /^KEYBLOCK_STALE_SECONDS must be a whole number$/],
  [{ KEYBLOCK_STALE_SECONDS: '1.5', KEYBLOCK_AUDIT: 'stdout' }, /^KEYBLOCK_STALE_SECONDS must be a whole number$/],
  [
    { KEYBLOCK_STALE_SECONDS: '60' },
    /^KEYBLOCK_STALE_SECONDS must be 0 while KEYBLOCK_AUDIT has table, .* stdout or file/,
  ],
  [{ KEYBLOCK_STALE_SECONDS: '1', KEYBLOCK_AUDIT: 'stdout,table' }, /^KEYBLOCK_STALE_SECONDS must be 0 while/],
  [{ KEYBLOCK_AUDIT: 'nowhere' }, /^KEYBLOCK_AUDIT must be table, stdout or file:FOLDER, or several/],
  [{ KEYBLOCK_AUDIT: 'table,' }, /^KEYBLOCK_AUDIT must be table, stdout or file:FOLDER, or several/],
  [{ KEYBLOCK_AUDIT: 'table?,stdout' }, /^KEYBLOCK_AUDIT must be table, stdout or file:FOLDER, or several/],
  [{ KEYBLOCK_AUDIT: 'file:' }, /^KEYBLOCK_AUDIT must be table, stdout or file:FOLDER, or several/],
  [{ KEYBLOCK_AUDIT: 'file:/a,file:/b' }, /^KEYBLOCK_AUDIT must name table, stdout and file:FOLDER once each/],
  [{ KEYBLOCK_AUDIT: 'stdout?,file:/a?' }, /^KEYBLOCK_AUDIT must have a destination without a \?/],
  [{ KEYBLOCK_REQUEST_LOG: 'some' }, /^KEYBLOCK_REQUEST_LOG must be all, errors or off/],
  [{ KEYBLOCK_CONSOLE: 'yes' }, /^KEYBLOCK_CONSOLE must be on, no-workbench or off$/],
  [{ KEYBLOCK_METRICS_PORT: '65536' }, /^KEYBLOCK_METRICS_PORT must be at most 65535$/],
  [{ KEYBLOCK_CONSOLE_LABEL: 'x'.repeat(25) }, /^KEYBLOCK_CONSOLE_LABEL must be at most 24 characters$/],
  [{ KEYBLOCK_CONSOLE_LABEL: 'Prüfung' }, /^KEYBLOCK_CONSOLE_LABEL must be printable ASCII characters$/],
  [{ KEYBLOCK_LOG_LEVEL: 'loud' }, /^KEYBLOCK_LOG_LEVEL must be a pino level/],
  [{ KEYBLOCK_PROT: '80' }, /^KEYBLOCK_PROT is not a setting of Keyblock$/],
])('refuses %j', (env, problem) => {
  expect(problems(env)).toEqual([expect.stringMatching(problem)]);
});

test('error messages never contain a secret', () => {
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
  expect(problems(filed)).toHaveLength(4);
  expect(problems(filed).join()).not.toMatch(/not a key but|psst|hush/);
});
