import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptFile } from './kept-file.js';

const folder = mkdtempSync(join(tmpdir(), 'kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file is read once, and all get the same bytes', async () => {
  const path = join(folder, 'page.js');
  writeFileSync(path, 'first');
  const file = keptFile(path);
  const [one, two] = await Promise.all([file(), file()]);
  writeFileSync(path, 'second');
  expect(String(one)).toBe('first');
  expect(two).toBe(one);
  expect(await file()).toBe(one);
});

test('its bytes are changed once', async () => {
  const path = join(folder, 'document.json');
  writeFileSync(path, 'a');
  const file = keptFile(path, (content) => Buffer.concat([content, content]));
  expect(String(await file())).toBe('aa');
  expect(await file()).toBe(await file());
});

test('a file that could not be read is read again', async () => {
  const path = join(folder, 'late.js');
  const file = keptFile(path);
  await expect(file()).rejects.toThrow('ENOENT');
  writeFileSync(path, 'late');
  expect(String(await file())).toBe('late');
});
