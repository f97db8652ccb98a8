import { parseKeyTable, readKeyTable, withRow } from './key-table.js';

const ROW = `  - match: '0406FBB23A5214DF'\n    key: alias/tpk\n`;

test('maps the text of a field to a key', () => {
  const table = parseKeyTable(`keys:\n${ROW}  - {match: U0, key: alias/a/b_c, usage: ['CA', 'NO']}\n`);
  expect(table.get('0406FBB23A5214DF')).toEqual({ key: 'alias/tpk' });
  expect(table.get('U0')).toEqual({ key: 'alias/a/b_c', usage: new Set(['CA', 'NO']) });
  expect(table.get('406FBB23A5214DF')).toBeUndefined();
  expect(parseKeyTable('keys: []').size).toBe(0);
});

test.each([
  ['keys:\n  - match: 0406\n    key: alias/a', 'line 2: match must be in quotes'],
  [`keys:\n${ROW}  - match: 1234567812345678\n    key: alias/a`, 'line 4: match must be in quotes'],
  [`keys:\n${ROW}${ROW}`, 'line 4: match is stated twice'],
  [`keys:\n  - match: 'U1'\n    key: 12`, 'line 3'],
  [`keys:\n  - match: 'U1'\n    key: zpk`, 'line 3: key must be the ARN'],
  [`keys:\n  - match: 'U1'\n    key: arn:aws:kms:us-east-1:0:key/1`, 'line 3'],
  [`keys:\n  - match: 'U 1'\n    key: alias/a`, 'line 2'],
  [`keys:\n  - match: ''\n    key: alias/a`, 'line 2'],
  [`keys:\n  - match: 'U1'\n    key: alias/a\n    use: ['CA']`, 'line 2'],
  [`keys:\n  - match: 'U1'\n    key: alias/a\n    usage: [NO, no]`, 'line 4'],
  [`keys:\n  - match: 'U1'\n    key: alias/a\n    usage: []`, 'line 4'],
  [`keys:\n  - match: 'U1'`, 'line 2'],
  ['key: []', 'line 1'],
  ['', 'line 1'],
  ['- a', 'line 1'],
  ['keys: [', 'is not YAML'],
  ['keys: &a [*a]', ''],
  [`keys:\n  - &a {match: 'U1', key: alias/a}\n  - *a`, ''],
])('refuses %j', (text, message) => {
  expect(() => parseKeyTable(text)).toThrow(
    expect.objectContaining({ name: 'KeyFileError', message: expect.stringContaining(message) }),
  );
});

test('refuses a file that cannot be read', () => {
  expect(() => readKeyTable('/none/keys.yaml')).toThrow(expect.objectContaining({ name: 'KeyFileError' }));
});

test('adds rows and keeps the rest of the text', () => {
  const first = withRow('', 'S1"\\', { key: 'alias/a' });
  expect(parseKeyTable(first).get('S1"\\')).toEqual({ key: 'alias/a' });
  const second = withRow(`# ours\n${first}`, 'U1', { key: 'alias/b', usage: new Set(['NO']) });
  expect(second).toContain('# ours\n');
  expect([...parseKeyTable(second).keys()]).toEqual(['S1"\\', 'U1']);
  expect(() => withRow(second, 'U1', { key: 'alias/c' })).toThrow(/twice/);
  expect(() => withRow(second, 'U2', { key: 'c' })).toThrow(/ARN/);
});
