import type { Page } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { Rates } from '../../../src/front/rates.js';
import { apiOf } from '../../support/api.js';
import { mac } from '../../support/audit.js';
import {
  describeConsole,
  expectAccessible,
  fastForward,
  type Screen,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { createKey } from '../../support/keys.js';

describeConsole('Overview and Health in the console', { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }, (console) => {
  beforeAll(async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    const { KeyArn } = await createKey(service);
    await expectControlOk('CreateAlias', { AliasName: 'alias/old-link', KeyArn });
    await expectControlOk('DeleteKey', { KeyIdentifier: KeyArn, DeleteKeyInDays: 3 });
    const { KeyArn: used } = await createKey(service);
    await service.send(mac(used));
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'perso-line-3');
    const credentials = await principals.createAccessKey(arn);
    for (let i = 0; i < 21; i++) await service.send({ ...mac(used), credentials });
    await service.app.get(AuditLog).flush();
    await service.app.get(Rates).write();
  });

  const opened = async (place: string, screen?: Screen): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  };

  describe.each(SCREENS)('at $name', (screen) => {
    test('the overview shows the state, what needs attention, and how busy it is', async () => {
      const page = await opened('', screen);
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
      await page.getByRole('heading', { name: 'old-link will be deleted' }).waitFor();
      await page.getByRole('heading', { name: 'perso-line-3 is denied GenerateMac' }).waitFor();
      await page.getByRole('img', { name: /^Requests a second over the last 24 hours/ }).waitFor();
      await page.getByText('MAC and data').waitFor();
      await page.getByText(/root scheduled a deletion/).waitFor();
      await page.getByText('Not verified yet').waitFor();
      await expectAccessible(page);
      await tabTo(page.getByRole('link', { name: 'See why perso-line-3 is denied GenerateMac' }));
      await page.keyboard.press('Enter');
      await page.getByRole('status').getByText('21 events').waitFor();
    });

    test('Health shows processes, operations, dependencies and certificates', async () => {
      const page = await opened('#/health', screen);
      await page.getByText(/^GenerateMac/).waitFor();
      await page.getByText(`PostgreSQL`).first().waitFor();
      await page.getByText('No certificate').waitFor();
      await page.getByRole('img', { name: /^Latency in milliseconds over the last 24 hours/ }).waitFor();
      await page.getByText('A second process, on another host').waitFor();
      await expectAccessible(page);
      await page.getByLabel('Period').selectOption('Last 7 days');
      await page.getByRole('img', { name: /^Latency in milliseconds over the last 7 days/ }).waitFor();
      await page.getByText(/^GenerateMac/).waitFor();
      expect(page.url()).toContain('#/health?hours=168');
      await expectAccessible(page);
    });

    test('missing permissions are named, and the rest of the page stays', async () => {
      const principals = console.service.app.get(PrincipalRepository);
      const { arn } = await principals.create('user', `blind-${screen.width}`);
      const page = await console.open(screen, '#/overview');
      await signIn(page, await principals.createAccessKey(arn));
      for (const action of ['GetStatus', 'GetRates', 'GetKeyCounts', 'ListAuditEvents'])
        await page.getByText(`keyblock:${action}`, { exact: true }).first().waitFor();
      await page.getByText('Some checks were skipped').waitFor();
      await page.getByText('Call it from your code').waitFor();
      await expectAccessible(page);
      await page.evaluate(`location.hash = '#/health'`);
      await page.getByText('keyblock:ListCertificates', { exact: true }).waitFor();
      await expectAccessible(page);
    });

    test('values stay with their time when a later call fails', async () => {
      const page = await console.open(screen, '#/health');
      await page.clock.install();
      await page.reload();
      await signIn(page);
      await page.getByText(/^PostgreSQL/).waitFor();
      await page.route(/\/admin\/status$/, (route) => route.abort());
      await fastForward(page, '00:11');
      await page
        .getByText(/^As of \d\d:\d\d:\d\d UTC\. The next attempt failed/)
        .first()
        .waitFor();
      expect(await page.getByText(/^PostgreSQL/).isVisible()).toBe(true);
      await expectAccessible(page);
    });
  });

  test('a Region without keys shows where to start', async () => {
    const page = await opened('#/overview');
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    await page.getByText('No keys in eu-west-1').waitFor();
    await page.getByText('aws payment-cryptography list-keys').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Explain a cryptogram' }).click();
    await page.getByRole('heading', { name: 'EMV cryptograms', level: 1 }).waitFor();
  });
});
