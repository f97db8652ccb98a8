import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeInBrowser } from './browser.js';
import { CREDENTIALS, startTestService, type TestClock, type TestService } from './service.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The widths at which every story runs, each in one of the themes. */
export const SCREENS = [
  { name: '1440 px, light', width: 1440, height: 900, theme: 'light' },
  { name: '390 px, dark', width: 390, height: 844, theme: 'dark' },
] as const;
export type Screen = Pick<(typeof SCREENS)[number], 'theme'> & { width: number; height: number };

const PATIENCE_MS = 15_000;
const MOST_TABS = 120;

export interface Console {
  service: TestService;
  page: Page;
  /** Opens a new page of the console, without anyone signed in. @param place fragment of the address */
  open: (screen?: Screen, place?: string) => Promise<Page>;
}

/**
 * Declares tests of the console in a browser, against one service. Each ends by checking that the page called no other
 * origin, broke no policy and threw nothing.
 *
 * @param clock of the service; the real time by default
 */
export function describeConsole(
  name: string,
  env: NodeJS.ProcessEnv,
  tests: (console: Console) => void,
  clock?: TestClock,
): void {
  describeInBrowser(name, (launch) => {
    const console = {} as Console;
    let browser: Browser;
    const problems: string[] = [];

    beforeAll(async () => {
      browser = await launch();
      console.service = await startTestService(env, clock);
      console.open = async (screen = SCREENS[0], place = '#/keys') => {
        const { width, height, theme } = screen;
        const page = await browser.newPage({
          viewport: { width, height },
          colorScheme: theme,
          reducedMotion: 'reduce',
        });
        page.setDefaultTimeout(PATIENCE_MS);
        page.on('pageerror', ({ message }) => problems.push(message));
        // Refused and failed calls are on the console of the browser, too.
        page.on('console', (message) => {
          if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
            problems.push(message.text());
        });
        page.on('request', (request) => {
          if (!request.url().startsWith(console.service.url) && !request.url().startsWith('blob:'))
            problems.push(request.url());
        });
        await page.goto(`${console.service.url}/console/${place}`);
        return (console.page = page);
      };
    });
    afterEach(async () => {
      await console.page.close();
      expect(problems.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await browser.close();
      await console.service.stop();
    });
    tests(console);
  });
}

type Credentials = typeof CREDENTIALS & { sessionToken?: string | undefined };

/** Signs in by keyboard: the first field has the focus. */
export async function signIn(page: Page, credentials: Credentials = CREDENTIALS): Promise<void> {
  await page.locator('input:focus').waitFor();
  await page.keyboard.type(credentials.accessKeyId);
  await page.keyboard.press('Tab');
  await page.keyboard.type(credentials.secretAccessKey);
  await page.keyboard.press('Tab');
  await page.keyboard.type(credentials.sessionToken ?? '');
  await page.keyboard.press('Enter');
}

/** Members of a page's element that tests use. */
interface Focusable {
  matches: (selector: string) => boolean;
}

/** Presses Tab until something has the focus. */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let i = 0; i < MOST_TABS; i++) {
    if (await target.evaluate((element: Focusable) => element.matches(':focus'))) return;
    await target.page().keyboard.press('Tab');
  }
  throw new Error(`${MOST_TABS} tabs do not lead to ${String(target)}`);
}

/** Expects that axe-core finds no violation of WCAG 2.2 A and AA or of best practice, and that nothing is cut off. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate<string[]>(`axe.run(document).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(': '))))`);
  expect(found).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
}

/** Expects that a secret is in nothing that outlives the page or that others see. */
export async function expectSecretKept(page: Page, secret: string): Promise<void> {
  const kept = await page.evaluate<string>(`(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.title, history.state,
    await indexedDB.databases(), await caches.keys(), document.documentElement.outerHTML,
    performance.getEntriesByType('resource').map(({ name }) => name)]))()`);
  expect(kept).not.toContain(secret);
  expect(kept).toMatch(/^\[\{\},\{\},"",/);
}
