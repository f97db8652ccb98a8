import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { credentialsOf, policy, statement, useAdmin } from '../../support/admin.js';
import { runKeyblock } from '../../support/cli.js';
import { refused, useCli } from '../../support/cli-caller.js';
import { CREDENTIALS, REGION } from '../../support/service.js';

const COMMAND = fileURLToPath(new URL('../../../bin/keyblock.js', import.meta.url));
const { service, done, caller } = useAdmin();
const { useCredentials, useNoCredentials, files, section, ok, printed, json } = useCli(service);

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

  test("show the control characters of a service's message as escapes", async () => {
    const message = `${String.fromCharCode(27)}[2Jnot allowed\u202e`;
    const server = createServer((_, response) =>
      response
        .writeHead(400, { 'x-amzn-requestid': 'a-request', 'x-amzn-errortype': 'AccessDeniedException' })
        .end(JSON.stringify({ __type: 'AccessDeniedException', message })),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { stderr } = await runKeyblock(['status', '--endpoint', url]);
    expect(stderr).toContain('\\u{1b}[2Jnot allowed\\u{202e}');
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

describe('audit', () => {
  test('lists events that match, the newest first', async () => {
    const arn = await printed(['keys', 'create', 'B0', 'AES_192']);
    await runKeyblock(['keys', 'show', 'alias/nowhere']);
    await service.app.get(AuditLog).flush();
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
