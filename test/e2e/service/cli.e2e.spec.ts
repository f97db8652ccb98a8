import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { examplesOf } from '../../support/help.js';
import { testPki } from '../../support/tr34.js';
import { hex, vectors } from '../../support/vectors.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const COMMAND = join(ROOT, 'bin/keyblock.js');
const { keyBlock, kbpk } = vectors<{ keyBlock: string; kbpk: string }>('tr31')[0]!;
const token = hex(vectors<{ inputs: { wrappedKeyBlock: string } }>('tr34')[0]!.inputs.wrappedKeyBlock);
const pki = testPki();
const TRANSACTION =
  '9F02060000000125009F03060000000000009F1A020752950500000080005F2A0207529A032611279C01009F37045A3C91E7820239009F360200A7';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyblock-cli-'));
  mkdirSync(join(folder, 'path'));
  symlinkSync(COMMAND, join(folder, 'path/keyblock'));
  const key = (byte: number) => `${Buffer.alloc(32, byte).toString('hex')}\n`;
  const files = {
    'kbpk.txt': kbpk,
    'arqc-data.txt': TRANSACTION,
    'krd.key': pki['svcKrd2048']!.privateKey,
    'krd.pem': pki['svcKrd2048']!.certificate.der,
    'kdh.pem': pki['kdh']!.certificate.der,
    'ca.pem': pki['kdhCa']!.certificate.der,
    'block.txt': keyBlock,
    'token.der': token,
    alice: key(1),
    bob: key(2),
    'master-key-2027': key(3),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the built command in a separate process. */
async function run(args: string[], input: string | Buffer = '') {
  const child = spawn(process.execPath, [COMMAND, ...args]);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}

/** Runs a line in a shell that finds the command. */
function shell(line: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { ...process.env, PATH: `${join(folder, 'path')}:${process.env['PATH']}` };
  return new Promise((resolve) =>
    execFile('sh', ['-c', line], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    ),
  );
}

describe('the command keyblock', () => {
  test('has its name in package.json, and can be started from a shell', async () => {
    const { bin, version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      bin: Record<string, string>;
      version: string;
    };
    expect(bin).toEqual({ keyblock: 'bin/keyblock.js' });
    expect(statSync(COMMAND).mode & 0o111).toBe(0o111);
    expect(await shell('keyblock --version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('says how to build the command if it is not built', async () => {
    mkdirSync(join(folder, 'clone/bin'), { recursive: true });
    copyFileSync(COMMAND, join(folder, 'clone/bin/keyblock.mjs'));
    expect(await shell('node clone/bin/keyblock.mjs tr31 --help')).toEqual({
      exitCode: 4,
      stdout: '',
      stderr: 'Keyblock is not built in this folder. Run: npm run build\n',
    });
  });

  test.each<[cache: string, spoil: (file: string) => void]>([
    ['without its compiled code', rmSync],
    ['with empty compiled code', (file) => truncateSync(file)],
    ['with half of its compiled code', (file) => truncateSync(file, statSync(file).size / 2)],
    [
      'with code that another version of V8 compiled',
      (file) => writeFileSync(file, readFileSync(file).fill(0xff, 0, 16)),
    ],
  ])('runs %s', async (_, spoil) => {
    cpSync(join(ROOT, 'dist/bundle'), join(folder, 'spoilt/dist/bundle'), { recursive: true });
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'spoilt/package.json'));
    spoil(join(folder, 'spoilt/dist/bundle/keyblock.cache'));
    expect(await shell('node spoilt/dist/bundle/cli.js tr31 inspect --help')).toEqual(
      await shell('keyblock tr31 inspect --help'),
    );
  });

  test.each(['tr31 inspect', 'tr34 inspect', 'tr34 open', 'master-key check', 'help'])(
    'runs the examples of %s as printed',
    async (command) => {
      const examples = examplesOf((await shell(`keyblock ${command} --help`)).stdout);
      expect(examples).toHaveLength(2);
      for (const example of examples)
        expect([example, await shell(example)]).toEqual([
          example,
          { exitCode: 0, stdout: expect.stringMatching(/\S/), stderr: '' },
        ]);
    },
  );

  test.each([
    'tr31 unwrap',
    'tr31 wrap',
    'kcv',
    'dukpt derive',
    'dukpt explain',
    'mac',
    'arqc compute',
    'arqc explain',
  ])('runs the examples of %s as printed, with a remark about keys in arguments', async (command) => {
    const examples = examplesOf((await shell(`keyblock ${command} --help`)).stdout);
    expect(examples).toHaveLength(2);
    for (const example of examples)
      expect([example, await shell(example)]).toEqual([
        example,
        {
          exitCode: 0,
          stdout: expect.stringMatching(/\S/),
          stderr: example.includes('--key ') ? expect.stringContaining('history, and other users') : '',
        },
      ]);
  });

  test('prints a key block from an argument and from standard input alike', async () => {
    const [argument, piped] = await Promise.all([
      run(['tr31', 'inspect', keyBlock]),
      run(['tr31', 'inspect', '-'], `${keyBlock}\n`),
    ]);
    expect(argument).toEqual({ exitCode: 0, stdout: expect.stringContaining('key usage'), stderr: '' });
    expect(piped).toEqual(argument);
  });

  test('prints a token from a DER file', async () => {
    const { exitCode, stdout } = await run(['tr34', 'inspect', '--file', join(folder, 'token.der')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('given as DER');
  });

  test('prints errors on stderr, with exit code 1 for wrong input and 2 for a wrong call', async () => {
    const [malformed, wrong] = await Promise.all([run(['tr31', 'inspect', keyBlock.slice(1)]), run(['tr31'])]);
    expect(malformed).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Malformed key block at offset/),
    });
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test('ends with exit code 5 if the database does not answer, and 2 if the environment is wrong', async () => {
    const database = 'DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing';
    const configured = `${database} KEYBLOCK_MASTER_KEY=${'ab'.repeat(32)} KEYBLOCK_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE KEYBLOCK_SECRET_ACCESS_KEY=${'s'.repeat(40)}`;
    const [unreachable, failed, wrong] = await Promise.all([
      shell(`${configured} keyblock access list`),
      shell(`${configured} KEYBLOCK_PORT=0 keyblock start`),
      shell(`${database} KEYBLOCK_PORT=http keyblock audit verify`),
    ]);
    expect(unreachable).toEqual({ exitCode: 5, stdout: '', stderr: expect.stringContaining('ECONNREFUSED') });
    expect(failed).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: expect.stringMatching(
        /^Keyblock could not start: the database of DATABASE_URL, 127\.0\.0\.1:1, does not answer: connect ECONNREFUSED/,
      ),
    });
    expect(wrong).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('KEYBLOCK_PORT must be a whole number'),
    });
  });

  test('names a database that accepts connections and stays silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const configured = `DATABASE_URL=postgresql://nobody@127.0.0.1:${port}/nothing KEYBLOCK_MASTER_KEY=${'ab'.repeat(32)} KEYBLOCK_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE KEYBLOCK_SECRET_ACCESS_KEY=${'s'.repeat(40)}`;
    const refused = await shell(`${configured} KEYBLOCK_PORT=0 keyblock start`);
    silent.close();
    const reason = `the database of DATABASE_URL, 127.0.0.1:${port}, does not answer: Connection terminated due to connection timeout`;
    expect(refused).toEqual({ exitCode: 5, stdout: '', stderr: `Keyblock could not start: ${reason}\n` });
  });

  test('start --dev forgets everything at exit, and refuses a database that is to stay', async () => {
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    const env = { PATH: process.env['PATH'], TMPDIR: temporary, KEYBLOCK_PORT: '0' };
    const child = spawn(process.execPath, [COMMAND, 'start', '--dev'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let ready = '';
    for await (const chunk of child.stderr as AsyncIterable<Buffer>)
      if (/^Credentials: /m.test((ready += chunk.toString()))) break;
    expect(ready).toContain(`Credentials: ${temporary}/keyblock-dev-`);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(readdirSync(temporary).filter((name) => name.startsWith('keyblock-dev-'))).toEqual([]);
    for (const name of ['DATABASE_URL', 'KEYBLOCK_DATA_DIR'])
      expect(await shell(`${name}=data keyblock start --dev`)).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringContaining(`--dev deletes its database at exit: unset ${name}`),
      });
  });

  test('ends quietly when the reader closes the pipe', async () => {
    const child = spawn(process.execPath, [COMMAND, 'tr31', 'inspect', '-']);
    child.stdout.destroy();
    child.stdin.end(keyBlock);
    expect((await buffer(child.stderr)).toString()).toBe('');
  });
});
