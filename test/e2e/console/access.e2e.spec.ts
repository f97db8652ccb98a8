import type { Page } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import {
  describeConsole,
  expectAccessible,
  expectSecretKept,
  type Screen,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { createKey } from '../../support/keys.js';

const ACCOUNT = 'arn:aws:iam::000000000000';

describeConsole('Access in the console', {}, (console) => {
  const principals = () => console.service.app.get(PrincipalRepository);
  const opened = async (place: string, screen?: Screen): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  };
  const simulator = (question: Record<string, string>) =>
    `#/access/simulator?${new URLSearchParams(question).toString()}`;

  describe.each(SCREENS)('at $name', (screen) => {
    const name = `app-${screen.width}`;

    test('a user gets a policy and an access key, and is deleted, by keyboard', async () => {
      const page = await opened('#/access', screen);
      await page.getByText('Only the root has access').or(page.getByRole('table')).waitFor();
      await expectAccessible(page);
      await tabTo(page.getByLabel('Name'));
      await page.keyboard.type(name);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name, level: 1 }).waitFor();
      await page.getByText('No policy', { exact: true }).waitFor();
      await page.getByText('No access key', { exact: true }).waitFor();
      await expectAccessible(page);

      await press(page, 'Add a policy');
      await tabTo(page.getByLabel('Name of the policy'));
      await page.keyboard.type('own');
      await tabTo(page.getByLabel('Policy', { exact: true }));
      await page.keyboard.press('Control+A');
      await page.keyboard.type(
        '{"Version":"2012-10-17","Statement":{"Effect":"Permit","Action":"keyblock:*","Resource":"*"}}',
      );
      await press(page, 'Save');
      await page.getByText('ValidationException').waitFor();
      await expectAccessible(page);
      await page.getByLabel('Policy', { exact: true }).fill(policyOf(allow('GetKey')));
      await press(page, 'Save');
      await page.getByText('"payment-cryptography:GetKey"').waitFor();
      await press(page, 'Edit own');
      const everything = { Effect: 'Allow', Action: 'keyblock:Put*', Resource: '*' };
      await page.getByLabel('Policy own').fill(policyOf(everything));
      await press(page, 'Save');
      await page.getByText('Amounts to full access').waitFor();
      await expectAccessible(page);

      await press(page, 'Create an access key');
      const dialog = page.getByRole('dialog', { name: 'New access key' });
      await dialog.waitFor();
      await expectAccessible(page);
      const [keyId = '', secret = ''] = await dialog.locator('code').allInnerTexts();
      expect([keyId, secret.length]).toEqual([expect.stringMatching(/^AKIA/), 40]);
      await tabTo(dialog.getByRole('button', { name: 'Close' }));
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await expectSecretKept(page, secret);
      const row = page.locator('tr', { hasText: keyId });
      expect(await row.innerText()).toMatch(/Active[^]*Never/);
      await press(page, `Deactivate ${keyId}`);
      await row.getByText('Inactive').waitFor();
      await press(page, `Delete ${keyId}`);
      await row.waitFor({ state: 'detached' });

      await press(page, `Delete ${name}`);
      await page.getByRole('dialog').getByLabel('to confirm').fill(name);
      await expectAccessible(page);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Access', level: 1 }).waitFor();
      await page.getByRole('link', { name, exact: true }).waitFor({ state: 'detached' });
    });

    test('the simulator shows the statement that decides, and what failed on the others', async () => {
      const { KeyArn } = await createKey(console.service, { Exportable: false });
      const arn = `${ACCOUNT}:user/asked-${screen.width}`;
      await principals().create('user', `asked-${screen.width}`);
      const statements = [
        { Sid: 'Reads', ...allow('GetKey') },
        { Sid: 'Macs', ...allow('GenerateMac'), Condition: { StringEquals: { 'aws:SourceIp': '10.0.0.1' } } },
        { Sid: 'All', ...allow('Generate*') },
      ];
      await principals().putPolicy(arn, 'macs', policyOf(...statements));
      await apiOf(console.service).expectControlOk('PutResourcePolicy', {
        ResourceArn: KeyArn,
        Policy: policyOf({
          Effect: 'Deny',
          Principal: '*',
          Action: 'payment-cryptography:DeleteKey',
          Resource: '*',
        }),
      });
      const page = await opened(simulator({ principal: arn, action: '', resource: KeyArn }), screen);
      await page.getByText('No question yet').waitFor();
      await expectAccessible(page);
      await tabTo(page.getByLabel('Action'));
      await page.keyboard.type('payment-cryptography:GenerateMac');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Allowed' }).waitFor();
      await page.getByText('"Sid": "Macs"').waitFor();
      const policy = page.locator('section', { has: page.getByRole('heading', { name: 'macs', exact: true }) });
      expect(await policy.innerText()).toMatch(
        /\(Reads\)\s+Action doesn’t match[^]*\(Macs\)\s+aws:SourceIp doesn’t match[^]*\(All\)\s+Decides/i,
      );
      expect(await page.locator('.decides').innerText()).toContain('payment-cryptography:Generate*');
      await expectAccessible(page);
      expect(page.url()).toContain('action=payment-cryptography%3AGenerateMac');

      await page.getByLabel('Action').fill('payment-cryptography:DeleteKey');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByRole('heading', { name: 'Denied' }).waitFor();
      await page.locator('.decides.deny').waitFor();
      await expectAccessible(page);
      await page.getByLabel('Action').fill('NoSuchAction');
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText('ValidationException').waitFor();
      await expectAccessible(page);
    });

    test('a session is started, used in this tab, and ended', async () => {
      const role = `operators-${screen.width}`;
      await principals().create('role', role);
      await principals().putPolicy(`${ACCOUNT}:role/${role}`, 'reads', policyOf({ ...allow('GetKey'), Action: '*' }));
      const page = await opened(`#/access/roles/${role}`, screen);
      await press(page, 'Start a session');
      const dialog = page.getByRole('dialog', { name: 'New session' });
      await tabTo(dialog.getByRole('button', { name: 'Use it in this tab' }));
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.getByText(`${role} until`).first().waitFor({ state: 'attached' });
      await page.getByText('Session root, until').waitFor();
      await expectAccessible(page);
      await press(page, 'End ASIA');
      await page
        .getByRole('alert')
        .getByText(/session|access key/)
        .first()
        .waitFor();
    });

    test('every state in which a screen waits, lacks a permission or fails has its own text', async () => {
      const { arn } = await principals().create('user', `blind-${screen.width}`);
      const page = await console.open(screen, '#/access');
      await signIn(page, await principals().createAccessKey(arn));
      await page.getByText('keyblock:ListPrincipals', { exact: true }).waitFor();
      await expectAccessible(page);
      await page.getByRole('link', { name: 'Open in the simulator' }).click();
      await page.getByText('keyblock:ExplainAccess', { exact: true }).waitFor();
      await page.evaluate(`location.hash = '#/access/users/blind-${screen.width}'`);
      await page.getByText('keyblock:GetPrincipal', { exact: true }).waitFor();
      await expectAccessible(page);
      await page.route(/\/admin\/roles\?/, (route) => route.abort());
      await page.evaluate(`location.hash = '#/access/roles'`);
      await page.getByText('The service could not be reached.').waitFor();
      await expectAccessible(page);
    });
  });

  test.each(['#/access/users/nobody', '#/access/groups', '#/access/users/a/b', '#/access/simulator/x'])(
    'the address %s shows what is wrong with it',
    async (place) => {
      const page = await opened(place);
      await page
        .getByText(/no screen|ResourceNotFoundException/)
        .first()
        .waitFor();
      await expectAccessible(page);
    },
  );

  async function press(page: Page, name: string): Promise<void> {
    await tabTo(page.getByRole('button', { name }).first());
    await page.keyboard.press('Enter');
  }
});
