import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findBrowser } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'keyblock-browser-'));
afterAll(() => rmSync(folder, { recursive: true }));
const install = (name: string, mode = 0o755) => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), '', { mode });
  return join(folder, name);
};

const PLACE = install('Chromium.app/Contents/MacOS/Chromium');
const NONE = join(folder, 'none');

test('prefers the path in CHROMIUM', () => {
  expect(findBrowser({ CHROMIUM: '/not/there', PATH: folder }, [PLACE])).toBe('/not/there');
});

const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

test.each(NAMES)('finds %s on the PATH', (name) => {
  const path = install(join(`bin-${name}`, name));
  expect(findBrowser({ PATH: [NONE, join(path, '..')].join(delimiter) }, [PLACE])).toBe(path);
});

test('prefers the headless shell', () => {
  install('both/chromium');
  const shell = install('both/chromium-headless-shell');
  expect(findBrowser({ PATH: join(folder, 'both') }, [])).toBe(shell);
});

test('finds a browser in a usual place', () => {
  expect(findBrowser({ CHROMIUM: '', PATH: NONE }, [join(NONE, 'chromium'), PLACE])).toBe(PLACE);
});

test.each<[string, NodeJS.ProcessEnv, string[]]>([
  ['nothing is there', { PATH: NONE }, [join(NONE, 'chromium')]],
  ['there is no PATH', {}, []],
  ['a file cannot be executed', { PATH: join(install('plain/chromium', 0o644), '..') }, []],
  ['a program has another name', { PATH: join(install('other/firefox'), '..') }, []],
])('finds no browser if %s', (_, env, places) => {
  expect(findBrowser(env, places)).toBeUndefined();
});
