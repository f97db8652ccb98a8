import type { Page, Route } from 'playwright-core';
import { adminOf, policy, statement } from '../../support/admin.js';
import { approvalsOf, sessionIdOf, teamArn } from '../../support/approvals.js';
import {
  announced,
  describeConsole,
  expectAccessible,
  type Screen,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';

const ENV = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' };
const hrefOf = (id: string) => `#/approvals/us-east-1/${encodeURIComponent(id)}`;

describeConsole('Approvals in the console', ENV, (console) => {
  let approvals: ReturnType<typeof approvalsOf>;
  let admin: ReturnType<typeof adminOf>;

  beforeAll(async () => {
    admin = adminOf(console.service);
    approvals = approvalsOf(admin);
    await approvals.createUsers();
    await admin.caller('nobody');
    await approvals.createTeam('custodians');
    const Condition = { StringEquals: { 'aws:ResourceTag/tier': ['production'] } };
    await approvals.guard('DeleteKey', 'custodians');
    await approvals.guard('ExportKey', 'custodians', { Condition });
  });

  const opened = async (user: 'ann' | 'bob' | 'cy' | 'op', place: string, screen?: Screen): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page, approvals.users[user]);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  };
  const press = async (page: Page, name: string) => {
    await tabTo(page.getByRole('button', { name, exact: true }));
    await page.keyboard.press('Enter');
  };
  const requested = async (key?: string) =>
    sessionIdOf(await approvals.control('DeleteKey', { KeyIdentifier: key ?? (await approvals.newKey()) }));
  const cancel = (id: string) => admin.done('POST', `approvals/${id}/cancel`, undefined, approvals.users.op);
  /** Cancels what a failed test has left behind. */
  afterEach(async () => {
    const { Approvals } = await admin.done('GET', 'approvals?State=PENDING');
    for (const { Id, Requester } of Approvals as { Id: string; Requester: string }[])
      await admin.admin(
        'POST',
        `approvals/${Id}/cancel`,
        undefined,
        Requester.endsWith('/ann') ? approvals.users.ann : approvals.users.op,
      );
  });
  const badge = (page: Page) => page.locator('.side').getByText(/^\d+\+? waiting for your vote$/);
  const link = (page: Page, id: string) => page.locator(`td a[href="${hrefOf(id)}"]`);

  describe.each(SCREENS)('at $name', (screen) => {
    const isNarrow = screen === SCREENS[1];

    test('an approver finds a pending request, reads it, approves with the digits of the hash, and changes the vote', async () => {
      const key = await approvals.newKey();
      const [id, other] = [await requested(key), await requested()];
      const page = await opened('ann', '#/health', screen);
      if (isNarrow) {
        await page.locator('summary').getByText('2 waiting for your vote').waitFor();
        await tabTo(page.locator('summary', { hasText: 'Menu' }));
        await page.keyboard.press('Enter');
        await expectAccessible(page);
        await tabTo(page.getByRole('navigation', { name: 'small' }).getByRole('link', { name: /^Approvals/ }));
      } else {
        await badge(page).waitFor();
        await tabTo(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Approvals/ }));
      }
      await page.keyboard.press('Enter');
      await link(page, id).waitFor();
      expect(await page.locator('tr', { has: link(page, id) }).innerText()).toMatch(
        /DeleteKey[^]*op[^]*custodians[^]*0 of 2[^]*just now[^]*in 24 hours[^]*Waits for you/,
      );
      await expectAccessible(page);

      await tabTo(link(page, id));
      await page.keyboard.press('Enter');
      await page.getByText('Schedules the deletion of the key: its material is destroyed in 7 days.').waitFor();
      expect(await page.getByRole('link', { name: key }).getAttribute('href')).toBe(
        `#/keys/us-east-1/${key.slice(-16)}`,
      );
      await page.getByText('Nobody has voted yet').waitFor();
      await expectAccessible(page);
      const { RequestHash } = await approvals.approval(id);
      const approve = page.getByRole('button', { name: 'Approve' });
      await tabTo(page.getByLabel('First 8 digits'));
      await page.keyboard.type('00000000');
      await page.keyboard.press('Enter');
      await page.getByText('These aren’t the first 8 digits').waitFor();
      expect(await approve.isDisabled()).toBe(true);
      await expectAccessible(page);
      await page.keyboard.press('Control+A');
      await page.keyboard.type(RequestHash.slice(0, 7));
      expect(await approve.isDisabled()).toBe(true);
      await page.keyboard.type(RequestHash.slice(7, 8).toUpperCase());
      await tabTo(page.getByLabel('Comment'));
      await page.keyboard.type('as\u202eagreed');
      await page.keyboard.press('Enter');
      await announced(page, 'Approved DeleteKey');
      await page.getByText('You have approved this request.').waitFor();
      // A character that would reorder the text is shown escaped.
      await page.getByText('as\\u{202e}agreed').waitFor();
      await expectAccessible(page);
      expect(await approvals.approval(id)).toMatchObject({ Approvals: 1, State: 'PENDING' });
      if (!isNarrow) expect(await badge(page).innerText()).toMatch(/^1/);

      await tabTo(page.getByLabel('Comment'));
      await page.keyboard.type('not this week');
      await press(page, 'Deny');
      await page.getByText('You have denied this request.').waitFor();
      expect((await approvals.approval(id)).Votes).toMatchObject([{ Decision: 'DENY', Comment: 'not this week' }]);
      await approvals.vote('deny', id, { RequestHash }, approvals.users.bob);
      await tabTo(page.getByLabel('First 8 digits'));
      await page.keyboard.type(RequestHash.slice(0, 8));
      await page.keyboard.press('Enter');
      // The other denial has ended it meanwhile.
      await page.getByRole('heading', { name: 'What comes next' }).waitFor();
      await page.getByText('Approval session expired or was denied').waitFor();
      await page.getByText('Failed', { exact: true }).first().waitFor();
      await expectAccessible(page);

      await tabTo(page.getByRole('main').getByRole('link', { name: 'Approvals' }));
      await page.keyboard.press('Enter');
      await link(page, other).waitFor();
      const rows = await page.locator('tbody tr').allInnerTexts();
      expect(rows[0]).toContain('Waits for you');
      expect(rows.findLastIndex((row) => row.includes('Waits for you'))).toBeLessThan(
        rows.findIndex((row) => row.includes('Failed')),
      );
      await page.getByLabel('State').selectOption('Failed');
      await link(page, other).waitFor({ state: 'detached' });
      expect(page.url()).toMatch(/#\/approvals\?state=FAILED$/);
      await page.getByLabel('State').selectOption('Executed');
      await page
        .getByText('executed requests in us-east-1')
        .or(page.getByText('Executed', { exact: true }).nth(1))
        .waitFor();
      await cancel(other);
    });

    test('an approver who is the requester has no vote, is led from the refused call to the request, and cancels it', async () => {
      const key = await approvals.newKey();
      const page = await opened('ann', `#/keys/us-east-1/${key.slice(-16)}`, screen);
      await press(page, 'Schedule deletion');
      const dialog = page.getByRole('dialog');
      await tabTo(dialog.getByLabel('to confirm'));
      await page.keyboard.type(key.slice(-16));
      await page.keyboard.press('Enter');
      await page.getByText('It needs approval').waitFor();
      await page.getByText('DeleteKey needs 2 approvals of team custodians').waitFor();
      await expectAccessible(page);
      await tabTo(page.getByRole('link', { name: 'Show the request' }));
      await page.keyboard.press('Enter');
      await page.getByText('You have no vote').waitFor();
      await page.getByText('The requester of a session has no vote in it.').waitFor();
      expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
      await expectAccessible(page);
      await press(page, 'Cancel the request');
      await page.getByText('The requester has cancelled the request.').waitFor();
      await expectAccessible(page);
    });

    test('the last vote approves, the requester learns what to do, and the call takes effect', async () => {
      const key = await approvals.newKey();
      const id = await requested(key);
      await approvals.approve(id, approvals.users.ann);
      const page = await opened('bob', hrefOf(id), screen);
      const { RequestHash } = await approvals.approval(id);
      await tabTo(page.getByLabel('First 8 digits'));
      await page.keyboard.type(RequestHash.slice(0, 8));
      await page.keyboard.press('Enter');
      await page.getByText('The requester can repeat the same call until').waitFor();
      await page.getByText('2 of 2').waitFor();
      await expectAccessible(page);
      await page.close();

      const asked = await opened('op', hrefOf(id), screen);
      await asked.getByText('Make the same call again until').waitFor();
      expect((await approvals.control('DeleteKey', { KeyIdentifier: key })).status).toBe(200);
      await asked.evaluate(`location.hash = '#/approvals?state=EXECUTED'`);
      await tabTo(link(asked, id));
      await asked.keyboard.press('Enter');
      await asked.getByText('The call has taken effect.').waitFor();
      expect(await asked.getByRole('button', { name: 'Cancel the request' }).count()).toBe(0);
      await expectAccessible(asked);
    });

    test('a change of a policy is shown as a difference, with nothing hidden', async () => {
      const name = `extra-${screen.width}`;
      const Condition = { StringEquals: { 'aws:ResourceTag/line': ['a\u202eb'] } };
      const document = policy(statement(['kms:Encrypt', 'kms:Decrypt'], { Condition }));
      const id = sessionIdOf(await admin.admin('PUT', `users/ann/policies/${name}`, document, approvals.users.op));
      const page = await opened('bob', hrefOf(id), screen);
      await page.getByRole('heading', { name: 'Document' }).waitFor();
      const added = (await page.locator('.diff ins').allInnerTexts()).join('');
      expect(added).toMatch(/^\+ +"kms:Encrypt",$/m);
      expect(added).toContain('a\\u{202e}b');
      await expectAccessible(page);
      await cancel(id);
    });

    test('teams and guards are listed', async () => {
      const page = await opened('ann', '#/approvals', screen);
      await tabTo(page.getByRole('link', { name: 'Teams and guards', exact: true }));
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'bob' }).waitFor();
      expect(await page.locator('tr', { hasText: 'bob' }).innerText()).toMatch(
        /custodians[^]*(ann|bob|cy), (ann|bob|cy), (ann|bob|cy)[^]*2 of 3[^]*24 hours/,
      );
      expect(await page.locator('tr', { hasText: 'ExportKey' }).innerText()).toContain(
        '"aws:ResourceTag/tier":["production"]',
      );
      expect(await page.locator('tr', { hasText: 'DeleteKey' }).innerText()).toContain('Every call');
      expect(await page.getByText('Not guarded:').innerText()).toMatch(/CreateAccessKey.*PutPrincipalPolicy/);
      await expectAccessible(page);
    });

    test('missing permissions, failures and missing items have their own texts', async () => {
      const id = await requested();
      const nobody = await admin.done('POST', 'users/nobody/access-keys');
      const credentials = {
        accessKeyId: String(nobody['AccessKeyId']),
        secretAccessKey: String(nobody['SecretAccessKey']),
      };
      const page = await console.open(screen, '#/approvals');
      await signIn(page, credentials);
      await page.getByText('keyblock:ListApprovals').first().waitFor();
      expect(await page.locator('.tag.warn').count()).toBe(0);
      await expectAccessible(page);
      await page.evaluate(`location.hash = '#/approvals/teams'`);
      await page.getByText('keyblock:ListTeams').waitFor();
      await page.getByText('keyblock:ListGuards').waitFor();
      await page.evaluate(`location.hash = '${hrefOf(id)}'`);
      await page.getByText('keyblock:GetApproval').first().waitFor();
      await page.getByText(teamArn('custodians'), { exact: true }).waitFor();
      await expectAccessible(page);
      await admin.done('PUT', `users/nobody/access-keys/${credentials.accessKeyId}`, { Status: 'Inactive' });
      await admin.done('DELETE', `users/nobody/access-keys/${credentials.accessKeyId}`);
      await page.close();

      // A user who may read, and isn't an approver.
      const root = await console.open(screen, hrefOf(id));
      await signIn(root);
      await root.getByText("isn't an approver of team custodians").waitFor();
      const answers = /\/admin\/(?:approvals|teams|guards)/;
      const failing = (route: Route) =>
        route.fulfill({
          status: 500,
          headers: { 'x-amzn-requestid': 'the-request-id' },
          json: { __type: 'InternalServerException', message: 'The service failed.' },
        });
      await root.route(answers, failing);
      for (const place of ['#/approvals', '#/approvals/teams', '#/approvals/us-east-1/custodians:A']) {
        await root.evaluate(`location.hash = '${place}'`);
        expect(await root.getByRole('alert').first().innerText()).toMatch(
          /InternalServerException\s+The service failed.\s+Request the-request-id\s+Retry/,
        );
      }
      await root.unroute(answers);
      await root.route(answers, (route) =>
        route.fulfill({ json: { Approvals: [], Teams: [], Guards: [], Guardable: [] } }),
      );
      for (const [place, words] of [
        ['#/approvals?state=APPROVED', 'No approved requests in us-east-1'],
        ['#/approvals', 'No requests in us-east-1'],
        ['#/approvals/teams', 'No guards in us-east-1'],
      ] as const) {
        await root.evaluate(`location.hash = '${place}'`);
        await root.getByText(words, { exact: true }).waitFor();
        await expectAccessible(root);
      }
      await root.unroute(answers);
      let abort: () => void = () => undefined;
      const aborted = new Promise<void>((resolve) => (abort = resolve));
      await root.route(answers, (route) => aborted.then(() => route.abort()));
      await root.evaluate(`location.hash = '${hrefOf(id)}'`);
      await root.getByText('Loading', { exact: true }).first().waitFor({ state: 'attached' });
      abort();
      await root.getByText('The service could not be reached.').first().waitFor();
      await root.unroute(answers);
      for (const place of ['#/approvals/none', '#/approvals/us-east-1/custodians:A/more']) {
        await root.evaluate(`location.hash = '${place}'`);
        await root.getByText('There is no screen at this address.').waitFor();
      }
      await root.evaluate(`location.hash = '#/approvals/us-east-1/custodians:${'A'.repeat(26)}'`);
      await root.getByText('ResourceNotFoundException').waitFor();
      await root.evaluate(`location.hash = '#/approvals/mars-1/${id}'`);
      await root.getByText('This deployment doesn’t serve mars-1.').waitFor();
      await cancel(id);
    });
  });

  test('another Region has its own requests, and choosing it on the page of a request leads to its list', async () => {
    const id = await requested();
    const page = await opened('ann', hrefOf(id));
    await badge(page).waitFor();
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    await page.getByText('No requests in eu-west-1').waitFor();
    await badge(page).waitFor({ state: 'detached' });
    expect(page.url()).toMatch(/#\/approvals$/);
    await cancel(id);
  });

  test('a vote that its page no longer shows is refused, and the page shows the outcome of the request', async () => {
    const id = await requested();
    const { RequestHash } = await approvals.approval(id);
    const page = await opened('cy', hrefOf(id));
    await page.getByLabel('First 8 digits').fill(RequestHash.slice(0, 8));
    await page.route('**/approve', async (route) => {
      await cancel(id);
      await route.continue();
    });
    await press(page, 'Approve');
    await page.getByText('The requester has cancelled the request.').waitFor();
    expect((await approvals.approval(id)).Votes).toEqual([]);
  });
});
