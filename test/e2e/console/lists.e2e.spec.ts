import type { Page, Route } from 'playwright-core';
import { Nodes } from '../../../src/admin/nodes.js';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import { cckmOf } from '../../support/cckm.js';
import { announced, describeConsole, expectAccessible, SCREENS, signIn, tabTo } from '../../support/console.js';
import { listener, payshieldFile, SWITCH } from '../../support/host-listeners.js';
import { createKey, keyIdOf } from '../../support/keys.js';
import { callKms, createKmsKey, describeKmsKey } from '../../support/kms.js';
import { PayshieldClient } from '../../support/payshield-client.js';

const PLACES = {
  'KMS keys': 'kms-keys',
  Aliases: 'aliases',
  Grants: 'grants',
  Regions: 'regions',
  Connections: 'connections',
} as const;
/** Permissions that each screen reports as missing. */
const LACKING = [
  ['KMS keys', 'keyblock:ListKeyInventory'],
  ['Aliases', 'payment-cryptography:ListAliases'],
  ['Grants', 'keyblock:ListKeyInventory'],
  ['Regions', 'payment-cryptography:GetDefaultKeyReplicationRegions'],
  ['Connections', 'kms:DescribeCustomKeyStores'],
] as const;

const ENV = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1', ...payshieldFile({ listeners: [listener()] }) };

describeConsole('KMS keys, aliases, grants, Regions and connections in the console', ENV, (console) => {
  let orders = '';
  let mac = '';

  beforeAll(async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    const principals = service.app.get(PrincipalRepository);
    await principals.create('user', 'switch');
    await principals.putPolicy(SWITCH, 'own', policyOf(allow('*')));
    orders = (await createKmsKey(service, { Description: 'Encrypts orders' })).Arn;
    await callKms(service, 'CreateAlias', { AliasName: 'alias/orders', TargetKeyId: orders });
    const grant = { KeyId: orders, GranteePrincipal: SWITCH, Operations: ['Encrypt', 'Decrypt'] };
    for (const Name of ['first', 'second', 'third', 'fourth'])
      await callKms(service, 'CreateGrant', { ...grant, Name });
    mac = (await createKey(service)).KeyArn;
    await expectControlOk('CreateAlias', { AliasName: 'alias/terminals', KeyArn: mac });
    await expectControlOk('CreateAlias', { AliasName: 'alias/nobody' });
    await cckmOf(service).user('ann');
    const [port = 0] = service.app.get<HostCommands>(HostCommands, { strict: false }).ports;
    const host = await PayshieldClient.connect({ port });
    await host.ask('B20004PING');
    await host.ask('ZZ');
    host.close();
    await service.app.get(Nodes, { strict: false }).write();
  });

  const press = async (page: Page, name: string | RegExp, within = page.locator('body')) => {
    await tabTo(within.getByRole('button', { name }).first());
    await page.keyboard.press('Enter');
  };
  const go = async (page: Page, name: keyof typeof PLACES) => {
    await page.evaluate(`location.hash = '#/${PLACES[name]}'`);
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  };

  test.each(SCREENS)('at $name, each screen is used by keyboard, and needs nothing else', async (screen) => {
    const { service } = console;
    const id = keyIdOf(orders);
    const page = await console.open(screen, '#/kms-keys?find=order');
    await signIn(page);

    // KMS keys: found, described, disabled and enabled, rotated, and their deletion scheduled and cancelled.
    await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
    await expectAccessible(page);
    await tabTo(page.getByRole('link', { name: 'orders', exact: true }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
    expect(page.url()).toContain(`#/kms-keys/us-east-1/${id}`);
    await page.getByText('Never used.').waitFor();
    await page.getByText('"kms:*"').waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: /UTC\s*root / })
      .first()
      .waitFor();
    await expectAccessible(page);
    await press(page, 'Edit the description');
    await tabTo(page.getByLabel('Description'));
    await page.keyboard.press('Control+A');
    await page.keyboard.type(`Orders at ${screen.width}`);
    await press(page, 'Save');
    await page.getByText(`Orders at ${screen.width}`).waitFor();
    await press(page, 'Edit the key policy');
    await tabTo(page.getByLabel('Key policy'));
    await page.keyboard.press('Control+A');
    await page.keyboard.type('{"Statement":7');
    await press(page, 'Save');
    await page.getByRole('alert').getByText('MalformedPolicyDocumentException').waitFor();
    await press(page, 'Cancel');
    await press(page, 'Rotate automatically');
    await page.getByText('Every 365 days').waitFor();
    await press(page, 'Stop');
    await page.getByText('Off. Ciphertexts of former material').waitFor();
    await press(page, 'Disable');
    await page.getByText('Disabled', { exact: true }).waitFor();
    await press(page, 'Enable');
    await page.getByText('Enabled', { exact: true }).waitFor();
    await press(page, 'Schedule deletion');
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Schedule deletion' });
    await tabTo(dialog.getByLabel('to confirm'));
    await page.keyboard.type('orders');
    await tabTo(dialog.getByLabel('Waiting period'));
    await page.keyboard.press('Control+A');
    await page.keyboard.type('6');
    expect(await confirm.isDisabled()).toBe(true);
    await page.keyboard.press('Control+A');
    await page.keyboard.type('30');
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await page.getByText('To be deleted', { exact: true }).waitFor();
    expect(await describeKmsKey(service, orders)).toMatchObject({ KeyState: 'PendingDeletion' });
    await press(page, 'Cancel the deletion');
    await press(page, 'Enable');
    await page.getByText('Enabled', { exact: true }).waitFor();

    // A new key, whose usages depend on its spec.
    await go(page, 'KMS keys');
    const form = page.locator('section', { has: page.getByRole('heading', { name: 'Create a KMS key' }) });
    await form.getByLabel('Spec').selectOption('NIST P-256');
    expect(await form.getByLabel('Usage').locator('option').allInnerTexts()).toEqual([
      'Sign and verify',
      'Key agreement',
    ]);
    await form.getByLabel('Alias').fill(`signing-${screen.width}`);
    await press(page, 'Create', form);
    await page.getByRole('heading', { name: `signing-${screen.width}`, level: 1 }).waitFor();
    await page.getByText('ECDSA_SHA_256').waitFor();

    // Aliases: an orphan, one that is created, changed and removed.
    await go(page, 'Aliases');
    await page
      .getByRole('link', { name: mac.slice(-16) })
      .first()
      .waitFor();
    await expectAccessible(page);
    await page.getByLabel('Show').selectOption('Without a usable key');
    await page.getByRole('status').getByText('1 alias', { exact: true }).waitFor();
    await page.getByLabel('Show').selectOption('All aliases');
    await page.getByLabel('Alias', { exact: true }).fill(`line-${screen.width}`);
    await press(page, 'Create');
    await press(page, `Change line-${screen.width}`);
    await page.locator('input:focus').waitFor();
    await page.keyboard.type(mac.slice(-16));
    await page.keyboard.press('Enter');
    await announced(page, `Set line-${screen.width}`);
    await press(page, `Remove line-${screen.width}`);
    await tabTo(dialog.getByLabel('to confirm'));
    await page.keyboard.type(`line-${screen.width}`);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: `Remove line-${screen.width}` }).waitFor({ state: 'detached' });
    await tabTo(page.getByRole('navigation', { name: 'Aliases' }).getByRole('link', { name: 'KMS keys' }));
    await page.keyboard.press('Enter');
    await page.locator('td', { hasText: /^orders$/ }).waitFor();
    await expectAccessible(page);

    // Grants: one is revoked, another retired.
    await go(page, 'Grants');
    await page.getByRole('heading', { name: 'switch' }).waitFor();
    await expectAccessible(page);
    for (const [action, done] of [
      ['Revoke', 'Revoked the grant'],
      ['Retire', 'Retired the grant'],
    ] as const) {
      const rows = page.getByRole('button', { name: /^Revoke/ });
      const last = rows.nth((await rows.count()) - 1);
      await press(page, new RegExp(`^${action}`));
      await dialog.getByText('switch loses Encrypt, Decrypt').waitFor();
      await press(page, action, dialog);
      await announced(page, done);
      await last.waitFor({ state: 'detached' });
    }
    if (screen === SCREENS[1]) await page.getByText('No grants in us-east-1').waitFor();

    // Regions: the default, and those of a key.
    await go(page, 'Regions');
    await press(page, 'Enable eu-west-1');
    await press(page, 'Disable eu-west-1');
    await page.getByText('New keys stay out').waitFor();
    if (screen === SCREENS[0]) {
      await press(page, 'Change the Regions of terminals');
      await expectAccessible(page);
      await press(page, 'Add eu-west-1', dialog);
    }
    await page.getByText('Primary', { exact: true }).waitFor();
    await page.getByRole('cell', { name: /^eu-west-1/ }).waitFor();
    await expectAccessible(page);

    // Connections: the listener with its error, the user of CCKM.
    await go(page, 'Connections');
    await page.getByText('B2 1').waitFor();
    expect(await page.locator('tr', { hasText: 'No TLS' }).innerText()).toMatch(/Any host\s*switch[^]*68\s+once/);
    await page.getByRole('link', { name: 'ann', exact: true }).waitFor();
    await page.getByText('CreateToken').first().waitFor();
    await page.getByText('No custom key store').waitFor();
    await expectAccessible(page);

    // The form is ready for the next sign-in.
    if (screen === SCREENS[0]) await press(page, 'Sign out');
    else {
      await page.getByText('Menu').click();
      await page.getByRole('button', { name: 'Sign out' }).last().click();
    }
    await page.locator('input:focus').waitFor();
    expect(
      await page
        .getByLabel('Access key ID')
        .evaluate((input: { matches: (s: string) => boolean }) => input.matches(':focus')),
    ).toBe(true);
  });

  test.each(SCREENS)(
    'at $name, missing permissions, failures and missing items have their own texts',
    async (screen) => {
      const principals = console.service.app.get(PrincipalRepository);
      const { arn } = await principals.create('user', `nobody-${screen.width}`);
      const page = await console.open(screen, '#/kms-keys');
      await signIn(page, await principals.createAccessKey(arn));
      for (const [name, action] of LACKING) {
        await go(page, name);
        await page.getByText(action, { exact: true }).first().waitFor();
        expect(await page.getByRole('link', { name: 'Open in the simulator' }).first().getAttribute('href')).toMatch(
          /^#\/access\/simulator\?action=\S+&resource=/,
        );
        await expectAccessible(page);
      }

      const failing = (route: Route) =>
        route.fulfill({
          status: 500,
          headers: { 'x-amzn-requestid': 'the-request-id' },
          json: { __type: 'InternalServerException', message: 'The service failed.' },
        });
      const answers = /\/(?:admin\/(?:keys|status|users|audit)|TrentService|PaymentCryptographyControlPlane)/;
      await page.route(answers, failing);
      for (const name of Object.keys(PLACES) as (keyof typeof PLACES)[]) {
        await go(page, name);
        expect(await page.getByRole('alert').first().innerText()).toMatch(
          /InternalServerException\s+The service failed.\s+Request the-request-id\s+Retry/,
        );
      }
      await page.unroute(answers);

      const empty = {
        Aliases: [],
        Keys: [],
        KmsKeys: [],
        Grants: [],
        EnabledReplicationRegions: [],
        Listeners: [],
        Principals: [],
        Events: [],
        CustomKeyStores: [],
      };
      await page.route(answers, (route) => route.fulfill({ json: empty }));
      for (const [name, words] of [
        ['KMS keys', 'No KMS keys in us-east-1'],
        ['Aliases', 'No aliases in us-east-1'],
        ['Grants', 'No grants in us-east-1'],
        ['Regions', 'No keys in us-east-1'],
        ['Connections', 'No listener'],
      ] as const) {
        await go(page, name);
        await page.getByText(words, { exact: true }).waitFor();
        await expectAccessible(page);
      }
      await page.unroute(answers);

      let abort: () => void = () => undefined;
      const aborted = new Promise<void>((resolve) => (abort = resolve));
      await page.route(answers, (route) => aborted.then(() => route.abort()));
      await go(page, 'Aliases');
      await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'attached' });
      abort();
      await page.getByText('The service could not be reached.').first().waitFor();
      await page.unroute(answers);
      await page.evaluate(`location.hash = '#/kms-keys/us-east-1/00000000-0000-0000-0000-000000000000'`);
      await page.getByText('kms:DescribeKey').first().waitFor();
      await page.evaluate(`location.hash = '#/aliases/none'`);
      await page.getByText('There is no screen at this address.').waitFor();
    },
  );

  test('another Region has its own KMS keys, and only what is served is in the navigation', async () => {
    const page = await console.open(SCREENS[0], `#/kms-keys/us-east-1/${keyIdOf(orders)}`);
    await page.route('**/admin/identity', async (route) => {
      const response = await route.fetch();
      const identity = (await response.json()) as { Apis: string[] };
      await route.fulfill({ json: { ...identity, Apis: identity.Apis.filter((api) => api !== 'cckm') } });
    });
    await signIn(page);
    await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    await page.getByText('No KMS keys in eu-west-1').waitFor();
    await go(page, 'Connections');
    await page.getByText('No custom key store').waitFor();
    expect(await page.getByText('CCKM users').count()).toBe(0);
  });

  test('a response of an unexpected form is reported, and leaves the navigation usable', async () => {
    const page = await console.open(SCREENS[0], '#/regions');
    await signIn(page);
    const alert = page.getByRole('alert');
    const ALIASES = /ControlPlane\/ListAliases$/;
    const answer = async (Aliases: object[]) => {
      await page.unroute(ALIASES);
      await page.route(ALIASES, (route) => route.fulfill({ json: { Aliases } }));
      await go(page, 'Regions');
      await page.evaluate(`location.hash = '#/aliases'`);
    };
    await answer([{ AliasName: 7 }]);
    await alert.getByText('The response could not be read: TypeError').waitFor();
    await answer([{ AliasName: 'alias/terminals', KeyArn: 7 }]);
    await alert.getByText('This screen could not be shown: TypeError').waitFor();
    await expectAccessible(page);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Regions' }).click();
    await page.getByRole('heading', { name: 'Regions', level: 1 }).waitFor();
    await page.goBack();
    await alert.waitFor();
    await page.unroute(ALIASES);
    await page.getByRole('button', { name: 'Show it again' }).click();
    await page.getByRole('heading', { name: 'Aliases', level: 1 }).waitFor();
    await page.getByText('terminals').first().waitFor();
  });
});
