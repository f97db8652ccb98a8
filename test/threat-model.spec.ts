import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
const rows = readFileSync(`${ROOT}docs/threat-model.md`, 'utf8')
  .split('\n')
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  // The columns are threat, countermeasure, test and remaining risk, between the empty ends of the line.
  .filter((cells) => cells.length === 6 && !/^(?:Threat|-+)$/.test(cells[1] ?? ''))
  .map(([, threat = '', , test = '']) => ({
    threat,
    tests: [...test.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  }));

/**
 * Tells whether a test exists. A test is a file or a folder in test/e2e or test/e2e/service, unless its path is given.
 */
function exists(name: string): boolean {
  const [, script] = /^npm run (\S+)$/.exec(name) ?? [];
  if (script !== undefined) return script in scripts;
  const paths = /^(?:src|test)\//.test(name) ? [name] : [`test/e2e/${name}`, `test/e2e/service/${name}`];
  const endings = ['', '.spec.ts', '.e2e.spec.ts'];
  return paths.some((path) => endings.some((ending) => existsSync(`${ROOT}${path}${ending}`)));
}

test('the threat model has rows with tests', () => {
  expect(rows.flatMap(({ tests }) => tests).length).toBeGreaterThan(30);
});

test.each(rows.filter(({ tests }) => tests.length > 0))('the tests named for "$threat" exist', ({ tests }) => {
  expect(tests.filter((name) => !exists(name))).toEqual([]);
});

test('a test that does not exist is detected', () => {
  expect(['payment/none', 'src/none', 'npm run none'].filter(exists)).toEqual([]);
});
