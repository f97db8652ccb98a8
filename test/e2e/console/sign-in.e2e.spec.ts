import type { Page, Route } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import {
  announcements,
  describeConsole,
  expectAccessible,
  expectSecretKept,
  fastForward,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { CREDENTIALS } from '../../support/service.js';

const ENV = { KEYBLOCK_CONSOLE_LABEL: 'Staging', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };

describeConsole('Signing in to the console', ENV, (console) => {
  describe.each(SCREENS)('at $name', (screen) => {
    test('shows the form, the label and the Regions', async () => {
      const page = await console.open(screen);
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await page.getByText('Staging').isVisible()).toBe(true);
      expect(await page.getByLabel('Region').locator('option').allInnerTexts()).toEqual(['us-east-1', 'eu-west-1']);
      await expectAccessible(page);
    });

    test('refuses a wrong secret with the words of the service, and keeps what was typed', async () => {
      const page = await console.open(screen);
      await signIn(page, { ...CREDENTIALS, secretAccessKey: 'not the secret' });
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.innerText()).toMatch(/InvalidSignatureException/);
      expect(await page.getByLabel('Access key ID').inputValue()).toBe(CREDENTIALS.accessKeyId);
      await expectAccessible(page);
    });

    test('keeps the secret in memory, and forgets it when the user signs out', async () => {
      const page = await console.open(screen);
      await page.locator('input:focus').waitFor();
      await page.keyboard.type(CREDENTIALS.accessKeyId);
      await page.keyboard.press('Tab');
      await page.keyboard.type(CREDENTIALS.secretAccessKey);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
      await expectSecretKept(page, CREDENTIALS.secretAccessKey);
      if (screen.width === 390) {
        await tabTo(page.getByText('Menu', { exact: true }));
        await page.keyboard.press('Enter');
        await expectAccessible(page);
      }
      await tabTo(page.getByRole('button', { name: 'Sign out' }));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await page.getByLabel('Secret access key').inputValue()).toBe('');
    });
  });

  test.each([
    ['an access key ID', { ...CREDENTIALS, accessKeyId: '“AKIDEXAMPLE”' }],
    ['a session token', { ...CREDENTIALS, sessionToken: '“token”' }],
  ])('refuses %s in the quotation marks of a document', async (_, credentials) => {
    const page = await console.open();
    await signIn(page, credentials);
    expect(await page.getByRole('alert').innerText()).toMatch(/only ASCII characters/);
    expect(await page.getByRole('button', { name: 'Sign in' }).isEnabled()).toBe(true);
  });

  test.each([
    ['slow', -1],
    ['fast', 1],
  ])('says that the clock of the computer is %s', async (_, hours) => {
    const page = await console.open();
    await page.clock.setSystemTime(Date.now() + hours * 3_600_000);
    await signIn(page);
    expect(await page.getByRole('alert').innerText()).toMatch(/^The clock of this computer differs from the service’s/);
  });

  test('refuses an access key that does not exist', async () => {
    const page = await console.open();
    await signIn(page, { ...CREDENTIALS, accessKeyId: 'AKIDNOSUCHKEYEXISTS' });
    expect(await page.getByRole('alert').innerText()).toMatch(/UnrecognizedClientException/);
  });

  test('says that the service could not be reached', async () => {
    const page = await console.open();
    await page.route(/\/admin\//, (route) => route.abort());
    await signIn(page);
    expect(await page.getByRole('alert').innerText()).toMatch(/could not be reached/);
  });

  test('returns after a reload to the place in the address, and asks to sign in again', async () => {
    const page = await console.open(SCREENS[0], '#/keys?state=disabled');
    await signIn(page);
    await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
    await page.reload();
    await signIn(page);
    await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
    expect(page.url()).toBe(`${console.service.url}/console/#/keys?state=disabled`);
  });

  /** Opens a page with a clock that tests move, and signs in. */
  const withClock = async (): Promise<Page> => {
    const page = await console.open();
    await page.clock.install();
    await page.reload();
    await signIn(page);
    await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
    return page;
  };

  test('ends after 15 minutes without input, and says so', async () => {
    const page = await withClock();
    await fastForward(page, '14:00');
    await page.keyboard.press('Shift');
    await fastForward(page, '14:00');
    expect(await page.getByRole('heading', { name: 'Payment keys' }).isVisible()).toBe(true);
    await fastForward(page, '01:01');
    expect(await page.getByRole('alert').innerText()).toMatch(/15 minutes without input/);
  });

  test('ends at the first input after 15 minutes in which the computer slept', async () => {
    const page = await withClock();
    // Timers stand still while it sleeps.
    await page.clock.setSystemTime(Date.now() + 15 * 60_000);
    await page.keyboard.press('Shift');
    expect(await page.getByRole('alert').innerText()).toMatch(/15 minutes without input/);
  });

  /** Opens a page in which the credentials expire in 10 minutes. */
  const expiring = async (place?: string): Promise<Page> => {
    const page = await console.open(SCREENS[0], place);
    const minutes = 10;
    await page.clock.install();
    await page.route(/\/admin\/identity$/, (route) =>
      route.fulfill({
        json: {
          Name: 'maria.k',
          Arn: 'arn:aws:iam::000000000000:user/maria.k',
          Apis: ['payment-cryptography'],
          ExpirationTimestamp: Date.now() / 1000 + 60 * minutes,
        },
      }),
    );
    await page.reload();
    await signIn(page);
    return page;
  };

  test('shows who is signed in and until when, and ends with the session', async () => {
    const page = await expiring();
    const until = await page.getByText('maria.k').first().innerText();
    expect(until).toMatch(/^maria\.k until \d\d:\d\d UTC$/);
    const warning = page.getByRole('alert');
    await fastForward(page, '04:00');
    expect(await warning.count()).toBe(0);
    await fastForward(page, '02:00');
    expect(await warning.innerText()).toContain(`Your session ends at ${until.slice(-9)}.`);
    await fastForward(page, '05:00');
    expect(await page.getByRole('alert').innerText()).toBe('Your session has ended.');
  });

  test('the end of a session is not that of the session that replaced it', async () => {
    await console.service.app.get(PrincipalRepository).create('role', 'operators');
    const page = await expiring('#/access/roles/operators');
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Start a session' }).click();
    await page.getByRole('button', { name: 'Use it in this tab' }).click();
    const session = page.getByText(/^operators.* until/).first();
    await session.waitFor();
    await fastForward(page, '11:00');
    expect(await session.isVisible()).toBe(true);
  });

  test('lasts while the reference of the API is read', async () => {
    const page = await console.open();
    await signIn(page);
    const [reference] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'API in a new tab' }).click(),
    ]);
    await reference.waitForURL(/\/docs$/);
    await reference.close();
    expect(await page.getByRole('heading', { name: 'Payment keys' }).isVisible()).toBe(true);
  });

  test('ends when the service no longer knows the access key', async () => {
    const page = await console.open();
    await signIn(page);
    await page.getByText('No keys in us-east-1').waitFor();
    await page.route(/\/admin\/keys\?/, (route) =>
      route.fulfill({ status: 400, json: { __type: 'UnrecognizedClientException', message: 'invalid' } }),
    );
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    expect(await page.getByRole('alert').innerText()).toMatch(/no longer valid/);
  });

  /** Holds back the answer to calls of a path. @returns a function that gives it */
  const held = async (page: Page, path: RegExp, answer: (route: Route) => Promise<void>) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let given: Promise<void> | undefined;
    await page.route(path, (route) => (given = released.then(() => answer(route)).catch(() => undefined)));
    return async () => {
      release();
      await given;
    };
  };

  test('a refusal of the credentials that a session has replaced does not end the session', async () => {
    await console.service.app.get(PrincipalRepository).create('role', 'auditors');
    const page = await console.open(SCREENS[0], '#/access/roles/auditors');
    const refuse = await held(page, /\/admin\/approvals/, (route) =>
      route.fulfill({ status: 400, json: { __type: 'ExpiredTokenException', message: 'expired' } }),
    );
    await signIn(page);
    await page.getByRole('button', { name: 'Start a session' }).click();
    await page.getByRole('button', { name: 'Use it in this tab' }).click();
    await page
      .getByText(/^auditors.* until/)
      .first()
      .waitFor();
    await refuse();
    await page.evaluate(`location.hash = '#/keys'`);
    await page.getByRole('heading', { name: 'Payment keys' }).waitFor();
  });

  test('a change that is running at the sign-out is neither continued for nor shown to the next user', async () => {
    const principals = console.service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'next');
    const page = await console.open(SCREENS[0], '#/keys/create');
    await signIn(page);
    await page.getByLabel('Alias', { exact: true }).fill('half-done');
    const calls: string[] = [];
    page.on('request', (request) => calls.push(request.url()));
    const answer = await held(page, /\/CreateKey$/, async (route) => route.fulfill({ response: await route.fetch() }));
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, await principals.createAccessKey(arn));
    await page.getByRole('heading', { name: 'Create a key' }).waitFor();
    await answer();
    await page.evaluate(`location.hash = '#/exchange?task=protocol'`);
    await page.getByText('Nothing done in this tab yet').waitFor();
    expect(await announcements(page)).not.toContain('Created the key');
    expect(calls.filter((url) => url.endsWith('/CreateAlias'))).toEqual([]);
  });

  test('shows no form where the browser cannot sign', async () => {
    const page = await console.open();
    await page.addInitScript('Object.defineProperty(window, "isSecureContext", { value: false })');
    await page.reload();
    expect(await page.getByText('Signing needs HTTPS').isVisible()).toBe(true);
    expect(await page.getByLabel('Secret access key').count()).toBe(0);
  });
});
