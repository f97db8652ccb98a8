import type { Page } from 'playwright-core';
import { apiOf } from '../../support/api.js';
import { describeConsole, signIn } from '../../support/console.js';
import { listener, payshieldFile } from '../../support/host-listeners.js';
import { createKey, keyIdOf } from '../../support/keys.js';
import { callKms, createKmsKey } from '../../support/kms.js';

const ENV = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1', ...payshieldFile({ listeners: [listener()] }) };
/** Places that the navigation and the links of a screen's own parts don't lead to. */
const FURTHER = ['keys/create', 'keys/import', 'access/simulator', 'nowhere'];

/** Waits until no part of the screen is being loaded. */
async function expectLoaded(page: Page): Promise<void> {
  const loading = page.locator('main .loading').first();
  while (await loading.isVisible()) await loading.waitFor({ state: 'hidden' });
}

describeConsole('The console at 320 px', ENV, (console) => {
  test('nothing scrolls sideways at any place (WCAG 1.4.10)', async () => {
    const { service } = console;
    const { expectControlOk } = apiOf(service);
    const { KeyArn } = await createKey(service);
    await expectControlOk('CreateAlias', { AliasName: `alias/${'n'.repeat(249)}`, KeyArn });
    const longest = 'v'.repeat(256);
    await expectControlOk('TagResource', { ResourceArn: KeyArn, Tags: [{ Key: 'k', Value: longest }] });
    const { Arn } = await createKmsKey(service, { Description: longest, Tags: [{ TagKey: 'k', TagValue: longest }] });
    await callKms(service, 'CreateAlias', { AliasName: `alias/${'n'.repeat(249)}`, TargetKeyId: Arn });

    const page = await console.open({ width: 320, height: 700, theme: 'light' }, '#/overview');
    await signIn(page);
    await page.locator('nav.side a[href$="/host-commands"]').waitFor({ state: 'attached' });
    const linked = (selector: string) =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll(${JSON.stringify(selector)})].map((link) => link.getAttribute('href'))`,
      );
    const wide: string[] = [];
    const visit = async (place: string) => {
      await page.evaluate(`location.hash = ${JSON.stringify(place)}`);
      await page.locator('main h1').waitFor();
      await expectLoaded(page);
      const example = page.getByRole('button', { name: 'Load an example' });
      if (await example.isVisible()) await example.click();
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 320) wide.push(`${place}: ${width} px`);
      return linked('main nav.seg a');
    };
    const places = await linked('nav.side a[href^="#/"]');
    expect(places).toContain('#/workbench/host-commands');
    const keys = [
      `keys/us-east-1/${keyIdOf(KeyArn)}`,
      `kms-keys/us-east-1/${keyIdOf(Arn)}`,
      `keys/us-east-1/${keyIdOf(KeyArn)}/export`,
    ];
    for (const place of [...places, ...[...FURTHER, ...keys].map((path) => `#/${path}`)])
      for (const task of (await visit(place)).slice(1)) await visit(task);
    expect(wide).toEqual([]);
  });
});
