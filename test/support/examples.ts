import type { Page } from 'playwright-core';

/** The response that Swagger UI showed for an executed example. */
export interface Executed {
  name: string;
  status: string;
  body: string;
}

/** The parts of the page's own types that its functions need here, where the others don't exist. */
interface PageElement {
  id: string;
  value?: string;
  innerText: string;
  click: () => void;
}
declare const document: { querySelector: (selector: string) => PageElement | null };
declare const requestAnimationFrame: (callback: (value: unknown) => void) => void;

/**
 * Ends animations of the page at once: each click waits for them, half a second. The page's policy allows no style
 * element.
 */
export async function withoutAnimations(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, *::before, *::after { animation: none !important; transition: none !important }');
    document.adoptedStyleSheets.push(sheet);
  })()`);
}

/** Signs in on the documentation page. */
export async function signIn(
  page: Page,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string; region?: string },
): Promise<void> {
  await page.getByRole('button', { name: 'Authorize', exact: true }).click();
  await page.getByLabel('Access key ID').fill(credentials.accessKeyId);
  await page.getByLabel('Secret access key').fill(credentials.secretAccessKey);
  if (credentials.sessionToken !== undefined) await page.getByLabel('Session token').fill(credentials.sessionToken);
  if (credentials.region !== undefined) await page.getByLabel('Region', { exact: true }).fill(credentials.region);
  await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
  await page.getByRole('button', { name: 'Close' }).click();
}

/** Selects a definition and waits until its operations are shown. */
export async function select(page: Page, definition: string, operation: string): Promise<void> {
  await page.getByLabel('Select a definition').selectOption(definition);
  await page.locator(`[id$="-${operation}"].opblock`).waitFor();
}

/** Executes the example of an operation unchanged. @param input JSON to type in its place */
export async function execute(page: Page, name: string, input?: string): Promise<Executed> {
  const operation = `[id$="-${name}"].opblock`;
  if (input !== undefined) {
    await page.locator(`${operation} .opblock-summary-control`).click();
    await page.locator(`${operation} textarea.body-param__text`).fill(input);
  }
  return { name, ...(await page.evaluate(press, operation)) };
}

/**
 * Opens an operation unless it is open, executes it and closes it. Runs in the page, because every click through the
 * browser's protocol waits until the page is idle.
 */
async function press(operation: string): Promise<Omit<Executed, 'name'>> {
  const find = (selector: string) => document.querySelector(`${operation} ${selector}`);
  const until = async <T>(look: () => T | null | false): Promise<T> => {
    for (;;) {
      const found = look();
      if (found) return found;
      await new Promise(requestAnimationFrame);
    }
  };
  const summary = await until(() => find('.opblock-summary-control'));
  if (!find('.opblock-body')) summary.click();
  // The button appears before the example does.
  await until(() => find('.responses-wrapper') && find('textarea')?.value !== '');
  find('button.execute')!.click();
  const body = await until(() => find('.live-responses-table .response pre'));
  const status = find('.live-responses-table .response .response-col_status')!;
  const executed = { status: status.innerText.trim().slice(0, 3), body: body.innerText };
  find('.opblock-summary-control')!.click();
  return executed;
}

/**
 * Executes the examples of the selected definition, from top to bottom, except for some operations. Only one tag is
 * open at a time: with every click, Swagger UI renders all operations that it shows.
 */
export async function executeAll(page: Page, except: readonly string[] = []): Promise<Executed[]> {
  const toggle = (tag: PageElement) => tag.click();
  const tags = await page.locator('.opblock-tag').all();
  for (const tag of tags) await tag.evaluate(toggle);
  const executed: Executed[] = [];
  for (const tag of tags) {
    await tag.evaluate(toggle);
    const blocks = page.locator('.opblock');
    await blocks.first().waitFor();
    const ids = await blocks.evaluateAll((elements: PageElement[]) => elements.map(({ id }) => id));
    for (const name of ids.map((id) => id.slice(id.lastIndexOf('-') + 1)))
      if (!except.includes(name)) executed.push(await execute(page, name));
    await tag.evaluate(toggle);
  }
  return executed;
}
