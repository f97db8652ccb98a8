import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { apiOf } from '../../support/api.js';
import { idOf, mac } from '../../support/audit.js';
import { describeConsole, expectAccessible, expectSecretKept, SCREENS, signIn, tabTo } from '../../support/console.js';
import { createKey, keyIdOf } from '../../support/keys.js';
import { callKms, createKmsKey } from '../../support/kms.js';
import { CREDENTIALS } from '../../support/service.js';

const EVENTS = /\/admin\/audit\/events/;
const VERIFICATION = /\/admin\/audit\/verifications\/latest/;

describeConsole('The audit log in the console', {}, (console) => {
  let key: string;
  let refusedId: string;

  beforeAll(async () => {
    const { service } = console;
    key = (await createKey(service, { Exportable: false })).KeyArn;
    await apiOf(service).expectControlOk('CreateAlias', { AliasName: 'alias/host-link', KeyArn: key });
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'perso-line-3');
    const credentials = await principals.createAccessKey(arn);
    expect((await service.send(mac(key))).status).toBe(200);
    const refused = await service.send({ ...mac(key), credentials });
    expect(refused.status).toBe(403);
    refusedId = idOf(refused);
    await service.app.get(AuditLog).flush();
  });

  const opened = async (screen: (typeof SCREENS)[number] = SCREENS[0], place = '#/audit'): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page);
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
    return page;
  };
  const rows = async (page: Page, text: string) => {
    await page.getByRole('status').getByText(text).waitFor();
    return page.locator('tbody').innerText();
  };

  describe.each(SCREENS)('at $name', (screen) => {
    test('a refusal is found and explained, and the chains are verified, by keyboard', async () => {
      const page = await opened(screen, `#/audit?find=${refusedId}`);
      await rows(page, '1 event');
      await tabTo(page.getByRole('button', { name: 'GenerateMac' }));
      await page.keyboard.press('Enter');
      await page.getByText('Under the current policies, it is denied.').waitFor();
      const detail = await page.locator('.detail').innerText();
      expect(detail).toMatch(/arn:aws:iam::000000000000:user\/perso-line-3/);
      expect(detail).toMatch(/Answer\s+User: \S+ is not authorized/);
      expect(detail).toMatch(new RegExp(`Request\\s+${refusedId}`));
      expect(detail).toMatch(/Place in the chain\s+\d+\s+of chain \d+/);
      await tabTo(page.getByText('Raw JSON'));
      await page.keyboard.press('Enter');
      await page.getByText(`"requestID": "${refusedId}"`).waitFor();
      await expectAccessible(page);
      expect(await page.getByRole('link', { name: 'Open in the simulator' }).getAttribute('href')).toContain(
        'action=payment-cryptography%3AGenerateMac',
      );

      await tabTo(page.getByRole('button', { name: 'Verify chains' }));
      await page.keyboard.press('Enter');
      await page.getByText('Intact').first().waitFor();
      await page.getByRole('button', { name: 'Copy the chain heads' }).waitFor();
      await expectAccessible(page);
      await expectSecretKept(page, CREDENTIALS.secretAccessKey);
    });

    test('a verification that starts while the last one is being loaded is followed', async () => {
      const page = await console.open(screen, '#/audit');
      const started = page.waitForResponse(/\/audit\/verifications$/);
      let calls = 0;
      const followed = new Promise<void>((resolve) => {
        void page.route(/\/audit\/verifications\/latest$/, async (route) => {
          if (calls++ > 0) resolve();
          const response = await route.fetch();
          await started;
          await route.fulfill({ response });
        });
      });
      await signIn(page);
      await page.getByRole('button', { name: 'Verify chains' }).click();
      await followed;
      await page.getByText('Intact').first().waitFor();
    });

    test('every state in which the screen waits, has no events, lacks a permission or fails has its own text', async () => {
      const page = await opened(screen, '#/audit?operation=NoSuchOperation');
      await page.getByText('No event matches').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Show all events' }).click();
      await page.locator('tbody').waitFor();

      await page.route(EVENTS, (route) =>
        route.fulfill({ status: 500, json: { __type: 'InternalServerException', message: 'The service failed.' } }),
      );
      await page.getByLabel('Outcome').selectOption('Served');
      await page.getByText('InternalServerException').waitFor();
      await expectAccessible(page);
      await page.unroute(EVENTS);
      await page.getByRole('button', { name: 'Retry' }).click();
      await page.locator('tbody').waitFor();

      const principals = console.service.app.get(PrincipalRepository);
      const { arn } = await principals.create('user', `blind-${screen.width}`);
      const blind = await console.open(screen, '#/audit');
      await page.close();
      await signIn(blind, await principals.createAccessKey(arn));
      await blind.getByText('keyblock:GetAuditVerification', { exact: true }).waitFor();
      await blind.getByText('keyblock:ListAuditEvents', { exact: true }).waitFor();
      await blind.getByRole('button', { name: 'Verify chains' }).click();
      await blind.getByText('keyblock:VerifyAuditChains', { exact: true }).waitFor();
      await expectAccessible(blind);
    });

    test('a broken chain is reported with the next steps', async () => {
      const page = await console.open(screen, '#/audit');
      const head = { Sequence: 17, Hash: 'ab'.repeat(32) };
      const fault = { Kind: 'edited', Sequence: 18, What: 'event 18 does not have the hash of event 17' };
      await page.route(VERIFICATION, (route) =>
        route.fulfill({
          json: {
            State: 'BROKEN',
            Started: 1_790_000_000,
            Ended: 1_790_000_002,
            ChainCount: 1,
            FaultyCount: 1,
            EventCount: 17,
            Chains: [{ Chain: 2, Host: 'keyblock-a', Events: 17, To: 1_790_000_000, Head: head, Fault: fault }],
          },
        }),
      );
      await signIn(page);
      await page.getByRole('heading', { name: 'Chain 2 is broken: edited at event 18' }).waitFor();
      await page.getByText('Keep a copy of the database as it is.').waitFor();
      await expectAccessible(page);
      await tabTo(page.getByRole('link', { name: 'Show the events before and after' }));
      await page.keyboard.press('Enter');
      await page.getByText('No event matches').waitFor();
      expect(await page.getByLabel('Time').inputValue()).toBe('around');
    });
  });

  test.each([
    ['an alias', () => 'host-link', /GenerateMac/],
    ['the ARN of a key', () => key, /CreateKey/],
    ['the ID of a request', () => refusedId, /GenerateMac\s*host-link\s*AccessDenied/],
    ['the name of a user', () => 'perso-line-3', /GenerateMac\s*host-link\s*AccessDenied/],
    ['an access key ID', () => CREDENTIALS.accessKeyId, /root/],
  ])('finds events by %s', async (_, text, found) => {
    const page = await opened(SCREENS[0], `#/audit?${new URLSearchParams({ find: text() }).toString()}`);
    await rows(page, 'back to');
    // The aliases may arrive later than the events.
    await page.locator('tbody', { hasText: found }).waitFor();
  });

  test('filters are in the address, and what is shown can be saved', async () => {
    const page = await opened();
    await page.getByLabel('Kind').selectOption('Changes');
    await page.getByLabel('Operation').fill('CreateKey');
    expect(await rows(page, '1 event')).toContain('CreateKey');
    expect(page.url()).toContain('#/audit?kind=changes&operation=CreateKey');
    await page.getByLabel('Outcome').selectOption('Refused');
    await page.getByText('No event matches').waitFor();
    await page.getByLabel('Outcome').selectOption('All');
    await rows(page, '1 event');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export as JSON lines' }).click(),
    ]);
    expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toMatchObject({ eventName: 'CreateKey' });
    await page.evaluate(`location.hash = '#/audit?operation=NoSuchOperation&at=noon'`);
    await page.getByText('No event matches').waitFor();
    expect(await page.getByLabel('Time').inputValue()).toBe('');
  });

  test('older events follow on demand', async () => {
    for (let i = 0; i < 51; i++) await console.service.send(mac(key));
    await console.service.app.get(AuditLog).flush();
    const page = await opened(SCREENS[0], '#/audit?operation=GenerateMac');
    await rows(page, '50 events');
    await page.route(EVENTS, (route) => route.abort());
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('The service could not be reached.').waitFor();
    await page.unroute(EVENTS);
    await page.getByRole('button', { name: 'Older' }).click();
    await rows(page, '53 events');
  });

  test('finds events by the ID and by an alias of a KMS key', async () => {
    const { service } = console;
    const { KeyId } = await createKmsKey(service);
    await callKms(service, 'CreateAlias', { AliasName: 'alias/vault', TargetKeyId: KeyId });
    await service.app.get(AuditLog).flush();
    for (const find of [KeyId, 'vault']) {
      const page = await opened(SCREENS[0], `#/audit?find=${find}`);
      expect(await rows(page, 'back to')).toMatch(new RegExp(`CreateAlias\\s+${KeyId}`));
    }
  });

  test('the keys of an event lead to their pages', async () => {
    const { service } = console;
    const { Arn } = await createKmsKey(service);
    await service.app.get(AuditLog).flush();
    const page = await opened(SCREENS[0], `#/audit?${new URLSearchParams({ find: Arn }).toString()}`);
    await page.getByRole('button', { name: 'CreateKey' }).click();
    const link = page.locator('.detail').getByRole('link', { name: keyIdOf(Arn) });
    expect(await link.getAttribute('href')).toBe(`#/kms-keys/us-east-1/${keyIdOf(Arn)}`);
    await page.getByLabel('Key, caller').fill(key);
    await page.locator('tr', { hasText: 'host-link' }).getByRole('button').first().click();
    const other = page.locator('.detail').getByRole('link', { name: 'host-link' });
    expect(await other.getAttribute('href')).toBe(`#/keys/us-east-1/${keyIdOf(key)}`);
  });
});

describeConsole(
  'The audit log in the console, if events of the data plane go to standard output',
  { KEYBLOCK_AUDIT: 'stdout' },
  (console) => {
    test.each(SCREENS)('says where events are, at $name', async (screen) => {
      const page = await console.open(screen, '#/audit');
      await signIn(page);
      await page.getByText('Events of the data plane aren’t kept here: they go to stdout.').waitFor();
      await expectAccessible(page);
    });
  },
);
