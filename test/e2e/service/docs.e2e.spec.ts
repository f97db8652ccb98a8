import type { Browser, Page } from 'playwright-core';
import { describeInBrowser } from '../../support/browser.js';
import { CREDENTIALS, startTestService, type TestService } from '../../support/service.js';

describeInBrowser('the page of the documentation', (launch) => {
  let service: TestService;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launch();
    service = await startTestService({ KEYBLOCK_REGION: 'eu-west-1' });
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:')) problems.push(request.url());
    });
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  test('an engineer authorizes and creates a key from the page', async () => {
    await page.goto(service.url);
    expect(page.url()).toBe(`${service.url}/docs`);
    await page.getByRole('button', { name: 'Authorize', exact: true }).click();
    await page.getByLabel('Username').fill(CREDENTIALS.accessKeyId);
    await page.getByLabel('Password').fill(CREDENTIALS.secretAccessKey);
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).click();

    const operation = page.locator('#operations-keys-CreateKey');
    await operation.locator('.opblock-summary').click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response').first();
    await answer.waitFor();
    expect(await answer.locator('.response-col_status').first().innerText()).toMatch(/^200/);
    const { Key } = JSON.parse(await answer.locator('pre').first().innerText()) as { Key: Record<string, unknown> };
    expect(Key).toMatchObject({ KeyState: 'CREATE_COMPLETE', KeyArn: expect.stringMatching(':eu-west-1:') });
  });

  test('an engineer switches to the data plane and sees exceptions', async () => {
    await page.getByLabel('Select a definition').selectOption('Data plane');
    const operation = page.locator('#operations-mac-GenerateMac');
    await operation.locator('.opblock-summary').click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response').first();
    await answer.waitFor();
    expect(await answer.locator('.response-col_status').first().innerText()).toMatch(/^404/);
    expect(await answer.innerText()).toContain('ResourceNotFoundException');
  });

  test('an engineer creates users and policies from the page', async () => {
    await page.getByLabel('Select a definition').selectOption('Administration');
    /** Runs an operation with its example, and returns the response. */
    const run = async (group: string, name: string) => {
      const operation = page.locator(`#operations-${group}-${name}`);
      await operation.locator('.opblock-summary').click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      const answer = operation.locator('.live-responses-table .response').first();
      await answer.waitFor();
      return `${await answer.locator('.response-col_status').first().innerText()} ${await answer.locator('pre').first().innerText()}`;
    };
    expect(await run('principals', 'CreatePrincipal')).toMatch(/^200\b[^]*arn:aws:iam::000000000000:user\/line-3/);
    expect(await run('principals', 'PutPrincipalPolicy')).toMatch(/^200\b/);
    expect(await run('access_keys', 'CreateAccessKey')).toMatch(/^200\b[^]*SecretAccessKey/);
    expect(await run('principals', 'ListPrincipals')).toMatch(/^200\b[^]*"cvv"/);
    expect(await run('explain', 'ExplainAccess')).toMatch(/^200\b[^]*"denied"/);
  });

  test('the page loads nothing from other origins, and nothing is blocked', () => {
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([]);
  });
});
