import type { Page } from 'playwright-core';
import {
  collectRequests,
  describeConsole,
  expectAccessible,
  expectSecretKept,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { listener, payshieldFile } from '../../support/host-listeners.js';

const PIN_BLOCK = '6428EB94035AF53B';

describeConsole('Host commands in the workbench', payshieldFile({ listeners: [listener()] }), (console) => {
  const opened = async (task: string, screen?: (typeof SCREENS)[number]): Promise<Page> => {
    const page = await console.open(screen, '#/overview');
    await signIn(page);
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.evaluate(`location.hash = '#/workbench/host-commands?task=${task}'`);
    await page.getByText('Nothing to compute yet').waitFor();
    return page;
  };
  const load = async (page: Page) => {
    await tabTo(page.getByRole('button', { name: 'Load an example' }));
    await page.keyboard.press('Enter');
  };
  const heading = (page: Page, name: string) => page.getByRole('heading', { name });
  const ruled = async (page: Page) => {
    const fields = page.getByRole('list', { name: 'Fields of the message' }).getByRole('listitem');
    return (await fields.allInnerTexts()).map((text) => text.split('\n').slice(0, 2).join(' '));
  };

  describe.each(SCREENS)('at $name', (screen) => {
    test('a request is shown field by field, changed and sent from a shell, by keyboard', async () => {
      const page = await opened('request', screen);
      await expectAccessible(page);
      const sent = collectRequests(page);
      await load(page);
      await heading(page, 'CA: the request is complete').waitFor();
      expect(await ruled(page)).toEqual([
        '0000 Header',
        'CA Command code',
        'U8463435FC4B4DAA0C49025272C29B12C TPK',
        'U1EF828AA8F6B80EB83E19FBC373F3A85 ZPK',
        '12 Maximum PIN length',
        `${PIN_BLOCK} PIN block`,
        '01 Source PIN block format',
        '01 Destination PIN block format',
        '550000025321 Account number',
      ]);
      await expectAccessible(page);
      await tabTo(page.getByLabel('Destination PIN block format'));
      await page.keyboard.type('47');
      await heading(page, 'CA: the request is complete').waitFor();
      expect(await page.getByLabel('Message', { exact: true }).inputValue()).toMatch(/B0147550000025321$/);
      await page.getByText(/^keyblock payshield try 'CAU84634.*B0147550000025321'$/).waitFor();
      await expectSecretKeptInTab(page);
      expect(sent).toEqual([]);
    });

    test('a reply is shown field by field, and its error is explained', async () => {
      const page = await opened('reply', screen);
      await load(page);
      await heading(page, 'No error').waitFor();
      await page.getByText(/^CB answers CA: Translate a PIN block/).waitFor();
      expect((await ruled(page)).slice(3)).toEqual([
        '04 PIN length',
        '91DDDA0A7C12CFAA PIN block',
        '01 PIN block format',
      ]);
      await expectAccessible(page);
      await page.getByLabel('Reply message').fill('0000CB24\x19T');
      await heading(page, 'Error 24: PIN length').waitFor();
      expect((await ruled(page)).at(-1)).toBe('\\x19T Trailer');
      await page.getByLabel('Reply message').fill('0000ZZ00');
      await page.getByText('ZZ answers no command of Keyblock.').waitFor();
    });
  });

  test('a request is composed: each field is asked for in turn', async () => {
    const page = await opened('request');
    await page.getByLabel('Command').selectOption('CW');
    const next = page.getByLabel('Not read yet');
    const type = async (text: string) => {
      await next.focus();
      await page.keyboard.type(text);
    };
    await page.getByText("CVK doesn't begin with a key scheme.").first().waitFor();
    await type('U9B4934384B19946B040CD702B4D58145');
    await page
      .getByText(/^Account number must be 12 to 19 digits that end with ";"/)
      .first()
      .waitFor();
    await type('4123456789012345;');
    await page
      .getByText(/^Expiry date must have 4 characters: the request ends after 0/)
      .first()
      .waitFor();
    await type('8701');
    await type('10x');
    await page.getByText('Service code must be 3 decimal digits').first().waitFor();
    await page.getByLabel('Service code').fill('101');
    await heading(page, 'CW: the request is complete').waitFor();
    expect(await next.count()).toBe(0);
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe(
      '0000CWU9B4934384B19946B040CD702B4D581454123456789012345;8701101',
    );
    expect(await ruled(page)).toContain('; Delimiter');
  });

  test('an incomplete field is not applied, and is forgotten when the field is left', async () => {
    const page = await opened('request');
    await load(page);
    const account = page.getByLabel('Account number');
    await account.fill('55000002532');
    await page.getByText('Not applied: the field has 12 bytes.').waitFor();
    await heading(page, 'CA: the request is complete').waitFor();
    await page.getByLabel('TPK').focus();
    expect(await account.inputValue()).toBe('550000025321');
  });

  test('a frame in hexadecimal digits, another header and the LMK are read', async () => {
    const page = await opened('request');
    const message = page.getByLabel('Message', { exact: true });
    await page.getByRole('button', { name: 'Hexadecimal' }).click();
    await message.fill('0008 4142 4E43 2530 3119');
    await page.getByLabel('Header length').fill('2');
    await heading(page, 'NC: the request is complete').waitFor();
    expect(await ruled(page)).toEqual([
      'AB Header',
      'NC Command code',
      '% Delimiter',
      '01 LMK identifier',
      '\\x19 Trailer',
    ]);
    await page.getByText("keyblock payshield try 'NC%01\\x19' --header 'AB'").waitFor();
    await page.getByRole('button', { name: 'Text', exact: true }).click();
    expect(await message.inputValue()).toBe('ABNC%01\\x19');
    await message.fill('ABJGTA5E7D4FE829B0D83C5E7352636C16C7827E197349E34A5CD0112345678901212345');
    await heading(page, 'JG: the request is complete').waitFor();
    await page.getByLabel('LMK', { exact: true }).selectOption('keyblock');
    await heading(page, 'JG: error 15').waitFor();
  });

  test.each([
    ['0000CC', 'CC: error 15', /^Source ZPK doesn't begin with a key scheme/],
    ['0000CAK123', 'CA: error 26', /^TPK doesn't begin with a key scheme/],
    ['0000NCX', 'NC: error 15', /^1 character after the last field/],
    ['0000ZZ', 'ZZ is not a command of Keyblock', undefined],
  ])('%s is refused as %s', async (text, title, reason) => {
    const page = await opened('request');
    await page.getByLabel('Message', { exact: true }).fill(text);
    await heading(page, title).waitFor();
    if (reason) await page.getByText(reason).first().waitFor();
  });

  test('missing parts are asked for', async () => {
    const page = await opened('request');
    const message = page.getByLabel('Message', { exact: true });
    await message.fill('0000C');
    await page.getByText('Type at least 6 bytes: the header and 2 of codes').waitFor();
    await message.fill('0000NC');
    await page.getByLabel('Header length').fill('256');
    await page.getByText('Type the header length, 0 to 255').waitFor();
    await page.getByLabel('Header length').fill('4');
    await page.getByLabel('Longest PIN under it').fill('13');
    await page.getByText('Type the longest PIN under the LMK, 4 to 12 digits').waitFor();
  });

  async function expectSecretKeptInTab(page: Page) {
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Nothing to compute yet').waitFor();
    await expectSecretKept(page, PIN_BLOCK);
  }
});
