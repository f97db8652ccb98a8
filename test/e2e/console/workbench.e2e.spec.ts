import type { Page } from 'playwright-core';
import kcv from '../../../test/vectors/kcv.json' with { type: 'json' };
import tr31 from '../../../test/vectors/tr31.json' with { type: 'json' };
import { apiOf } from '../../support/api.js';
import { describeConsole, expectAccessible, expectSecretKept, SCREENS, signIn, tabTo } from '../../support/console.js';
import { createKey } from '../../support/keys.js';
import { sendUnsigned, startTestService } from '../../support/service.js';

const KEY = '89E88CF7931444F334BD7547FC3F380C';

describeConsole('The workbench', {}, (console) => {
  const opened = async (calculator: string, screen?: (typeof SCREENS)[number]): Promise<Page> => {
    const page = await console.open(screen, `#/workbench/${calculator}`);
    await signIn(page);
    await page.getByText('Computed in this tab.').waitFor();
    return page;
  };
  const values = (page: Page) => page.locator('tbody').innerText();
  const digits = (text: string) => text.replace(/\s/g, '');

  describe.each(SCREENS)('at $name', (screen) => {
    test('finds by which method a check value was computed, by keyboard', async () => {
      const page = await opened('check-values', screen);
      await page.getByText('Nothing to compute yet').waitFor();
      await expectAccessible(page);
      const sent: string[] = [];
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
      await tabTo(page.getByLabel('Key (test)'));
      await page.keyboard.type(KEY.toLowerCase());
      await page.getByText('16 bytes, TDES 2-key or AES-128, parity not odd.').waitFor();
      await tabTo(page.getByLabel('Check value to look for'));
      await page.keyboard.type('42aa0d');
      expect(await page.locator('tr.hit').innerText()).toMatch(/TDES, CMAC of zeros\s+Matches\s+42AA0D/);
      await expectAccessible(page);
      await page.keyboard.type('ff');
      await page.getByText('No method gives 42AA0DFF.').waitFor();
      await expectSecretKept(page, KEY.toLowerCase());
      expect(sent.join().toUpperCase()).not.toContain(KEY);
    });

    test('shows a key block by field, opens it, and marks where another is malformed', async () => {
      const page = await opened('key-blocks', screen);
      await expectAccessible(page);
      await tabTo(page.getByRole('button', { name: 'Load an example' }));
      await page.keyboard.press('Enter');
      await page.getByText('The key opens the block').waitFor();
      expect(await page.getByLabel('Fields of the key block').innerText()).toMatch(
        /^D\s+Version\s+0\s+0112\s+Length\s+1\s+P0/,
      );
      await expectAccessible(page);
      await tabTo(page.getByRole('button', { name: 'Show the key' }));
      await page.keyboard.press('Enter');
      await page.getByText('3F41 9E1C B707 9442 AA37 474C 2EFB F8B8').waitFor();

      const block = page.getByLabel('Key block', { exact: true });
      const text = await block.inputValue();
      await block.fill(`${text.slice(0, -1)}${text.endsWith('4') ? '5' : '4'}`);
      await page.getByText('This key doesn’t open it').waitFor();
      await expectAccessible(page);
      await block.fill(text.replace('P0A', 'P0?'));
      expect(await page.getByRole('alert').innerText()).toMatch(/offset 7: algorithm has the value "\?"/);
      expect(await page.locator('mark').innerText()).toBe('?');
      await expectAccessible(page);
    });
  });

  test('computes the published check values', async () => {
    const page = await opened('check-values');
    const words = { 'KCV ANSI_X9_24': 'zeros in ECB', 'KCV CMAC': 'CMAC of zeros', 'KCV HMAC': 'empty message' };
    for (const { key, algorithm, keyAlgorithm, expected } of kcv.vectors) {
      const cipher = keyAlgorithm.replace(/_.*$/, '');
      const hash = /^HMAC_SHA(\d+)$/.exec(keyAlgorithm)?.[1];
      const method = `${cipher}${hash ? ` SHA-${hash}` : ''}, ${words[algorithm as keyof typeof words]}`;
      await page.getByLabel('Key (test)').fill(key);
      const row = page.getByRole('row').filter({ hasText: method });
      expect([key, digits(await row.locator('code').innerText()).slice(0, 6)]).toEqual([key, expected.kcv.slice(0, 6)]);
    }
  });

  test('opens the published key blocks', async () => {
    const page = await opened('key-blocks');
    const valid = tr31.vectors.filter((vector) => 'key' in vector.expected);
    expect(valid.length).toBeGreaterThan(40);
    for (const { kbpk, keyBlock, expected } of valid as unknown as {
      kbpk: string;
      keyBlock: string;
      expected: { key: string };
    }[]) {
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByLabel('Key block', { exact: true }).fill(keyBlock);
      await page.getByLabel('protection key').fill(kbpk);
      await page.getByRole('button', { name: 'Show the key' }).click();
      expect([keyBlock, digits(await page.locator('.steps code').last().innerText())]).toEqual([
        keyBlock,
        expected.key,
      ]);
    }
  });

  test('combines components, and says what is wrong with one', async () => {
    const page = await opened('check-values');
    await page.getByLabel('Key (test)').fill('FFFFFFFFFFFFFFFF0000000000000000');
    await page.getByRole('button', { name: 'Add a component' }).click();
    await page.getByText('Type all components.').waitFor();
    await page.getByLabel('Component 2').fill('FFFF');
    await page.getByText('The components have different lengths.').waitFor();
    await page.getByLabel('Component 2').fill('761773086CEBBB0C34BD7547FC3F380C');
    expect(await values(page)).toMatch(/TDES, zeros in ECB\s+D1D812/);
    await page.getByLabel('Component 2').fill('76177');
    await page.getByText('5 digits are not whole bytes.').first().waitFor();
    await page.getByLabel('Component 2').fill('xy');
    await page.getByText('“x” is not a hexadecimal digit.').first().waitFor();
    await page.getByLabel('Component 2').fill('76177308 6CEBBB0C 34BD7547 FC3F380C');
    expect(await values(page)).toMatch(/D1D812/);
  });

  test('warns of a weak key, and of one that is stored here', async () => {
    const page = await opened('check-values');
    await page.getByLabel('Key (test)').fill('01010101010101010101010101010101');
    await page.getByText('odd parity, weak as TDES').waitFor();

    const { KeyCheckValue, KeyArn } = await createKey(console.service);
    await apiOf(console.service).expectControlOk('CreateAlias', { AliasName: 'alias/not-a-test-key', KeyArn });
    // The key's bytes stay in the service, so the list is made to show the check value of the key that is typed.
    await page.route(/ListKeys$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll(String(KeyCheckValue), 'CCA48E') });
    });
    await page.getByLabel('Key (test)').fill(KEY);
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Key (test)').fill(KEY);
    await page.getByText('Is this really a test key?').waitFor();
    await page.getByRole('link', { name: 'not-a-test-key' }).waitFor();
    await expectAccessible(page);
  });

  test('says that its scripts could not be loaded', async () => {
    const page = await console.open(SCREENS[0], '#/workbench/key-blocks');
    await page.route(/workbench-/, (route) => route.abort());
    await signIn(page);
    await page.getByText('could not be loaded. If the service was updated, reload the page.').waitFor();
  });

  test('has no calculator at another address', async () => {
    const page = await console.open(SCREENS[0], '#/workbench/constructor');
    await signIn(page);
    await page.getByText('There is no screen at this address.').waitFor();
  });

  test('is neither shown nor served with KEYBLOCK_CONSOLE=no-workbench', async () => {
    const page = await opened('check-values');
    const script = await page.evaluate<string>(
      `performance.getEntriesByType('resource').map(({ name }) => name).find((name) => name.includes('/workbench-'))`,
    );
    const { pathname } = new URL(script);
    const other = await startTestService({ KEYBLOCK_CONSOLE: 'no-workbench' });
    try {
      expect((await sendUnsigned(`${other.url}${pathname}`, {})).status).toBe(404);
      const { text } = await sendUnsigned(`${other.url}/console/`, {});
      expect(text).toContain('&#34;workbench&#34;:false');
      await page.route(`${console.service.url}/console/`, (route) =>
        route.fulfill({ body: text, contentType: 'text/html' }),
      );
      await page.reload();
      await signIn(page);
      await page.getByText('There is no screen at this address.').waitFor();
      expect(await page.getByRole('link', { name: 'Check values' }).count()).toBe(0);
    } finally {
      await other.stop();
    }
  });
});
