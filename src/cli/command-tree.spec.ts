import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import type { Argument, Command as CommanderCommand, Option } from 'commander';
import { runKeyblock } from '../../test/support/cli.js';
import { program } from './keyblock.js';

interface Leaf {
  name: string;
  words: string[];
  command: CommanderCommand;
}

/** Returns every command that isn't a group. */
function leavesOf(command: CommanderCommand, words: string[] = []): Leaf[] {
  if (command.commands.length === 0) return [{ name: words.join(' '), words, command }];
  return command.commands.flatMap((each) => leavesOf(each, [...words, each.name()]));
}

const hasOption = ({ command }: Leaf, name: string) => command.options.some(({ long }) => long === name);

const leaves = leavesOf(program({ stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() }));
const remote = leaves.filter((leaf) => hasOption(leaf, '--endpoint'));
/** Commands whose output is not a result but a log, a script or help. */
const WITHOUT_RESULTS = ['start', 'completion', 'help'];

/** Values that the commands on a service accept, by the names of their arguments and mandatory options. */
const VALUES: Readonly<Record<string, string>> = {
  usage: 'P0',
  algorithm: 'AES_128',
  alias: 'alias/pek',
  key: 'alias/pek',
  'access-key-id': 'AKIAIOSFODNN7EXAMPLE',
  document: '{}',
  block: 'D0112P0AE00E0000',
  '--hash': '3f9a0c11',
  '--keep': '90d',
};
/** Options that a command needs beyond the mandatory ones. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  'keys import': ['--under', 'alias/kek'],
  'keys export': ['--under', 'alias/kek'],
};
const INPUT: Readonly<Record<string, string>> = {
  'compare replay': '{"service":"kms","operation":"GenerateRandom","input":{},"output":{}}\n',
  'keys import-test': '- P0 AES_128 00112233445566778899AABBCCDDEEFF\n',
};

/** Returns the words of a call that has everything that the command needs. */
function callOf({ name, words, command }: Leaf): string[] {
  const values = command.registeredArguments.map((argument: Argument) => {
    if (argument.argChoices) return argument.argChoices[0] ?? '';
    return argument.name() === 'file' ? '-' : (VALUES[argument.name()] ?? 'own');
  });
  const mandatory = command.options.flatMap(({ mandatory, long, argChoices }: Option) =>
    mandatory ? [long ?? '', argChoices?.[0] ?? (long === '--file' ? '-' : (VALUES[long ?? ''] ?? 'own'))] : [],
  );
  const isUndoable = command.options.some(({ long }) => long === '--yes');
  return [...words, ...values, ...mandatory, ...(MORE[name] ?? []), ...(isUndoable ? ['--yes'] : [])];
}

test('there are commands on a service and others', () => {
  expect(remote.length).toBeGreaterThan(20);
  expect(leaves.length).toBeGreaterThan(remote.length + 20);
});

test.each(leaves)('$name has the options of every command', (leaf) => {
  const isResult = !WITHOUT_RESULTS.includes(leaf.name);
  for (const name of ['--json', '--quiet', '--no-color'])
    expect([name, hasOption(leaf, name)]).toEqual([name, isResult]);
  const isRemote = hasOption(leaf, '--endpoint');
  for (const name of ['--region', '--profile']) expect([name, hasOption(leaf, name)]).toEqual([name, isRemote]);
});

test.each(leaves)('$name refuses an unknown option with exit code 2', async (leaf) => {
  const { exitCode, stdout, stderr } = await runKeyblock([...callOf(leaf), '--no-such-option']);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toContain("Unknown option '--no-such-option'");
});

describe('commands on a service', () => {
  const before = { ...process.env };
  const service = createServer((_, response) => {
    response.writeHead(400, { 'x-amzn-requestid': 'c4aacb11' });
    response.end(JSON.stringify({ __type: 'AccessDeniedException', Message: 'Not you.' }));
  });
  beforeAll(async () => {
    await once(service.listen(0, '127.0.0.1'), 'listening');
  });
  beforeEach(() => {
    for (const name of Object.keys(process.env))
      if (/^(AWS|KEYBLOCK)_/.test(name)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, {
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    });
  });
  afterAll(() => {
    process.env = before;
    service.closeAllConnections();
    service.close();
  });

  test.each(remote)('$name ends with 5 if the service cannot be reached', async (leaf) => {
    const call = [...callOf(leaf), '--endpoint', 'http://127.0.0.1:1', '--json'];
    const { exitCode, stdout, stderr } = await runKeyblock(call, INPUT[leaf.name]);
    expect([exitCode, stdout]).toEqual([5, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { name: 'Unreachable', message: expect.stringContaining("http://127.0.0.1:1 can't be reached") },
    });
  });

  test.each(remote)('$name ends with 3 without credentials', async (leaf) => {
    delete process.env['AWS_ACCESS_KEY_ID'];
    const call = [...callOf(leaf), '--endpoint', 'http://127.0.0.1:1', '--json'];
    const { exitCode, stdout, stderr } = await runKeyblock(call, INPUT[leaf.name]);
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { name: 'Refused', message: expect.stringContaining('There are no credentials.') },
    });
  });

  // For the comparison, a refusal is an answer like any other.
  test.each(remote.filter(({ name }) => name !== 'compare replay'))(
    '$name ends with 3 if the service refuses, with its exception and request',
    async (leaf) => {
      const { port } = service.address() as AddressInfo;
      const call = [...callOf(leaf), '--endpoint', `http://127.0.0.1:${port}`, '--json'];
      const { exitCode, stdout, stderr } = await runKeyblock(call, INPUT[leaf.name]);
      expect([exitCode, stdout]).toEqual([3, '']);
      expect(JSON.parse(stderr)).toEqual({
        error: { name: 'AccessDeniedException', message: 'Not you.', requestId: 'c4aacb11' },
      });
    },
  );
});
