import type { Page, Route } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import { announced, announcements, describeConsole, signIn } from '../../support/console.js';
import { createKey, keyIdOf } from '../../support/keys.js';
import { callKms, createKmsKey } from '../../support/kms.js';

/** Shows the text after it from the right to the left. */
const OVERRIDE = '\u202e';

describeConsole('Changes in the console', {}, (console) => {
  beforeAll(async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    await service.app.get(PrincipalRepository).create('user', 'anyone');
    const { Arn } = await createKmsKey(service);
    await callKms(service, 'CreateAlias', { AliasName: 'alias/taken', TargetKeyId: Arn });
    await expectControlOk('CreateAlias', { AliasName: 'alias/taken' });
  });

  const open = async (place: string): Promise<Page> => {
    const page = await console.open(undefined, place);
    await signIn(page);
    return page;
  };
  /** Counts the requests to a path, and holds each back until a condition is met. */
  const watch = async (page: Page, path: RegExp, condition?: Promise<unknown>) => {
    const seen: string[] = [];
    await page.route(path, async (route) => {
      const request = route.request();
      if (request.method() === 'POST') {
        seen.push(request.url());
        await condition;
      }
      await route.continue();
    });
    return seen;
  };
  const refused = (page: Page) => announced(page, 'The last change is still running');

  test.each([
    ['a KMS key', '#/kms-keys', /\/CreateKey$/, 'Create', 'Created a key', /#\/kms-keys\/us-east-1\//],
    ['a payment key', '#/keys/create', /\/CreateKey$/, 'Create', 'Created the key', /#\/keys\/create$/],
    [
      'an access key',
      '#/access/users/anyone',
      /\/access-keys$/,
      'Create an access key',
      'Created an access key',
      /#\/access\/users\/anyone$/,
    ],
  ])('two clicks create %s once', async (_, place, path, name, done, where) => {
    const page = await open(place);
    const calls = await watch(page, path, refused(page));
    await page.getByRole('button', { name, exact: true }).dblclick();
    await announced(page, done);
    await page.waitForURL(where);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['a KMS key', '#/kms-keys', 'free'],
    ['a payment key', '#/keys/create', 'alias/free'],
  ])('%s whose alias is taken is created once, and then gets another alias', async (_, place, created) => {
    const page = await open(place);
    const keys = await watch(page, /\/CreateKey$/);
    const aliases = await watch(page, /\/CreateAlias$/);
    const alias = page.getByLabel('Alias', { exact: true });
    await alias.fill('taken');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page
      .getByText(/already exists/)
      .first()
      .waitFor();
    await alias.fill('free');
    await page.getByRole('button', { name: 'Create the alias' }).click();
    await announced(page, `Created ${created}`);
    expect(keys).toHaveLength(1);
    expect(aliases).toHaveLength(2);
  });

  test('two clicks call an operation of the data plane once', async () => {
    const { KeyCheckValue } = await createKey(console.service);
    const page = await open('#/workbench/mac');
    await page.getByRole('button', { name: 'Load an example' }).click();
    await page.getByLabel('Algorithm').selectOption('CMAC_AES');
    await page.getByLabel('MAC to look for').fill('');
    await page.getByRole('button', { name: 'Call it' }).click();
    const key = page.getByLabel('Your stored key');
    await key.selectOption({ label: await key.locator('option', { hasText: KeyCheckValue }).innerText() });
    const calls = await watch(page, /\/mac\/generate$/, refused(page));
    await page.getByRole('button', { name: 'Call GenerateMac' }).dblclick();
    await page.getByText('The service answers').waitFor();
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['is lost', 'The service could not be reached.', (route: Route) => route.abort()],
    ['is cut off', 'The response could not be read.', (route: Route) => route.fulfill({ body: '{"Key":{"Key' })],
    ['comes from a proxy', 'HTTP 502', (route: Route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' })],
  ])('a change whose answer %s may have been made, and the console says so', async (_, words, answer) => {
    const page = await open('#/keys/create');
    await page.route(/\/CreateKey$/, answer);
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('alert').getByText(words).waitFor();
    await page.getByText('It may have taken effect all the same').waitFor();
    expect(await announcements(page)).not.toContain('Created the key');
  });

  describe('made meanwhile by someone else', () => {
    const ROOT = { AWS: 'arn:aws:iam::000000000000:root' };
    const policy = (prefix: string) =>
      policyOf({ Effect: 'Allow', Principal: ROOT, Action: `${prefix}:*`, Resource: '*' });

    /**
     * Saves a text over the change of someone else: the first attempt is refused, the second isn't, even if the text
     * has not been reloaded by then.
     */
    const saveOver = async (page: Page, edit: string, label: string, read: RegExp, change: () => Promise<unknown>) => {
      await page.getByRole('button', { name: edit }).click();
      const editor = page.getByLabel(label, { exact: true });
      const text = (await editor.inputValue()).replace('"Version"', '\n"Version"');
      await editor.fill(text);
      await change();
      const saved = page.waitForRequest(
        (request) => /\/Put\w+Policy$/.test(request.url()) || request.method() === 'PUT',
      );
      let reads = 0;
      await page.route(read, async (route) => {
        if (route.request().method() !== 'PUT' && ++reads === 2) await saved;
        await route.continue();
      });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Someone else has changed it since you read it').waitFor();
      expect(await editor.inputValue()).toBe(text);
      await page.getByRole('button', { name: 'Save' }).click();
      await editor.waitFor({ state: 'detached' });
    };

    test('a key policy is not overwritten without a word', async () => {
      const { expectControlOk } = apiOf(console.service);
      const { KeyArn } = await createKey(console.service);
      const put = (Policy: string) => expectControlOk('PutResourcePolicy', { ResourceArn: KeyArn, Policy });
      await put(policy('payment-cryptography'));
      const page = await open(`#/keys/us-east-1/${keyIdOf(KeyArn)}`);
      await saveOver(page, 'Edit the key policy', 'Key policy', /\/GetResourcePolicy$/, () =>
        put(policyOf({ Effect: 'Deny', Principal: ROOT, Action: 'payment-cryptography:DeleteKey', Resource: '*' })),
      );
      const { Policy } = await expectControlOk('GetResourcePolicy', { ResourceArn: KeyArn });
      expect(Policy).toContain('payment-cryptography:*');
    });

    test('nor that of a KMS key', async () => {
      const { Arn } = await createKmsKey(console.service);
      const page = await open(`#/kms-keys/us-east-1/${keyIdOf(Arn)}`);
      await saveOver(page, 'Edit the key policy', 'Key policy', /\/GetKeyPolicy$/, () =>
        callKms(console.service, 'PutKeyPolicy', { KeyId: Arn, Policy: policy('kms') }),
      );
    });

    test('nor that of a user, nor by a new policy of the same name', async () => {
      const principals = console.service.app.get(PrincipalRepository);
      const { arn } = await principals.create('user', 'twice');
      await principals.putPolicy(arn, 'own', policyOf(allow('GetKey')));
      const page = await open('#/access/users/twice');
      await saveOver(page, 'Edit own', 'Policy own', /\/policies\/own$/, () =>
        principals.putPolicy(arn, 'own', policyOf(allow('ListKeys'))),
      );
      await page.getByRole('button', { name: 'Add a policy' }).click();
      await page.getByLabel('Name of the policy').fill('own');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Edit the policy own instead.').waitFor();
    });

    test('shows the state in which a key is after a change that failed', async () => {
      const { service } = console;
      const { KeyArn } = await createKey(service);
      const page = await open(`#/keys/us-east-1/${keyIdOf(KeyArn)}`);
      await page.getByRole('button', { name: 'Stop usage' }).waitFor();
      await apiOf(service).expectControlOk('DeleteKey', { KeyIdentifier: KeyArn });
      await page.getByRole('button', { name: 'Stop usage' }).click();
      await page.getByText('is in DELETE_PENDING state').waitFor();
      await page.getByText('To be deleted', { exact: true }).waitFor();

      const { Arn } = await createKmsKey(service);
      await page.evaluate(`location.hash = '#/kms-keys/us-east-1/${keyIdOf(Arn)}'`);
      await page.getByRole('button', { name: 'Disable', exact: true }).waitFor();
      await callKms(service, 'ScheduleKeyDeletion', { KeyId: Arn });
      await page.getByRole('button', { name: 'Disable', exact: true }).click();
      await page.getByText('is pending deletion').waitFor();
      await page.getByText('To be deleted', { exact: true }).waitFor();
    });
  });

  test('an alias that is being changed stays with its API', async () => {
    const page = await open('#/aliases');
    await page.getByRole('button', { name: 'Change taken' }).click();
    await page.getByRole('heading', { name: 'Change taken' }).waitFor();
    await page.getByRole('navigation', { name: 'Aliases' }).getByRole('link', { name: 'KMS keys' }).click();
    await page.getByRole('heading', { name: 'Create an alias' }).waitFor();
  });

  test('a refusal names the resource that the service has checked', async () => {
    const principals = console.service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'reader');
    await principals.putPolicy(arn, 'own', policyOf(allow(['ListAliases', 'ListKeys'])));
    const page = await console.open(undefined, '#/aliases');
    await signIn(page, await principals.createAccessKey(arn));
    await page.getByRole('button', { name: 'Remove taken' }).click();
    await page.getByLabel('Type taken to confirm').fill('taken');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    const refusal = page.getByRole('alert');
    const alias = 'arn:aws:payment-cryptography:us-east-1:000000000000:alias/taken';
    await refusal.locator('code', { hasText: alias }).waitFor();
    const link = await refusal.getByRole('link', { name: 'Open in the simulator' }).getAttribute('href');
    expect(link).toContain(encodeURIComponent(alias));
  });

  test('texts of callers are shown with their control characters, and cannot turn the text around them', async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    const { KeyArn } = await createKey(service);
    await expectControlOk('TagResource', { ResourceArn: KeyArn, Tags: [{ Key: 'env', Value: `${OVERRIDE}tset` }] });
    const { Arn } = await createKmsKey(service, {
      Description: `Not for ${OVERRIDE}tset`,
      Tags: [{ TagKey: 'owner', TagValue: 'a\u200bb' }],
    });
    await callKms(service, 'DescribeKey', { KeyId: `alias/${OVERRIDE}enon` }).catch(() => undefined);

    const page = await open(`#/keys/us-east-1/${keyIdOf(KeyArn)}`);
    const shows = async (text: string, place?: string) => {
      if (place !== undefined) await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
      const shown = page.locator('main bdi[dir=ltr]', { hasText: text }).first();
      await shown.waitFor();
      expect(await page.locator('main').innerText()).not.toMatch(/\p{Cf}/u);
    };
    await shows('env=\\u{202e}tset');
    await shows('env=\\u{202e}tset', '#/keys');
    await shows('Not for \\u{202e}tset', `#/kms-keys/us-east-1/${keyIdOf(Arn)}`);
    await shows('owner=a\\u{200b}b');
    await shows('Not for \\u{202e}tset', '#/kms-keys');
    await page.evaluate(`location.hash = '#/audit?find=&time=all'`);
    await page.getByRole('button', { name: 'DescribeKey' }).first().waitFor();
    const refused = page.locator('tr', { hasText: 'NotFound' }).getByRole('button', { name: 'DescribeKey' });
    await refused.first().click();
    await shows("Invalid keyId 'alias/\\u{202e}enon'");
  });
});
