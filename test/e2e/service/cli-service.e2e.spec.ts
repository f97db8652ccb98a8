import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { credentialsOf, policy, statement, useAdmin } from '../../support/admin.js';
import { runKeyblock } from '../../support/cli.js';
import { CREDENTIALS, REGION } from '../../support/service.js';

const COMMAND = fileURLToPath(new URL('../../../bin/keyblock.js', import.meta.url));
const { service, done, caller } = useAdmin();

let folder: string;
const before = { ...process.env };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-cli-service-'));
});
beforeEach(() => {
  // Neither the developer's credentials nor a service of this machine.
  for (const name of Object.keys(process.env))
    if (/^(AWS|KEYBLOCK)_/.test(name)) Reflect.deleteProperty(process.env, name);
  process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
  process.env['KEYBLOCK_DATA_DIR'] = join(folder, 'none');
  process.env['AWS_ENDPOINT_URL'] = service.url;
  useCredentials(CREDENTIALS);
  files({});
});
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
});

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

function useCredentials({ accessKeyId, secretAccessKey }: Keys): void {
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
}

function useNoCredentials(): void {
  delete process.env['AWS_ACCESS_KEY_ID'];
  delete process.env['AWS_SECRET_ACCESS_KEY'];
}

/** Writes the AWS files. */
function files({ config = '', credentials = '' }): void {
  writeFileSync(join(folder, 'config'), config);
  writeFileSync(join(folder, 'credentials'), credentials);
}

const section = (name: string, { accessKeyId, secretAccessKey }: Keys) =>
  `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;

/** Runs a command that must succeed. @returns its output without the line end, and its remarks */
async function ok(args: string[], input?: string) {
  const { exitCode, stdout, stderr } = await runKeyblock(args, input);
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return { stdout: stdout.trimEnd(), stderr };
}

const printed = async (args: string[], input?: string) => (await ok(args, input)).stdout;
const json = async (args: string[], input?: string) =>
  JSON.parse(await printed([...args, '--json'], input)) as Record<string, unknown>;
const refused = (exitCode: number, message: string, stdout: unknown = '') => ({
  exitCode,
  stdout,
  stderr: expect.stringContaining(message) as string,
});

describe('the service and the caller', () => {
  test('come from options before the environment, and from the environment before the profile', async () => {
    useNoCredentials();
    delete process.env['AWS_ENDPOINT_URL'];
    files({
      config: `[profile ops]\nendpoint_url = ${service.url}/\nregion = eu-nowhere-1\n`,
      credentials: section('ops', CREDENTIALS),
    });
    expect(await runKeyblock(['aliases', 'list', '--profile', 'ops'])).toEqual(
      refused(3, 'This service is in us-east-1.'),
    );
    process.env['AWS_REGION'] = REGION;
    expect(await ok(['status', '--profile', 'ops'])).toMatchObject({ stdout: expect.stringContaining(service.url) });
    process.env['AWS_PROFILE'] = 'ops';
    await ok(['status']);
    process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:1';
    expect(await runKeyblock(['status'])).toEqual(refused(5, "http://127.0.0.1:1 can't be reached"));
    await ok(['status', '--endpoint', service.url, '--region', REGION]);
    useCredentials({ ...CREDENTIALS, secretAccessKey: 'wrong' });
    expect(await runKeyblock(['status', '--endpoint', service.url])).toEqual(
      refused(3, '(InvalidSignatureException, '),
    );
    await ok(['status', '--endpoint', service.url, '--profile', 'ops']);
  });

  test('are those of this machine if nothing names them', async () => {
    useNoCredentials();
    expect(await runKeyblock(['status'])).toEqual(refused(3, 'There are no credentials.'));
    process.env['KEYBLOCK_PORT'] = new URL(service.url).port;
    process.env['KEYBLOCK_ACCESS_KEY_ID'] = CREDENTIALS.accessKeyId;
    process.env['KEYBLOCK_SECRET_ACCESS_KEY'] = CREDENTIALS.secretAccessKey;
    // The root's credentials are not used for an explicit endpoint.
    expect(await runKeyblock(['status'])).toEqual(refused(3, 'There are no credentials.'));
    delete process.env['AWS_ENDPOINT_URL'];
    await ok(['status']);
    files({ config: '[profile empty]\nregion = us-east-1\n' });
    expect(await runKeyblock(['status', '--profile', 'empty'])).toEqual(
      refused(3, 'The profile empty has no credentials.'),
    );
  });

  test('may be a role, assumed at the service, or the output of a program', async () => {
    await done('POST', 'roles', { Name: 'watch' });
    await done('PUT', 'roles/watch/policies/own', policy(statement('keyblock:GetStatus')));
    const ann = await caller('ann', statement('sts:AssumeRole'));
    const role = 'role_arn = arn:aws:iam::000000000000:role/watch\n';
    files({
      config: [
        `[profile watch]\n${role}source_profile = ann\n`,
        `[profile self]\n${role}source_profile = self\naws_access_key_id = ${ann.accessKeyId}\naws_secret_access_key = ${ann.secretAccessKey}\n`,
        `[profile env]\n${role}credential_source = Environment\n`,
        `[profile lost]\n${role}source_profile = nobody\n`,
        `[profile bare]\n${role}`,
        `[profile a]\n${role}source_profile = b\n[profile b]\n${role}source_profile = a\n`,
        `[profile none]\nrole_arn = arn:aws:iam::000000000000:role/none\nsource_profile = ann\n`,
        `[profile program]\ncredential_process = echo '${JSON.stringify({ Version: 1, AccessKeyId: CREDENTIALS.accessKeyId, SecretAccessKey: CREDENTIALS.secretAccessKey })}'\n`,
        `[profile text]\ncredential_process = echo secret\n`,
        `[profile failing]\ncredential_process = exit 3\n`,
      ].join(''),
      credentials: section('ann', ann),
    });
    useCredentials(ann);
    for (const profile of ['watch', 'self', 'env', 'program']) await ok(['status', '--profile', profile]);
    expect(await runKeyblock(['aliases', 'list', '--profile', 'watch'])).toEqual(
      refused(3, 'assumed-role/watch/keyblock-cli'),
    );
    for (const [profile, exitCode, message] of [
      ['lost', 2, 'The profile lost has the source_profile nobody, which is missing.'],
      ['bare', 2, 'set source_profile'],
      ['a', 2, 'The profile a has more than 5 profiles as its sources.'],
      ['none', 3, "The role arn:aws:iam::000000000000:role/none can't be assumed: "],
      ['text', 2, 'must print JSON with AccessKeyId'],
      ['failing', 2, 'The credential_process of the profile failing fails.'],
    ] as const)
      expect(await runKeyblock(['status', '--profile', profile])).toEqual(refused(exitCode, message));
    useNoCredentials();
    expect(await runKeyblock(['status', '--profile', 'env'])).toEqual(refused(2, 'The profile env has a role_arn'));
  });

  test('errors are JSON with --json, and a server other than Keyblock is recognized', async () => {
    const bob = await caller('bob');
    useCredentials(bob);
    const { exitCode, stdout, stderr } = await runKeyblock(['status', '--json']);
    expect({ exitCode, stdout, ...(JSON.parse(stderr) as object) }).toEqual({
      exitCode: 3,
      stdout: '',
      error: {
        name: 'AccessDeniedException',
        message: expect.stringContaining('keyblock:GetStatus'),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    const server = createServer((_, response) => response.writeHead(404).end('<html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await runKeyblock(['status', '--endpoint', url])).toEqual(
      refused(5, `${url} responds with HTTP status 404, but is not Keyblock.`),
    );
    server.close();
  });
});

describe('status', () => {
  test('prints the parts of the deployment, and as JSON what GetStatus answers', async () => {
    const text = await printed(['status']);
    expect(text).toMatch(/^service {6}http.*\ndatabase {5}.* PostgreSQL .*\nmaster key {3}active, from /);
    expect(text).toMatch(/\nHOST +PROCESS +VERSION +WORKERS +STARTED +LAST SEEN +AUDIT WAITING\n\S+ +\d+ /);
    expect(Object.keys(await json(['status']))).toEqual(Object.keys(await done('GET', 'status')));
  });
});

describe('keys', () => {
  test('are created, shown, listed, stopped, started, deleted and restored', async () => {
    const arn = await printed(['keys', 'create', 'c0', 'tdes_2key', '--tag', 'line=3', '--tag', 'shop=']);
    const id = arn.split('/').at(-1)!;
    expect(arn).toMatch(/^arn:aws:payment-cryptography:us-east-1:000000000000:key\/\w{16}$/);
    expect(await printed(['keys', 'show', arn])).toMatch(
      /usage +TR31_C0_CARD_VERIFICATION_KEY\n.*\nmodes +Generate, Verify\n[^]*\nstate +enabled\nexportable +no\n/,
    );
    const { Key } = (await json(['keys', 'show', arn])) as { Key: { KeyCheckValue: string } };
    expect(await printed(['keys', 'list', '--query', 'shop'])).toMatch(
      new RegExp(
        `^ALIAS  KEY +USAGE  ALGORITHM  STATE +KCV +LAST USED\n- {6}${id}  C0 +TDES_2KEY  enabled  ${Key.KeyCheckValue}  -$`,
      ),
    );
    expect(await ok(['keys', 'stop', arn])).toEqual({ stdout: '', stderr: `${arn} is stopped.\n` });
    expect(await ok(['keys', 'start', arn, '--quiet'])).toEqual({ stdout: '', stderr: '' });
    expect(await runKeyblock(['keys', 'delete', arn])).toEqual(refused(2, `Destroy the key ${arn} in 7 days?`));
    expect((await ok(['keys', 'delete', arn, '--yes'])).stderr).toMatch(/is pending deletion until \d{4}-/);
    expect(await json(['keys', 'list', '--query', 'shop'])).toMatchObject({ KeyState: 'DELETE_PENDING', KeyArn: arn });
    expect(await printed(['keys', 'list', '--state', 'CREATE_COMPLETE', '--query', 'shop'])).toMatch(/^ALIAS[^\n]*$/);
    expect(await json(['keys', 'restore', arn])).toMatchObject({ Key: { Enabled: false } });
    expect(await runKeyblock(['keys', 'delete', arn, '--yes', '--days', '2'])).toEqual(
      refused(2, 'ValidationException'),
    );
    expect(await printed(['keys', 'use', arn])).toBe('No call has used the key.');
  });

  test('are refused with the exit code of the reason', async () => {
    expect(await runKeyblock(['keys', 'show', 'alias/none'])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['keys', 'create', 'B0', 'RSA_2048'])).toEqual(refused(2, 'ValidationException'));
    expect(await runKeyblock(['keys', 'create', 'C0', 'AES_128', '--modes', 'Encrypt'])).toEqual(
      refused(2, 'KeyModesOfUse {Encrypt} are invalid'),
    );
    expect(await runKeyblock(['keys', 'use', 'none'])).toEqual(refused(2, 'ValidationException'));
    useCredentials(await caller('carl', statement('payment-cryptography:GetKey')));
    expect(await runKeyblock(['keys', 'create', 'B0', 'AES_128'])).toEqual(
      refused(3, 'payment-cryptography:CreateKey'),
    );
    expect(await runKeyblock(['keys', 'list'])).toEqual(refused(3, 'keyblock:ListKeyInventory'));
  });

  test('are exported and imported in key blocks, and in requests', async () => {
    const kek = await printed(['keys', 'create', 'K1', 'AES_256', '--exportable']);
    const key = await printed(['keys', 'create', 'P0', 'AES_128', '--exportable']);
    const block = await printed(['keys', 'export', key, '--under', kek]);
    expect(block).toMatch(/^D0\d{3}P0AB00E/);
    const imported = await printed(
      ['keys', 'import', '--under', kek, '-'],
      `${block.slice(0, 40)}\n${block.slice(40)}\n`,
    );
    const request = { KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek, WrappedKeyBlock: block } } };
    const again = await printed(['keys', 'import', '--request', '-'], JSON.stringify(request));
    const kcv = async (arn: string) =>
      ((await json(['keys', 'show', arn])) as { Key: { KeyCheckValue: string } }).Key.KeyCheckValue;
    expect([await kcv(imported), await kcv(again)]).toEqual([await kcv(key), await kcv(key)]);
    const wish = {
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek, KeyBlockHeaders: { KeyVersion: '07' } } },
    };
    expect(await json(['keys', 'export', key, '--request', '-'], JSON.stringify(wish))).toMatchObject({
      WrappedKey: { KeyMaterial: expect.stringMatching(/^D0\d{3}P0AB07/) },
    });
    expect(await runKeyblock(['keys', 'import', '--under', kek, block.slice(0, -1)])).toEqual(
      refused(2, 'ValidationException'),
    );
    expect(await runKeyblock(['keys', 'import', '--request', '-'], '[{"secret":1')).toEqual(
      refused(2, 'Standard input must have one JSON object.'),
    );
    expect(
      await runKeyblock(['keys', 'export', await printed(['keys', 'create', 'P0', 'AES_128']), '--under', kek]),
    ).toEqual(refused(2, 'ValidationException'));
  });

  test('with known bits are imported from a file, up to the line that is refused', async () => {
    const file = join(folder, 'test-keys.txt');
    const weak = '0123456789ABCDEF0123456789ABCDEF';
    writeFileSync(
      file,
      [
        '# alias usage algorithm key',
        'alias/known/bdk B0 TDES_2KEY 0123456789ABCDEFFEDCBA9876543210',
        '- TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY TDES_3KEY 0123456789ABCDEFFEDCBA98765432101122334455667788',
        '',
        'alias/known/zpk  P0  AES_128  00112233445566778899aabbccddeeff',
      ].join('\n'),
    );
    expect(await printed(['keys', 'import-test', file])).toMatch(
      /^ALIAS +KCV +KEY\nalias\/known\/bdk +08D7B4 +arn:\S+\n- +\w{6} +arn:\S+\nalias\/known\/zpk +\w{6} +arn:\S+$/,
    );
    expect(await json(['keys', 'list', '--query', 'alias/known/bdk'])).toMatchObject({
      KeyCheckValue: '08D7B4',
      Exportable: true,
      Tags: [{ Key: 'test-key', Value: 'known-bits' }],
    });
    const lines = `alias/known/bdk B0 TDES_2KEY FEDCBA98765432100123456789ABCDEF\n- B0 TDES_2KEY ${weak}\n`;
    const { exitCode, stdout, stderr } = await runKeyblock(['keys', 'import-test', '-', '--json'], lines);
    expect([exitCode, JSON.parse(stdout) as object]).toEqual([
      2,
      expect.objectContaining({ AliasName: 'alias/known/bdk' }),
    ]);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { name: 'ValidationException', message: expect.stringMatching(/^Line 2: /) },
    });
    expect(stdout + stderr).not.toContain(weak);
  });
});

describe('aliases', () => {
  test('are set, moved, listed page by page, and removed', async () => {
    const [one, other] = [
      await printed(['keys', 'create', 'B0', 'AES_128']),
      await printed(['keys', 'create', 'B0', 'AES_128']),
    ];
    expect(await ok(['aliases', 'set', 'alias/page/0', one])).toEqual({
      stdout: '',
      stderr: `alias/page/0 names ${one}.\n`,
    });
    for (let i = 1; i <= 100; i++) await ok(['aliases', 'set', `alias/page/${i}`, 'alias/page/0', '--quiet']);
    const lines = (await printed(['aliases', 'list', '--key', 'alias/page/0', '--json'])).split('\n');
    expect(lines).toHaveLength(101);
    expect(JSON.parse(lines[0]!)).toEqual({ AliasName: 'alias/page/0', KeyArn: one });
    expect(await json(['aliases', 'set', 'alias/page/7', other])).toEqual({
      Alias: { AliasName: 'alias/page/7', KeyArn: other },
    });
    expect(await printed(['aliases', 'list', '--key', other])).toBe(`ALIAS         KEY\nalias/page/7  ${other}`);
    await ok(['aliases', 'remove', 'alias/page/7']);
    expect(await runKeyblock(['aliases', 'remove', 'alias/page/7'])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['aliases', 'set', 'alias/new', one.replace(/\w$/, '0')])).toEqual(
      refused(4, 'There is no '),
    );
    expect(await runKeyblock(['aliases', 'set', 'new', one])).toEqual(refused(2, 'ValidationException'));
  });
});

describe('audit', () => {
  test('lists events that match, the newest first', async () => {
    const arn = await printed(['keys', 'create', 'B0', 'AES_192']);
    await runKeyblock(['keys', 'show', 'alias/nowhere']);
    const events = async (...args: string[]) =>
      (await printed(['audit', 'list', '--json', ...args]))
        .split('\n')
        .map((line) => JSON.parse(line) as { eventName: string });
    expect(await events('--changes', '--operation', 'CreateKey', '--limit', '1')).toMatchObject([
      { eventName: 'CreateKey', resources: [{ ARN: arn }] },
    ]);
    expect(await events('--operation', 'GetKey', '--outcome', 'refused', '--limit', '1')).toMatchObject([
      { errorCode: 'ResourceNotFoundException' },
    ]);
    const { stdout, stderr } = await ok(['audit', 'list', '--limit', '2']);
    expect(stdout).toMatch(/^TIME +OPERATION +OUTCOME +CALLER +KEY +REQUEST\n(\d{4}-\S+Z {2}.*\n?){2}$/);
    expect(stderr).toContain('There may be more events');
    expect(await printed(['audit', 'list', '--to', '2020-01-01'])).toMatch(/^TIME.*$/);
    expect(await runKeyblock(['audit', 'list', '--limit', 'all'])).toEqual(refused(2, 'Give a whole number.'));
    useCredentials(await caller('dora'));
    expect(await runKeyblock(['audit', 'list'])).toEqual(refused(3, 'keyblock:ListAuditEvents'));
    expect(await runKeyblock(['audit', 'tail'])).toEqual(refused(3, 'keyblock:ListAuditEvents'));
  });

  test('tail prints events as they are written, but not its own calls', async () => {
    const child = spawn(process.execPath, [COMMAND, 'audit', 'tail', '--operation', 'CreateKey', '--json'], {
      env: process.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const arns = [await printed(['keys', 'create', 'B0', 'AES_128'])];
      const next = async () => JSON.parse((await lines.next()).value as string) as { resources: { ARN: string }[] };
      const found = new Set<string>();
      while (!found.has(arns[0]!)) for (const { ARN } of (await next()).resources) found.add(ARN);
      arns.push(await printed(['keys', 'create', 'B0', 'AES_128']));
      expect((await next()).resources[0]!.ARN).toBe(arns[1]);
    } finally {
      child.kill('SIGINT');
      expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
    }
  });
});

describe('access on a service', () => {
  test('does what it does on this machine, with the same output', async () => {
    const arn = 'arn:aws:iam::000000000000:user/eve@example.com';
    expect(await printed(['access', 'create', 'user', 'eve@example.com'])).toBe(arn);
    expect(await json(['access', 'create', 'role', 'line'])).toMatchObject({ Name: 'line', PolicyNames: [] });
    const may = JSON.stringify(policy(statement('keyblock:GetStatus')));
    await ok(['access', 'policy', 'put', 'user', 'eve@example.com', 'see', '-'], may);
    expect(JSON.parse(await printed(['access', 'policy', 'get', 'user', 'eve@example.com', 'see']))).toEqual(
      JSON.parse(may),
    );
    const made = await json(['access', 'key', 'create', 'user', 'eve@example.com']);
    const eve = credentialsOf(made);
    expect(await printed(['access', 'list'])).toContain(
      `${arn}\n  policy see\n  access key ${eve.accessKeyId} active, never used`,
    );
    expect((await printed(['access', 'session', 'role', 'line', '--seconds', '900'])).split('\n')).toEqual([
      expect.stringMatching(/^aws_access_key_id = ASIA/),
      expect.stringMatching(/^aws_secret_access_key = /),
      expect.stringMatching(/^aws_session_token = /),
      expect.stringMatching(/^# until \d{4}-/),
    ]);
    expect(
      await json(['access', 'explain', '--principal', arn, '--action', 'keyblock:GetStatus', '--resource', '*']),
    ).toMatchObject({ Decision: 'allowed', Statement: { Policy: 'see', Number: 1 } });

    await ok(['access', 'key', 'disable', eve.accessKeyId]);
    useCredentials(eve);
    expect(await runKeyblock(['status'])).toEqual(refused(3, 'UnrecognizedClientException'));
    useCredentials(CREDENTIALS);
    await ok(['access', 'key', 'enable', eve.accessKeyId]);
    const rotated = credentialsOf(await json(['access', 'key', 'rotate', eve.accessKeyId]));
    useCredentials(rotated);
    await ok(['status']);
    expect(await runKeyblock(['access', 'list'])).toEqual(refused(3, 'keyblock:ListPrincipals'));
    useCredentials(CREDENTIALS);

    await ok(['access', 'password', 'set', 'eve@example.com', '--file', '-'], 'correct horse battery staple\n');
    await ok(['access', 'password', 'remove', 'eve@example.com', '--yes']);
    await ok(['access', 'key', 'remove', eve.accessKeyId, '--yes']);
    await ok(['access', 'policy', 'remove', 'user', 'eve@example.com', 'see', '--yes']);
    expect(await json(['access', 'remove', 'user', 'eve@example.com', '--yes'])).toEqual({});
    for (const args of [
      ['policy', 'get', 'user', 'eve@example.com', 'see'],
      ['key', 'remove', eve.accessKeyId, '--yes'],
      ['remove', 'user', 'eve@example.com', '--yes'],
    ])
      expect(await runKeyblock(['access', ...args])).toEqual(refused(4, 'There is no '));
    expect(await runKeyblock(['access', 'create', 'role', 'line'])).toEqual(refused(4, 'already exists'));
    expect(await runKeyblock(['access', 'policy', 'put', 'role', 'line', 'p', '{}'])).toEqual(refused(2, 'Statement'));
  });
});
