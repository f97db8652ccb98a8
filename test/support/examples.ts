import type { Page } from 'playwright-core';

/** The response that Swagger UI showed for an executed example. */
export interface Executed {
  name: string;
  status: string;
  body: string;
}

/** Ends animations of the page at once: each click waits for them, half a second. */
export async function withoutAnimations(page: Page): Promise<void> {
  await page.addStyleTag({
    content: '*, *::before, *::after { animation: none !important; transition: none !important }',
  });
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
  const operation = page.locator(`[id$="-${name}"].opblock`);
  await operation.locator('.opblock-summary-control').click();
  if (input !== undefined) await operation.locator('textarea.body-param__text').fill(input);
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response').first();
  await answer.waitFor();
  const status = (await answer.locator('.response-col_status').first().innerText()).trim().slice(0, 3);
  const body = await answer.locator('pre').first().innerText();
  await operation.locator('.opblock-summary-control').click();
  return { name, status, body };
}

/**
 * Executes the examples of the selected definition, from top to bottom, but for some operations. Only one tag is open at a time: with
 * every click, Swagger UI renders all operations that it shows.
 */
export async function executeAll(page: Page, except: readonly string[] = []): Promise<Executed[]> {
  const tags = await page.locator('.opblock-tag').all();
  for (const tag of tags) await tag.click();
  const executed: Executed[] = [];
  for (const tag of tags) {
    await tag.click();
    await page.locator('.opblock').first().waitFor();
    const blocks = await page.locator('.opblock').all();
    const ids = await Promise.all(blocks.map(async (block) => (await block.getAttribute('id')) ?? ''));
    for (const name of ids.map((id) => id.slice(id.lastIndexOf('-') + 1)))
      if (!except.includes(name)) executed.push(await execute(page, name));
    await tag.click();
  }
  return executed;
}
