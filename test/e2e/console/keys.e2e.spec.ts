import { readFile } from 'node:fs/promises';
import type { Page, Route } from 'playwright-core';
import { KeyUse } from '../../../src/access/key-use.js';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import { mac } from '../../support/audit.js';
import { describeConsole, expectAccessible, type Screen, SCREENS, signIn, tabTo } from '../../support/console.js';
import { createKey, createKeyOf, keyIdOf } from '../../support/keys.js';

describeConsole('The payment keys in the console', { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }, (console) => {
  const pek = { arn: '', kcv: '' };

  beforeAll(async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    const modes = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
    Object.assign(
      pek,
      await createKeyOf(service, { usage: 'TR31_P0_PIN_ENCRYPTION_KEY', algorithm: 'AES_128', modes }),
    );
    await expectControlOk('CreateAlias', { AliasName: 'alias/network-pek', KeyArn: pek.arn });
    await expectControlOk('CreateAlias', { AliasName: 'alias/network-pek-2', KeyArn: pek.arn });
    await expectControlOk('TagResource', { ResourceArn: pek.arn, Tags: [{ Key: 'link', Value: 'network-b' }] });
    const { KeyArn: stopped } = await createKey(service, { Enabled: false });
    await expectControlOk('CreateAlias', { AliasName: 'alias/mac-of-an-old-link', KeyArn: stopped });
    for (let i = 0; i < 51; i++) await createKey(service, { Exportable: false });
  });

  const signedIn = async (screen?: Screen, place?: string): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page);
    return page;
  };
  const id = () => keyIdOf(pek.arn);

  describe.each(SCREENS)('at $name', (screen) => {
    test('a key is found by its check value, stopped, started, and its deletion scheduled and cancelled, by keyboard', async () => {
      const page = await signedIn(screen);
      await page.getByRole('table').waitFor();
      await expectAccessible(page);

      await page.keyboard.press('/');
      await page.keyboard.type(pek.kcv.toLowerCase());
      await page.getByRole('status').getByText('1 key', { exact: true }).waitFor();
      expect(page.url()).toContain(`#/keys?find=${pek.kcv.toLowerCase()}`);
      const link = page.getByRole('link', { name: 'network-pek', exact: true });
      await tabTo(link);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'network-pek', level: 1 }).waitFor();
      expect(await page.title()).toBe('network-pek - Keyblock');
      expect(await page.getByLabel('Attributes of the key').innerText()).toMatch(
        new RegExp(`P0\\s+Usage\\s+PIN encryption\\s+A\\s+Algorithm[^]*B\\s+Mode of use[^]*E\\s+Export[^]*${pek.kcv}`),
      );
      const abilities = page.locator('section', { has: page.getByRole('heading', { name: 'What it can do' }) });
      expect(await abilities.innerText()).toMatch(/TranslatePinData\s+IncomingKeyIdentifier\s+ISO_FORMAT_4/);
      expect(await abilities.innerText()).not.toContain('ISO_FORMAT_0');
      await page.getByText('link=network-b').waitFor();
      await page.getByText('None. Policies of users and roles alone').waitFor();
      await expectAccessible(page);

      await press(page, 'Stop usage');
      await page.getByText('Disabled', { exact: true }).waitFor();
      await press(page, 'Start usage');
      await page.getByText('Enabled', { exact: true }).waitFor();

      await press(page, 'Schedule deletion');
      const dialog = page.getByRole('dialog', { name: 'Delete network-pek?' });
      const confirm = dialog.getByRole('button', { name: 'Schedule deletion' });
      await expectAccessible(page);
      await tabTo(dialog.getByRole('button', { name: 'Cancel' }));
      await page.keyboard.press('Enter');
      await page.locator('button:focus', { hasText: 'Schedule deletion' }).waitFor();
      await page.keyboard.press('Enter');
      await tabTo(dialog.getByLabel('Waiting period'));
      await page.keyboard.press('Control+A');
      await page.keyboard.type('2');
      await tabTo(dialog.getByLabel('to confirm'));
      await page.keyboard.type('network-pek');
      expect(await confirm.isDisabled()).toBe(true);
      await tabTo(dialog.getByLabel('Waiting period'));
      await page.keyboard.press('Control+A');
      await page.keyboard.type('3');
      await page.keyboard.press('Enter');
      await page.getByText('To be deleted', { exact: true }).waitFor();
      await press(page, 'Restore');
      await page.getByText('Disabled', { exact: true }).waitFor();
      await press(page, 'Start usage');
      await page.getByText('Enabled', { exact: true }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('k');
      await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
    });

    test('a dialog opens at once after it was closed', async () => {
      const page = await signedIn(screen, `#/keys/us-east-1/${id()}`);
      await press(page, 'Schedule deletion');
      const dialog = page.getByRole('dialog', { name: 'Delete network-pek?' });
      await dialog.waitFor();
      const isOpen = await page.evaluate<boolean>(`(async () => {
        const button = (text) => [...document.querySelectorAll('button')].find(({ innerText }) => innerText === text);
        button('Cancel').click();
        await null;
        button('Schedule deletion').click();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return document.querySelector('dialog:modal') !== null;
      })()`);
      expect(isOpen).toBe(true);
    });

    test('every state in which a screen waits, has no keys, lacks a permission or fails has its own text', async () => {
      const page = await console.open(screen);
      let answer: (route: Route) => Promise<void> = () => Promise.resolve();
      let held: Route | undefined;
      await page.route(/\/admin\/keys\?/, (route) => answer((held = route)));
      await signIn(page);
      await page.getByText('Loading', { exact: true }).waitFor({ state: 'attached' });
      await expectAccessible(page);

      answer = (route) =>
        route.fulfill({
          status: 500,
          headers: { 'x-amzn-requestid': 'the-request-id' },
          json: { __type: 'InternalServerException', message: 'The service failed.' },
        });
      await answer(held!);
      await page.getByText('InternalServerException').waitFor();
      expect(await page.getByRole('alert').innerText()).toMatch(/The service failed.\s+Request the-request-id\s+Retry/);
      await expectAccessible(page);

      answer = (route) => route.abort();
      await press(page, 'Retry');
      await page.getByText('The service could not be reached.').waitFor();

      answer = (route) => route.fulfill({ json: { Keys: [] } });
      await press(page, 'Retry');
      await page.getByText('No keys in us-east-1').waitFor();
      await expectAccessible(page);

      await page.unrouteAll();
      await page.evaluate(`location.hash = '#/keys?find=no+such+key'`);
      await page.reload();
      await signIn(page);
      await page.getByText('No key matches').waitFor();
      await expectAccessible(page);
      await press(page, 'Clear the filters');
      await page.getByText('50 keys, and there may be more').waitFor();
      await press(page, 'Show more');
      await page.getByRole('status').getByText('53 keys', { exact: true }).waitFor();
    });

    test('a user without rights learns which permission is missing, and sees what is allowed', async () => {
      const principals = console.service.app.get(PrincipalRepository);
      const { arn } = await principals.create('user', `reader-${screen.width}`);
      await principals.putPolicy(arn, 'own', policyOf(allow('GetKey')));
      const page = await console.open(screen);
      await signIn(page, await principals.createAccessKey(arn));
      await page.getByText('You don’t have permission to see this').waitFor();
      expect(await page.getByRole('alert').innerText()).toContain('payment-cryptography:ListKeys');
      await expectAccessible(page);
      await page.evaluate(`location.hash = '#/keys/us-east-1/${id()}'`);
      await page.getByRole('heading', { name: id(), level: 1 }).waitFor();
      await page.getByRole('heading', { name: 'What it is' }).waitFor();
      await page.getByText('payment-cryptography:ListTagsForResource').first().waitFor();
      await page.getByText('payment-cryptography:GetResourcePolicy').first().waitFor();
      for (const action of ['GetKeyUse', 'ExplainKeyAccess', 'ListAuditEvents'])
        await page.getByText(`keyblock:${action}`, { exact: true }).waitFor();
      expect(await page.getByRole('link', { name: 'Open in the simulator' }).first().getAttribute('href')).toMatch(
        /^#\/access\/simulator\?action=\S+&resource=/,
      );
      await expectAccessible(page);
      await press(page, 'Stop usage');
      await page.getByText('You don’t have permission to do this').waitFor();
      await page.getByText('payment-cryptography:StopKeyUsage').first().waitFor();
      await page.getByText('Enabled', { exact: true }).waitFor();
    });
  });

  test('a key shows who used it last, who may use it, and what was changed', async () => {
    const { service } = console;
    const { KeyArn } = await createKey(service, { Exportable: false });
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'line-3');
    await principals.putPolicy(arn, 'macs', policyOf(allow('GenerateMac')));
    const credentials = await principals.createAccessKey(arn);
    expect((await service.send({ ...mac(KeyArn), credentials })).status).toBe(200);
    await service.app.get(KeyUse).write();
    const page = await signedIn(SCREENS[0], `#/keys/us-east-1/${KeyArn.slice(-16)}`);
    await page.getByText(/^Last used .*, by line-3: GenerateMac\.$/).waitFor();
    const may = page.locator('section', { has: page.getByRole('heading', { name: 'Who may use it' }) });
    await may.getByText('line-3').first().waitFor();
    expect(await may.innerText()).toMatch(/line-3\s+GenerateMac\s+macs/);
    await page.getByText('root created a key').waitFor();
    await expectAccessible(page);
  });

  test('the policy of a key is added, changed and deleted', async () => {
    const { KeyArn } = await createKey(console.service, { Exportable: false });
    const page = await signedIn(SCREENS[1], `#/keys/us-east-1/${KeyArn.slice(-16)}`);
    const save = async (text: string) => {
      await press(page, 'Edit the key policy');
      await page.getByLabel('Key policy').fill(text);
      await press(page, 'Save');
    };
    await page.getByText('None. Policies of users and roles alone').waitFor();
    await save('{}');
    await page.getByRole('alert').getByText('The policy is invalid: Statement is required.').waitFor();
    await expectAccessible(page);
    await press(page, 'Cancel');
    const deny = { Effect: 'Deny', Principal: '*', Resource: '*' };
    for (const action of ['DeleteKey', 'StopKeyUsage']) {
      await save(policyOf({ ...deny, Action: `payment-cryptography:${action}` }));
      await page.locator('pre', { hasText: `"payment-cryptography:${action}"` }).waitFor();
    }
    await expectAccessible(page);
    await save('');
    await page.getByText('None. Policies of users and roles alone').waitFor();
  });

  test('without the right to list the inventory, the list comes from ListKeys', async () => {
    const principals = console.service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'lister');
    await principals.putPolicy(arn, 'own', policyOf(allow(['ListKeys', 'ListAliases'])));
    const page = await console.open(SCREENS[0], `#/keys?find=${pek.kcv}`);
    await signIn(page, await principals.createAccessKey(arn));
    await page.getByRole('link', { name: 'network-pek', exact: true }).waitFor();
    await page.getByText('Their last use needs keyblock:ListKeyInventory.').waitFor();
    await expectAccessible(page);
  });

  test.each([1024, 900, 768, 320])('nothing is cut off at %i px', async (width) => {
    const page = await signedIn({ ...SCREENS[0], width }, '#/keys');
    await page.getByRole('table').waitFor();
    await expectAccessible(page);
    await page.evaluate(`location.hash = '#/keys/us-east-1/${id()}'`);
    await page.getByText('link=network-b').waitFor();
    await expectAccessible(page);
    await page.evaluate(`location.hash = '#/workbench/key-blocks'`);
    await page.getByRole('button', { name: 'Load an example' }).click();
    await page.getByText('The key opens the block').waitFor();
    await expectAccessible(page);
  });

  test('filters are in the address, and combine', async () => {
    const page = await signedIn(SCREENS[0], '#/keys?usage=M6&state=disabled');
    await page.getByRole('status').getByText('1 key', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'mac-of-an-old-link' }).waitFor();
    await page.getByLabel('State').selectOption('Deleted');
    await page.getByText('No key matches').waitFor();
    await page.getByLabel('State').selectOption('Not deleted');
    await page.getByLabel('Usage').selectOption('P0');
    await page.getByRole('status').getByText('1 key', { exact: true }).waitFor();
    expect(page.url()).toBe(`${console.service.url}/console/#/keys?usage=P0`);
  });

  test('a spreadsheet gets all keys that are shown, and no formula', async () => {
    const page = await signedIn(SCREENS[0], '#/keys?usage=P0');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('keys-us-east-1.csv');
    expect((await readFile(await download.path(), 'utf8')).split('\r\n')).toEqual([
      '"Aliases","KeyArn","KeyUsage","KeyAlgorithm","KeyCheckValue","State","Exportable","LastUsed"',
      `"network-pek network-pek-2","${pek.arn}","TR31_P0_PIN_ENCRYPTION_KEY","AES_128","${pek.kcv}","Enabled","Exportable",""`,
      '',
    ]);
  });

  test('another Region shows its own keys, even from the page of a key', async () => {
    const page = await signedIn(SCREENS[0], `#/keys/us-east-1/${id()}`);
    await page.getByRole('heading', { name: 'network-pek', level: 1 }).waitFor();
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    await page.getByText('No keys in eu-west-1').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'network-pek', level: 1 }).waitFor();
    expect(await page.getByLabel('Region').first().inputValue()).toBe('us-east-1');
  });

  test.each([
    ['#/keys/us-east-1/aaaaaaaaaaaaaaaa', /ResourceNotFoundException/],
    ['#/keys/us-east-1/%F0', /ValidationException/],
    ['#/keys/ap-south-1/aaaaaaaaaaaaaaaa', /doesn’t serve ap-south-1/],
    ['#/keys/us-east-1', /no screen/],
    ['#/nowhere', /no screen/],
  ])('the address %s shows what is wrong with it', async (place, words) => {
    const page = await signedIn(SCREENS[0], place);
    await page.getByText(words).first().waitFor();
    await expectAccessible(page);
  });

  test('screens say how much of a Region with many keys they have read', async () => {
    const page = await signedIn(SCREENS[0], '#/nowhere');
    const { Keys } = await apiOf(console.service).expectControlOk<{ Keys: object[] }>('ListKeys', { MaxResults: 1 });
    const hundred = <Item>(item: Item) => Array.from({ length: 100 }, () => item);
    let calls = 0;
    await page.route(/\/admin\/keys\?/, (route) => {
      calls += 1;
      return route.fulfill({ json: { Keys: [], NextToken: 'more' } });
    });
    await page.route(/\/ListKeys$/, (route) => route.fulfill({ json: { Keys: hundred(Keys[0]), NextToken: 'more' } }));
    await page.route(/\/ListAliases$/, (route) =>
      route.fulfill({ json: { Aliases: hundred({ AliasName: 'alias/one' }), NextToken: 'more' } }),
    );
    const go = (place: string) => page.evaluate(`location.hash = ${JSON.stringify(place)}`);

    await go('#/keys?state=disabled');
    await page.getByText('No key matches so far').waitFor();
    await page.getByText('0 keys, and there may be more').waitFor();
    expect(calls).toBe(10);
    await go('#/aliases?find=two');
    await page.getByText('0 aliases, of the first 5,000 aliases').waitFor();
    await go('#/keys/import');
    await page.getByText('Only the first 1,000 keys of the Region can be chosen here.').waitFor();
  });

  test('the list of shortcuts opens with ?, closes with Escape, and switches them off', async () => {
    const page = await signedIn();
    await page.getByRole('table').waitFor();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await dialog.waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.type')).not.toBe('search');
    await page.keyboard.press('?');
    expect(await dialog.count()).toBe(0);
    await press(page, 'Keyboard shortcuts');
    await dialog.getByRole('button', { name: 'Switch on' }).click();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await dialog.waitFor();
  });

  async function press(page: Page, name: string): Promise<void> {
    await tabTo(page.getByRole('button', { name }).first());
    await page.keyboard.press('Enter');
  }
});
