import { readFileSync } from 'node:fs';
import { LAYOUTS } from './layouts/layouts.js';
import { COMMANDS } from './registry.js';

test('docs/compatibility.md has a row for every command', () => {
  const page = readFileSync('docs/compatibility.md', 'utf8');
  const [, table = ''] = /### Commands([^]*?)\n### /.exec(page) ?? [];
  const codes = [...table.matchAll(/^\| ([A-Z0-9]{2}) /gm)].map(([, code]) => code);
  expect(codes).toEqual(COMMANDS.map(({ code }) => code));
});

test('every command has the layout of its code', () => {
  const layoutOf = ({ code, title, parse }: (typeof LAYOUTS)[number]) => ({ code, title, parse });
  expect(LAYOUTS.map(layoutOf)).toEqual(COMMANDS.map(layoutOf));
});
