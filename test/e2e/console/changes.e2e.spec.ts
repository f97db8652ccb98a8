import type { Page, Route } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import { describeConsole, signIn } from '../../support/console.js';
import { createKey } from '../../support/keys.js';
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
  /** Counts the requests to a path, and delays each. */
  const slow = async (page: Page, path: RegExp) => {
    const seen: string[] = [];
    await page.route(path, async (route) => {
      const request = route.request();
      if (request.method() === 'POST') {
        seen.push(request.url());
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await route.continue();
    });
    return seen;
  };

  test.each([
    ['a KMS key', '#/kms-keys', /\/CreateKey$/, 'Create', /^#\/kms-keys\/us-east-1\//],
    ['a payment key', '#/keys/create', /\/CreateKey$/, 'Create', /^#\/keys\/create$/],
    ['an access key', '#/access/users/anyone', /\/access-keys$/, 'Create an access key', /^#\/access\/users\/anyone$/],
  ])('two clicks create %s once', async (_, place, path, name, where) => {
    const page = await open(place);
    const calls = await slow(page, path);
    await page.getByRole('button', { name, exact: true }).dblclick();
    await page.getByText('The last change is still running').waitFor();
    await page
      .getByText(/^Created (?:a|the) key$|^New access key$/)
      .first()
      .waitFor();
    await page.waitForFunction(`${where}.test(location.hash)`);
    expect(calls).toHaveLength(1);
  });

  test.each([
    ['a KMS key', '#/kms-keys'],
    ['a payment key', '#/keys/create'],
  ])('%s whose alias is taken is created once, and then gets another alias', async (_, place) => {
    const page = await open(place);
    const keys = await slow(page, /\/CreateKey$/);
    const aliases = await slow(page, /\/CreateAlias$/);
    const alias = page.getByLabel('Alias', { exact: true });
    await alias.fill('taken');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page
      .getByText(/already exists/)
      .first()
      .waitFor();
    await alias.fill('free');
    await page.getByRole('button', { name: 'Create the alias' }).click();
    await page.getByText(/^Created (?:alias\/)?free$/).waitFor();
    expect(keys).toHaveLength(1);
    expect(aliases).toHaveLength(2);
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
    expect(await page.getByText('Created the key').count()).toBe(0);
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
    const idOf = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1);
    const { KeyArn } = await createKey(service);
    await expectControlOk('TagResource', { ResourceArn: KeyArn, Tags: [{ Key: 'env', Value: `${OVERRIDE}tset` }] });
    const { Arn } = await createKmsKey(service, {
      Description: `Not for ${OVERRIDE}tset`,
      Tags: [{ TagKey: 'owner', TagValue: 'a\u200bb' }],
    });
    await callKms(service, 'DescribeKey', { KeyId: `alias/${OVERRIDE}enon` }).catch(() => undefined);

    const page = await open(`#/keys/us-east-1/${idOf(KeyArn)}`);
    const shows = async (text: string, place?: string) => {
      if (place !== undefined) await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
      const shown = page.locator('main bdi[dir=ltr]', { hasText: text }).first();
      await shown.waitFor();
      expect(await page.locator('main').innerText()).not.toMatch(/\p{Cf}/u);
    };
    await shows('env=\\u{202e}tset');
    await shows('env=\\u{202e}tset', '#/keys');
    await shows('Not for \\u{202e}tset', `#/kms-keys/us-east-1/${idOf(Arn)}`);
    await shows('owner=a\\u{200b}b');
    await shows('Not for \\u{202e}tset', '#/kms-keys');
    await page.evaluate(`location.hash = '#/audit?find=&time=all'`);
    await page.getByRole('button', { name: 'DescribeKey' }).first().waitFor();
    const refused = page.locator('tr', { hasText: 'NotFound' }).getByRole('button', { name: 'DescribeKey' });
    await refused.first().click();
    await shows("Invalid keyId 'alias/\\u{202e}enon'");
  });
});
