import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { keyblock } from './keyblock.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'keyblock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function run(args: string[], stdin: Readable = Readable.from([])) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const exitCode = await keyblock(['master-key', ...args], { stdin, stdout, stderr });
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

const typed = (...lines: string[]) => Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))]);
const filled = (byte: number) => Buffer.alloc(32, byte).toString('hex');
const path = (name: string) => join(folder, name);
function file(name: string, content: string): string {
  writeFileSync(path(name), content);
  return path(name);
}

describe('component', () => {
  test('is random, readable by its owner only, and never overwrites a file', async () => {
    const { exitCode, stdout } = await run(['component', '--file', path('a')]);
    expect(exitCode).toBe(0);
    const written = readFileSync(path('a'), 'utf8');
    expect(written).toMatch(/^[0-9a-f]{64}\n$/);
    expect(statSync(path('a')).mode & 0o777).toBe(0o600);
    expect(stdout).toMatch(/^Component with check value [0-9A-F]{6} written to /);
    expect(stdout).not.toContain(written.trim());

    const again = await run(['component', '--file', path('a')]);
    expect(again).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('already exists and is not overwritten'),
    });
    expect(readFileSync(path('a'), 'utf8')).toBe(written);
  });

  test('can be typed in groups of digits, as on paper, and is confirmed by its check value', async () => {
    const grouped = filled(1).replace(/.{4}/g, '$& ');
    const args = ['component', '--file', path('a'), '--typed'];
    const { exitCode, stdout, stderr } = await run(args, typed(grouped, 'af9c53'));
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Component with check value AF9C53 written to ${path('a')}\n`);
    expect(stderr).toContain('Its check value is AF9C53\n');
    expect(stderr).not.toContain('0101');
    expect(readFileSync(path('a'), 'utf8')).toBe(`${filled(1)}\n`);
  });

  test('is not shown when it is typed at a terminal', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
    for (const line of [filled(1), 'AF9C53']) stdin.write(`${line}\r`);
    const { exitCode, stdout, stderr } = await run(['component', '--file', path('a'), '--typed'], stdin);
    expect(exitCode).toBe(0);
    expect(stdout + stderr).not.toContain('0101');
    expect(readFileSync(path('a'), 'utf8')).toBe(`${filled(1)}\n`);
  });

  test('is not written when Ctrl-C is typed at a terminal', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
    stdin.write(`${filled(1)}\r\u0003`);
    const { exitCode, stderr } = await run(['component', '--file', path('a'), '--typed'], stdin);
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('Interrupted. Nothing was written.\n')]);
    expect(() => statSync(path('a'))).toThrow('ENOENT');
  });

  test.each([
    [['00'], 'A component has 64 hexadecimal digits'],
    [[filled(0)], 'A component of zeros'],
    [[filled(1), 'AF9C54'], 'That is not the check value'],
    [[filled(1)], 'No component was entered'],
    [[], 'No component was entered'],
  ])('writes nothing when %j is typed', async (lines, words) => {
    const { exitCode, stderr } = await run(['component', '--file', path('a'), '--typed'], typed(...lines));
    expect(exitCode).toBe(1);
    expect(stderr).toContain(words);
    expect(() => statSync(path('a'))).toThrow('ENOENT');
  });

  test('reports a path that cannot be written to', async () => {
    const { exitCode, stderr } = await run(['component', '--file', path('no/where')]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("can't be written: ENOENT")]);
  });
});

describe('check', () => {
  test('prints check values and the id, and no key', async () => {
    const components = [1, 2].flatMap((byte) => ['--component-file', file(`${byte}`, filled(byte))]);
    const whole = await run(['check', '--file', file('whole', filled(3))]);
    const parts = await run(['check', ...components]);
    expect([whole.exitCode, parts.exitCode]).toEqual([0, 0]);
    expect(whole.stdout).toMatch(/^master key {2}[0-9A-F]{6} {2}id [0-9a-f]{16}\n$/);
    expect(parts.stdout.split('\n')[0]).toBe(`component 1  AF9C53  ${path('1')}`);
    expect(parts.stdout.split('\n')[2]!.split(/ +/)).toEqual(whole.stdout.trim().split(/ +/));
    expect(parts.stdout).not.toContain(filled(3));
  });

  test.each([
    [
      ['--file', 'a', '--component-file', 'b'],
      2,
      "Option '--component-file <path>' cannot be used with option '--file <path>'",
    ],
    [['--component-file', 'a'], 2, 'two or three times'],
    [['--component-file', 'a', '--component-file', 'b', '--component-file', 'c', '--component-file', 'd'], 2, 'two or'],
    [[], 2, 'Give --file'],
    [['--key', 'a'], 2, "Unknown option '--key'"],
    [['a'], 2, "Too many arguments for 'check'"],
    [['--file', '/no/such/file'], 1, '/no/such/file cannot be read: ENOENT'],
    [['--component-file', '/no/a', '--component-file', '/no/b'], 1, '(/no/a) cannot be read: ENOENT'],
  ])('%j is refused', async (args, code, words) => {
    const { exitCode, stderr } = await run(['check', ...args]);
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(words)]);
  });
});

test.each([
  [['destroy'], "Unknown command 'destroy'"],
  [['component'], "Required option '--file <path>' not specified"],
  [['rotate', '--component-file', 'a'], 'two or three times'],
])('%j is a usage error', async (args, words) => {
  expect(await run(args)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(words) });
});
