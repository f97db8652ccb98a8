import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { hex, vectors } from '../../support/vectors.js';

const CLI = fileURLToPath(new URL('../../../dist/bundle/cli.js', import.meta.url));
const { keyBlock } = vectors<{ keyBlock: string }>('tr31')[0]!;
const token = hex(vectors<{ inputs: { wrappedKeyBlock: string } }>('tr34')[0]!.inputs.wrappedKeyBlock);

/** The built command in a process of its own. */
async function run(args: string[], input: string | Buffer = '') {
  const child = spawn(process.execPath, [CLI, ...args]);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, stdout, stderr };
}

describe('the command keyblock', () => {
  test('is what package.json calls it, and can be started by a shell', async () => {
    const { bin } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      bin: Record<string, string>;
    };
    expect(bin).toEqual({ keyblock: 'dist/bundle/cli.js' });
    expect(await readFile(CLI, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test('prints a key block from an argument and from the standard input alike', async () => {
    const [argument, piped] = await Promise.all([
      run(['tr31', 'inspect', keyBlock]),
      run(['tr31', 'inspect', '-'], `${keyBlock}\n`),
    ]);
    expect(argument).toEqual({ exitCode: 0, stdout: expect.stringContaining('key usage'), stderr: '' });
    expect(piped).toEqual(argument);
  });

  test('prints a token from a file of DER', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keyblock-cli-'));
    try {
      const file = join(folder, 'token.der');
      await writeFile(file, token);
      const { exitCode, stdout } = await run(['tr34', 'inspect', '--file', file]);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('given as DER');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('says on stderr what is wrong, with exit code 1 for the input and 2 for the call', async () => {
    const [malformed, wrong] = await Promise.all([run(['tr31', 'inspect', keyBlock.slice(1)]), run(['tr31'])]);
    expect(malformed).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Malformed key block at offset/),
    });
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test('ends quietly when nobody reads on', async () => {
    const child = spawn(process.execPath, [CLI, 'tr31', 'inspect', '-']);
    child.stdout.destroy();
    child.stdin.end(keyBlock);
    expect((await buffer(child.stderr)).toString()).toBe('');
  });
});
