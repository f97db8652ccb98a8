import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventFile } from './event-file.js';

let folder: string;
let file: EventFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyblock-audit-'));
  file = new EventFile(join(folder, 'audit'));
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

const at = (time: string) => new Date(`2026-11-28T${time}Z`);
const files = async () => {
  const names = (await readdir(join(folder, 'audit'))).toSorted();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, 'audit', name), 'utf8')] as const)),
  );
};

test('begins a file for each hour, which only its owner can read', async () => {
  await file.open(7, at('09:59:00'));
  expect(await files()).toEqual({ 'audit-7-20261128T09.jsonl': '' });
  await file.write('a\nb\n', 7, at('09:59:59'));
  await file.write('c\n', 7, at('10:00:00'));
  await file.write('d\n', 7, at('10:00:01'));
  expect(await files()).toEqual({ 'audit-7-20261128T09.jsonl': 'a\nb\n', 'audit-7-20261128T10.jsonl': 'c\nd\n' });
  expect((await stat(join(folder, 'audit', 'audit-7-20261128T10.jsonl'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'audit'))).mode & 0o777).toBe(0o700);
});

test('writes to the file that was moved away until it is told to reopen it', async () => {
  await file.write('a\n', 7, at('09:00:00'));
  const path = join(folder, 'audit', 'audit-7-20261128T09.jsonl');
  await rename(path, `${path}.1`);
  await file.write('b\n', 7, at('09:00:01'));
  file.reopen();
  await file.write('c\n', 7, at('09:00:02'));
  await file.write('d\n', 7, at('09:00:03'));
  expect(await files()).toEqual({
    'audit-7-20261128T09.jsonl': 'c\nd\n',
    'audit-7-20261128T09.jsonl.1': 'a\nb\n',
  });
});

test('appends to a file that exists', async () => {
  await file.write('a\n', 7, at('09:00:00'));
  file.reopen();
  await file.write('b\n', 7, at('09:00:01'));
  expect(await files()).toEqual({ 'audit-7-20261128T09.jsonl': 'a\nb\n' });
});

test('rejects a folder that can’t be written to, and continues when it can', async () => {
  await writeFile(join(folder, 'audit'), '');
  await expect(file.open(7, at('09:00:00'))).rejects.toThrow('EEXIST');
  await rm(join(folder, 'audit'));
  await file.write('a\n', 7, at('09:00:01'));
  expect(await files()).toEqual({ 'audit-7-20261128T09.jsonl': 'a\n' });
});
