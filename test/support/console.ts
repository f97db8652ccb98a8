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

const PATIENCE_MS = 120_000;
const MOST_TABS = 120;

export interface Console {
  service: TestService;
  page: Page;
  /** Opens a new page of the console, without anyone signed in. @param place fragment of the address */
  open: (screen?: Screen, place?: string) => Promise<Page>;
}

/** Keeps every message that the console announces, because each is shown for a short time only. */
const KEEP_ANNOUNCEMENTS = `window.announcements = [];
  new MutationObserver(() => {
    const text = document.querySelector('p.toast')?.textContent ?? '';
    if (text !== '' && text !== announcements.at(-1)) announcements.push(text);
  }).observe(document, { subtree: true, childList: true, characterData: true });`;

/** Features of a page whose effects outlast a reload. A page on which a test used one isn't given to another test. */
const LASTING = ['clock', 'addInitScript', 'exposeBinding', 'exposeFunction'] as const;

/** A page in a context of its own. Tests take turns with it, because a new page costs four times what a reload does. */
class TestPage {
  #isSpoiled = false;

  private constructor(
    readonly page: Page,
    private readonly problems: string[],
    private readonly url: string,
  ) {}

  static async open(browser: Browser, problems: string[], url: string): Promise<TestPage> {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(KEEP_ANNOUNCEMENTS);
    const opened = new TestPage(page, problems, url);
    for (const name of LASTING) {
      const value: unknown = page[name];
      const get = () => {
        opened.#isSpoiled = true;
        return value;
      };
      Object.defineProperty(page, name, { get });
    }
    return opened;
  }

  /** Loads the console, without anyone signed in. */
  async load({ width, height, theme }: Screen, place: string): Promise<void> {
    this.#watch();
    await this.page.setViewportSize({ width, height });
    await this.page.emulateMedia({ colorScheme: theme });
    const url = `${this.url}/console/`;
    if (!this.page.url().startsWith(`${url}#`)) {
      await this.page.goto(`${url}${place}`);
      return;
    }
    await this.page.evaluate(`history.replaceState(null, '', ${JSON.stringify(place)})`);
    await this.page.reload();
  }

  /** Ends a test. @returns true if another test can use the page */
  async release(): Promise<boolean> {
    this.page.removeAllListeners();
    if (this.#isSpoiled || this.page.isClosed()) {
      await this.page.close();
      return false;
    }
    await this.page.unrouteAll({ behavior: 'ignoreErrors' });
    return true;
  }

  /** Collects errors, and requests to other origins. */
  #watch(): void {
    const { page, problems, url } = this;
    page.on('pageerror', ({ message }) => problems.push(message));
    // Refused and failed calls are on the console of the browser, too.
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) problems.push(request.url());
    });
  }
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
    const free: TestPage[] = [];
    const taken: TestPage[] = [];

    beforeAll(async () => {
      browser = await launch();
      console.service = await startTestService(env, clock);
      console.open = async (screen = SCREENS[0], place = '#/keys') => {
        const opened = free.pop() ?? (await TestPage.open(browser, problems, console.service.url));
        taken.push(opened);
        await opened.load(screen, place);
        return (console.page = opened.page);
      };
    });
    afterEach(async () => {
      for (const opened of taken.splice(0)) if (await opened.release()) free.push(opened);
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

/** Signs in without a mouse: the first field has the focus. Texts are inserted whole, as from the clipboard. */
export async function signIn(page: Page, credentials: Credentials = CREDENTIALS): Promise<void> {
  await page.locator('input:focus').waitFor();
  await page.keyboard.insertText(credentials.accessKeyId);
  await page.keyboard.press('Tab');
  await page.keyboard.insertText(credentials.secretAccessKey);
  await page.keyboard.press('Tab');
  await page.keyboard.insertText(credentials.sessionToken ?? '');
  await page.keyboard.press('Enter');
}

interface Announcing {
  announcements: string[];
}

/** Returns the messages that the page has announced since it was loaded. */
export const announcements = (page: Page) => page.evaluate<string[]>('announcements');

/** Waits until the page has announced a message, even if it doesn't show it any longer. */
export const announced = (page: Page, message: string) =>
  // A function, because the page's policy forbids to evaluate a text in it again and again.
  page.waitForFunction((text) => (globalThis as unknown as Announcing).announcements.includes(text), message);

/** Moves the clock of a page on, once the effects of what it shows have set their timers. @param time as `mm:ss` */
export async function fastForward(page: Page, time: string): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
  await page.clock.fastForward(time);
}

/** Requests that a page sends by itself: the check values of the stored keys, and the number of requests that wait. */
const UNASKED = /\/List(?:Keys|Aliases)$|\/admin\/approvals\?/;

/** Collects the addresses to which a page sends requests from now on because of what a test does. */
export function collectRequests(page: Page): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.resourceType() !== 'font' && !UNASKED.test(request.url())) sent.push(request.url());
  });
  return sent;
}

/** Members of a page's element that tests use. */
interface Focusable {
  isConnected: boolean;
  matches: (selector: string) => boolean;
}

/** Presses Tab until something has the focus. */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  const { keyboard } = target.page();
  // Searching for the element again after each Tab would take longer than everything else.
  let element = await target.elementHandle();
  for (let i = 0; i < MOST_TABS; i++) {
    const { hasFocus, isGone } = await element.evaluate((found: Focusable) => ({
      hasFocus: found.matches(':focus'),
      isGone: !found.isConnected,
    }));
    if (hasFocus) return;
    if (isGone) element = await target.elementHandle();
    await keyboard.press('Tab');
  }
  throw new Error(`${MOST_TABS} tabs do not lead to ${String(target)}`);
}

/** Expects that axe-core finds no violation of WCAG 2.2 A and AA or of best practice, and that nothing is cut off. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE);
  const found = await page.evaluate<string[]>(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
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
