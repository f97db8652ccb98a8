import { readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ConfigError } from '../config/config.js';
import { DataDirectoryError } from '../config/data-directory.js';
import { ConflictException, ResourceNotFoundException, ValidationException } from '../errors/exceptions.js';
import { MasterKeyError } from '../provider/master-key-check.js';
import { examplesOf } from '../../test/support/help.js';
import { EXIT, Failure, outcomeOf } from './failure.js';
import { keyblock, program } from './keyblock.js';

async function run(args: string[], input: string | Buffer = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

type AnyCommand = ReturnType<typeof program>['commands'][number];

/** Returns the words that invoke each command and each group of commands. */
function paths(command: AnyCommand, words: string[] = []): { words: string[]; command: AnyCommand }[] {
  return command.commands.flatMap((subcommand) => {
    const path = [...words, subcommand.name()];
    return [{ words: path, command: subcommand }, ...paths(subcommand, path)];
  });
}

const tree = paths(program({ stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() })).map(
  ({ words, command }) => ({ name: words.join(' '), words, command }),
);
const leaves = tree.filter(({ command }) => command.commands.length === 0);
const groups = tree.filter(({ command }) => command.commands.length > 0);

describe('help', () => {
  test('covers every command', () => {
    expect(leaves.map(({ name }) => name)).toEqual([
      'status',
      'keys list',
      'keys show',
      'keys create',
      'keys import',
      'keys export',
      'keys import-test',
      'keys stop',
      'keys start',
      'keys restore',
      'keys delete',
      'keys use',
      'aliases list',
      'aliases set',
      'aliases remove',
      'access create',
      'access remove',
      'access list',
      'access policy put',
      'access policy get',
      'access policy remove',
      'access key create',
      'access key enable',
      'access key disable',
      'access key rotate',
      'access key remove',
      'access password set',
      'access password remove',
      'access session',
      'access explain',
      'approvals list',
      'approvals show',
      'approvals approve',
      'approvals deny',
      'approvals cancel',
      'approvals break-glass',
      'audit list',
      'audit tail',
      'audit verify',
      'audit export',
      'audit prune',
      'audit segments',
      'audit public-key',
      'audit rotate-signing-key',
      'compare replay',
      'compare record',
      'start',
      'check',
      'backup',
      'restore check',
      'destruction confirm',
      'master-key status',
      'master-key rotate',
      'master-key component',
      'master-key check',
      'master-key token-init',
      'master-key to-token',
      'master-key from-token',
      'master-key rewrap',
      'migrate',
      'demo',
      'payshield keys add',
      'payshield keys import',
      'payshield keys verify',
      'payshield keys suggest',
      'payshield try',
      'xks create-credential',
      'xks revoke',
      'xks release',
      'xks withdraw',
      'xks list',
      'tr31 unwrap',
      'tr31 wrap',
      'tr31 inspect',
      'tr34 open',
      'tr34 inspect',
      'kcv',
      'dukpt derive',
      'dukpt explain',
      'pinblock encode',
      'pinblock decode',
      'cvv',
      'pvv',
      'mac',
      'arqc compute',
      'arqc explain',
      'completion',
      'help',
    ]);
  });

  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints all commands in groups', async (args) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Commands on a service, by signed requests:\n {2}status +Print[^]+ {2}access +Manage[^]+ {2}audit +Read[^]+\n\nCommands on the deployment of this machine:\n {2}start +Run[^]+ {2}master-key [^]+\n\nCalculators for test keys:\n {2}tr31 [^]+ {2}tr34 [^]+\n\nShell:\n {2}completion [^]+\n\nExit codes:\n/m,
    );
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    // A group within a group is listed by its name.
    for (const { command } of groups.filter(({ words }) => words.length === 1))
      for (const { name } of command.commands.map((subcommand) => ({ name: subcommand.name() })))
        expect(stdout).toContain(name);
  });

  test.each(tree)('the help of $name has a summary, usage, options and further reading', async ({ words, command }) => {
    const [asked, help] = await Promise.all([run([...words, '--help']), run(['help', ...words])]);
    expect(asked).toEqual(help);
    expect([asked.exitCode, asked.stderr]).toEqual([0, '']);
    const [usage, , summary] = asked.stdout.split('\n');
    expect(usage).toMatch(new RegExp(`^Usage: keyblock ${words.join(' ')}\\b`));
    expect(summary).toMatch(/^[A-Z].{10,78}\.$/);
    expect(asked.stdout).toMatch(/^Options:$[^]+^ {2}-h, --help +Print[^]+^ {2}--version +Print/m);
    for (const line of asked.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    for (const subcommand of command.commands)
      expect(asked.stdout).toMatch(new RegExp(`^  ${subcommand.name()}\\b`, 'm'));
    if (words[0] === 'help') return;
    const [, document = ''] = /\nMore: (.+)\n$/.exec(asked.stdout) ?? [];
    expect(readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8')).toContain(`keyblock ${words[0]!}`);
  });

  test.each(leaves)('the help of $name has two examples', async ({ words }) => {
    const { stdout } = await run([...words, '--help']);
    expect(stdout).not.toMatch(/^ *\\$/m);
    const examples = examplesOf(stdout);
    expect(examples).toEqual(Array(2).fill(expect.stringContaining(`keyblock ${words.join(' ')}`)));
    expect(new Set(examples).size).toBe(2);
  });

  test.each([...tree.map(({ words }) => words), []])('%s %s --version prints the version', async (...words) => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const args = words.filter((word): word is string => typeof word === 'string');
    expect(await run([...args, '--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('arguments and input', () => {
  test.each<[args: string[], ...lines: string[]]>([
    [['acess'], "Unknown command 'acess'", '(Did you mean access?)'],
    [['help', 'acess'], "Unknown command 'acess'", '(Did you mean access?)'],
    [['tr31', 'inspct'], "Unknown command 'inspct'", '(Did you mean inspect?)'],
    [['help', 'master-key', 'rotat'], "Unknown command 'rotat'", '(Did you mean rotate?)'],
    [['tr34', 'inspect', '--fil', 'a'], "Unknown option '--fil'", '(Did you mean --file?)'],
    [['audit', 'verify', '--files', 'a'], "Unknown option '--files'", '(Did you mean --file?)'],
    [['start', '--devel'], "Unknown option '--devel'", '(Did you mean --dev?)'],
    [['start', 'now'], "Too many arguments for 'start'. Expected 0 arguments but got 1."],
    [['tr31', 'inspect', 'a', 'b'], "Too many arguments for 'inspect'. Expected 1 argument but got 2."],
    [['tr31', 'inspect'], 'Give one input: an argument, - for standard input, or --file and a path.'],
    [['tr31', 'inspect', 'a', '--file', 'b'], 'Give one input'],
    [['tr34', 'inspect', '--file'], "Option '--file <path>' argument missing"],
    [['tr34', 'inspect', '--file', '/nowhere'], "The file can't be read: ENOENT"],
    [['audit', 'verify', '-', '--file', 'a'], 'Give either --file, - or --export'],
    [['audit', 'verify', '--export', 'a'], 'Give --export and --public-key together.'],
    [['audit', 'verify', '--export', 'a', '--public-key', '/nowhere'], "can't be used: ENOENT"],
    [['audit', 'verify', '--export', 'a', '--public-key', 'package.json'], 'it has no public key in PEM'],
    [['audit', 'verify', '--since', '2026-11-28', '-'], '--since is for the table'],
    [['audit', 'verify', '--since', '2d', '-'], '--since is for the table'],
    [['audit', 'verify', '--since', '2026-13-28'], 'Give a day such as'],
    [['audit', 'export'], "Required option '--to <dir>' not specified"],
    [['audit', 'export', '--to', 'a', '--day', 'today'], 'Give a day such as'],
    [['audit', 'prune', '--keep', '90', '--export', 'a'], 'Give a number of days such as 90d.'],
    [['audit', 'prune', '--keep', '90d', '--export', 'a'], 'give --yes'],
    [['audit', 'verify', 'a'], "Command-argument value 'a' is invalid for argument '-'. Allowed choices are -."],
    [['audit', 'verify', '--file', '/nowhere'], "The file can't be read: ENOENT"],
    [['audit', 'list', '--from', 'yesterday'], 'Give a time such as 2026-11-28'],
    [['status', '--endpoint', 'localhost:8080'], '"localhost:8080" is not an endpoint: give a URL'],
    [['status', '--endpoint', 'http://a@localhost'], 'is not an endpoint'],
    [['status', '--endpoint', 'http://:a@localhost'], 'is not an endpoint'],
    [['status', '--profile', 'nobody'], 'The profile nobody is in neither'],
    [['keys', 'create', 'Z9', 'AES_128'], "argument 'usage'. Use one of B0, C0"],
    [['keys', 'create', 'B0', 'AES_129'], 'Allowed choices are TDES_2KEY'],
    [['keys', 'create', 'B0', 'AES_128', '--modes', 'Derive'], 'Allowed choices are Encrypt'],
    [['keys', 'create', 'B0', 'AES_128', '--tag', 'a'], 'Give a key, = and a value.'],
    [['keys', 'delete', 'alias/a', '--days', 'x'], 'Give a whole number.'],
    [['keys', 'delete', 'alias/a'], "This can't be undone, and there is no terminal to confirm it on: give --yes."],
    [['keys', 'import', 'D0112'], 'Give --under'],
    [['keys', 'import', '--under', 'alias/kek'], 'Give one input'],
    [['keys', 'import', 'D0112', '--request', 'a'], 'Give either --request, or a key block and --under.'],
    [['keys', 'import', '--request', '/nowhere'], "The file can't be read: ENOENT"],
    [['keys', 'export', 'alias/a'], 'Give either --under or --request.'],
    [['keys', 'export', 'alias/a', '--under', 'alias/b', '--request', 'c'], 'Give either --under or --request.'],
    [['access', 'list', '--region', 'eu-west-1'], '--region needs --endpoint or --profile'],
    [['access', 'remove', 'user', 'ann'], 'give --yes. (Remove the user ann with its policies and access keys?)'],
    [['access', 'key', 'remove', 'AKIA1'], 'give --yes'],
    [['access', 'policy', 'remove', 'user', 'ann', 'a'], 'give --yes'],
    [['access', 'password', 'remove', 'ann'], 'give --yes'],
    [['audit', 'rotate-signing-key'], 'give --yes'],
    [['approvals', 'approve', 'custodians:A'], "Required option '--hash <digits>' not specified"],
    [['approvals', 'approve', 'custodians:A', '--hash', '3f9'], 'Give at least 8 digits of the request hash'],
    [['approvals', 'break-glass', 'custodians:A', '--yes'], "Required option '--reason <text>' not specified"],
    [['approvals', 'break-glass', 'custodians:A', '--reason', 'locked out'], 'give --yes'],
    [['check', '--accept'], 'give --yes'],
    [['backup'], "Required option '--to <path>' not specified"],
    [['backup', '--to', 'a', '--without-audit-before', 'May'], 'Give a day such as'],
    [['restore', 'check', '--manifest', '/nowhere'], '/nowhere is not a manifest of a backup: ENOENT'],
    [['restore', 'check', '--manifest', '/dev/null'], '/dev/null is not a manifest of a backup: '],
    [['restore', 'check', '--events', '/nowhere'], "The file can't be read: ENOENT"],
    [['destruction', 'confirm'], 'give --yes'],
    [['xks', 'revoke', 'XKSP1'], 'give --yes'],
    [['tr34', 'open', '00'], "Required option '--sender-certificate <path>' not specified"],
  ])('%j ends with exit code 2', async (args, ...lines) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    for (const line of lines) expect(stderr).toContain(line);
    expect(stderr).toContain('(--help prints usage and examples)\n');
  });

  test.each([
    [['keys', 'shw', '--json'], "Unknown command 'shw'"],
    [['keys', 'show', '--json'], "Missing required argument 'key'"],
    [['keys', 'delete', 'alias/a', '--json'], "This can't be undone"],
  ])('%j prints its error as JSON', async (args, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({ error: { name: 'Usage', message: expect.stringContaining(message) } });
  });

  test.each([
    ['', 'The file has no keys.'],
    ['# nothing\n\n', 'The file has no keys.'],
    ['alias/a B0 AES_128', 'Line 1: give alias or -, usage, algorithm and key'],
    ['\nbdk B0 AES_128 00', 'Line 2: bdk is neither an alias such as alias/bdk, nor -.'],
    ['- Z9 AES_128 00', 'Line 1: Use one of B0'],
    ['- B0 AES_129 00', 'Line 1: Allowed choices are'],
    [
      '- B0 RSA_2048 00',
      "Line 1: a key of RSA_2048 can't be sent under RSA: use TDES_2KEY, TDES_3KEY, AES_128, or a key block.",
    ],
    ['- B0 AES_128 0011223344556677', 'Line 1: a key of AES_128 has 16 bytes, but this one has 8.'],
    ['- B0 AES_128 001', 'Line 1: The key must be an even number of hexadecimal digits.'],
    ['- M7 HMAC_SHA256 0011', "Line 1: a key of HMAC_SHA256 can't be sent under RSA"],
    [`- B0 AES_128 ${'11'.repeat(16)}\n`.repeat(1001), 'The file has 1001 keys; 1000 are allowed.'],
  ])('import-test refuses the file %#', async (input, message) => {
    const { exitCode, stdout, stderr } = await run(['keys', 'import-test', '-'], input);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test.each(groups)('$name without a subcommand prints its commands on stderr', async ({ words }) => {
    const { exitCode, stdout, stderr } = await run(words);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^Usage: keyblock ${words[0]!} `));
  });

  test('reads at most a megabyte', async () => {
    const { exitCode, stderr } = await run(['tr31', 'inspect', '-'], Buffer.alloc(1_048_577));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('at most 1048576 bytes');
  });

  test('reads a file unchanged', async () => {
    const file = new URL('../../package.json', import.meta.url).pathname;
    const { exitCode, stderr } = await run(['tr31', 'inspect', '--file', file]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('key block version ID has the value "{"');
  });
});

describe('exit codes', () => {
  const named = (name: string, message: string) => Object.assign(new Error(message), { name });
  test.each([
    [new Failure(EXIT.refused, 'Not you.'), 3, 'Not you.'],
    [new Failure(EXIT.interrupted, ''), 130, ''],
    [new ConfigError(['KEYBLOCK_PORT must be a whole number']), 2, expect.stringContaining('\n  KEYBLOCK_PORT must')],
    [new ValidationException('A name has 1 to 64 letters.'), 2, 'A name has 1 to 64 letters.'],
    [new ConflictException('The user ann already exists.'), 4, 'The user ann already exists.'],
    [new ResourceNotFoundException('AKIA1'), 4, 'There is no AKIA1.'],
    [new MasterKeyError('sealed under another'), 4, 'sealed under another'],
    [new DataDirectoryError('in use'), 4, 'in use'],
    [
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }),
      5,
      'connect ECONNREFUSED 127.0.0.1:1',
    ],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 5, 'ECONNREFUSED'],
    [
      new TypeError('undefined is not a function'),
      5,
      expect.stringMatching(/^TypeError: undefined is not a function\n +at /),
    ],
    [named('constructor', 'x'), 5, expect.stringContaining('x')],
  ])('error %# ends with its exit code', (error, exitCode, message) => {
    expect(outcomeOf(error)).toEqual({ exitCode, message });
  });
});
