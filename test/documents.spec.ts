import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PAGES = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n');
const RECORDS = readdirSync('docs/adr').filter((name) => /^\d{4}-/.test(name));

/** Returns a page without its code, whose brackets and headings are no links and headings. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8')
    .replace(/^( *)```.*?^\1```$/gms, '')
    .replace(/(`+)[^`]+\1/g, (code) => (code.includes('](') ? '' : code));
}

/** Returns the targets of a page's relative links. */
function linksOf(page: string): string[] {
  const links = proseOf(page).matchAll(/\]\(\s*([^)\s]+)[^)]*\)/g);
  return [...links].map(([, target = '']) => target).filter((target) => !/^(?:https?|mailto):/.test(target));
}

/** Returns the anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#+ +(.+)$/gm)].map(([, text = '']) =>
    text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.map((anchor, i) => {
    const before = headings.slice(0, i).filter((other) => other === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** Returns whether the file of a link exists, and in it the heading or the member of a JSON document. */
function isFound(page: string, link: string): boolean {
  const [path = '', anchor] = decodeURIComponent(link).split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  if (!file.endsWith('.json')) return anchorsOf(file).includes(anchor);
  const steps = anchor.split('/').slice(1);
  const unescaped = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const document = JSON.parse(readFileSync(file, 'utf8')) as unknown;
  return (
    unescaped.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document) !==
    undefined
  );
}

test.each(PAGES)('the relative links of %s lead somewhere', (page) => {
  expect(linksOf(page).filter((link) => !isFound(page, link))).toEqual([]);
});

test.each([
  ['README.md', 'docs/none.md'],
  ['README.md', 'docs/kms.md#none'],
  ['README.md', '#none'],
  ['docs/operations.md', '../openapi/kms.json#/paths/~1none/post'],
])('in %s, a link to %s is found to be broken', (page, link) => {
  expect(isFound(page, link)).toBe(false);
});

test('the README lists every document', () => {
  const pages = PAGES.filter((page) => page !== 'README.md' && !page.startsWith('docs/adr/0'));
  const [, list = ''] = readFileSync('README.md', 'utf8').split('\n## ');
  expect(pages.filter((page) => !list.includes(`(${page})`))).toEqual([]);
});

test.each(readdirSync('openapi'))('a shell expands no braces in the commands of openapi/%s', (file) => {
  const document = JSON.parse(readFileSync(join('openapi', file), 'utf8')) as {
    paths: Record<string, Record<string, { description: string }>>;
  };
  const commands = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ description }) => [...description.matchAll(/```sh\n([^]*?)```/g)].map(([, command = '']) => command));
  expect(commands.length).toBeGreaterThan(0);
  // `a={b,c}` without quotes becomes two words.
  const isExpanded = (command: string) => /\{[^\s}]*,/.test(command.replace(/'[^']*'|"[^"]*"/g, ''));
  expect(commands.filter(isExpanded)).toEqual([]);
});

describe('the index of decision records', () => {
  /** Rows of the index by the name of the file. */
  const rows = new Map(
    readFileSync('docs/adr/README.md', 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .flatMap(([, link = '', title, status]) => {
        const [, number, file] = /^\[(\d+)\]\((.+)\)$/.exec(link) ?? [];
        return file === undefined ? [] : [[file, { number, title, status }] as const];
      }),
  );
  /** Returns the words of a status, which is written with more dates and other punctuation in the record. */
  const statusOf = (text = '') => text.replace(/\d{4}-\d{2}-\d{2}/g, '').match(/\w+/g);

  test('has a row for each record', () => {
    expect([...rows.keys()]).toEqual(RECORDS);
  });

  test.each(RECORDS)('has the number, title and status of %s', (file) => {
    const [heading = ''] = readFileSync(join('docs/adr', file), 'utf8').split('\n');
    const [, number, title, status] = /^# (\d+)\. (.+) \(([^()]+)\)$/.exec(heading) ?? [];
    expect(Number(number)).toBe(Number(file.slice(0, 4)));
    expect(rows.get(file)).toMatchObject({ number, title });
    expect(statusOf(rows.get(file)?.status)).toEqual(statusOf(status));
  });
});
