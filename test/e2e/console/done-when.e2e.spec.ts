import type { Page } from 'playwright-core';
import { KeyUse } from '../../../src/access/key-use.js';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { allow, policyOf } from '../../support/access.js';
import { apiOf } from '../../support/api.js';
import { mac } from '../../support/audit.js';
import { describeConsole, expectAccessible, expectSecretKept, SCREENS, signIn, tabTo } from '../../support/console.js';
import { createKey, createKeyOf } from '../../support/keys.js';
import { target, TestClock } from '../../support/service.js';

const DAY_MS = 86_400_000;
/** Permissions that a reader needs. */
const AUDITOR = {
  Effect: 'Allow',
  Action: [
    'keyblock:List*',
    'keyblock:Get*',
    'keyblock:Explain*',
    'payment-cryptography:List*',
    'payment-cryptography:Get*',
  ],
  Resource: '*',
};

/** The input of the stranger, whose issuer mistakes the card's session key for Mastercard's. */
const TYPED: readonly (readonly [label: RegExp, value: string])[] = [
  [/^Issuer master key/, '263D9EEA20259B7CC2612AADD5EF19CD'],
  [/^PAN$/, '5413330089020011'],
  [/^PAN sequence number/, '01'],
  [/^ATC/, '00A7'],
  [/^Unpredictable number/, '5A3C91E7'],
  [
    /^Data signed by the card/,
    '9F02060000000125009F03060000000000009F1A020752950500000080005F2A0207529A032611279C01009F37045A3C91E7820239009F360200A7',
  ],
  [/^Issuer application data/, '0114A50003020000000000000000000000FF'],
  [/^Session key you use/, 'Mastercard'],
  [/^ARQC of the card/, '3BDBEBF8E13C9EBB'],
];

type Credentials = Parameters<typeof signIn>[1];

/** The calls are made yesterday and read today. */
const clock = new TestClock();

describeConsole(
  'A stranger with one access key',
  {},
  (console) => {
    const wanted = { arn: '', kcv: '' };
    let stranger: Credentials;
    let auditor: Credentials;

    beforeAll(async () => {
      const { service } = console;
      const { expectControlOk } = apiOf(service);
      const principals = service.app.get(PrincipalRepository);
      const user = async (name: string, ...statements: object[]) => {
        const { arn } = await principals.create('user', name);
        await principals.putPolicy(arn, 'own', policyOf(...(statements as Record<string, unknown>[])));
        return principals.createAccessKey(arn);
      };
      for (let i = 0; i < 60; i++) await createKey(service, { Exportable: false });
      const key = await createKey(service);
      Object.assign(wanted, { arn: key.KeyArn, kcv: key.KeyCheckValue });
      await expectControlOk('CreateAlias', { AliasName: 'alias/host-link', KeyArn: key.KeyArn });
      const wrapping = await createKeyOf(service, {
        usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
        algorithm: 'AES_256',
        modes: ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'],
      });
      const bureau = await user('bureau-ops', allow('ExportKey'));
      clock.advance(-DAY_MS);
      const body = JSON.stringify({
        ExportKeyIdentifier: wanted.arn,
        KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: wrapping.arn } },
      });
      const exported = await service.send({ headers: target('ExportKey'), body, credentials: bureau });
      expect([exported.status, exported.text]).toEqual([200, expect.any(String)]);
      clock.advance(DAY_MS);
      const switchA = await user('switch-a', allow('GenerateMac'));
      expect((await service.send({ ...mac(wanted.arn), credentials: switchA })).status).toBe(200);
      await service.app.get(KeyUse).write();
      await service.app.get(AuditLog).flush();
      stranger = await user('stranger', AUDITOR);
      auditor = await user('auditor', AUDITOR, {
        Effect: 'Allow',
        Action: 'keyblock:VerifyAuditChains',
        Resource: '*',
      });
    });

    describe.each(SCREENS)('at $name', (screen) => {
      test('finds the key by its check value, and sees who used it last and who may use it', async () => {
        const page = await console.open(screen, '#/keys');
        await signIn(page, stranger);
        await page.getByRole('table').waitFor();
        await page.keyboard.press('/');
        await page.keyboard.type(wanted.kcv);
        await tabTo(page.getByRole('link', { name: 'host-link' }));
        await page.keyboard.press('Enter');
        await page.getByText(/^Last used .*, by switch-a: GenerateMac\.$/).waitFor();
        await sheet(page, 'Who may use it').getByText('switch-a').waitFor();
        expect(await sheet(page, 'Who may use it').innerText()).toMatch(/switch-a\s+GenerateMac\s+own/);
        await expectAccessible(page);
        await expectSecretKept(page, stranger!.secretAccessKey);
      });

      test('finds out why an ARQC differs', async () => {
        const page = await console.open(screen, '#/workbench/emv');
        await signIn(page, stranger);
        for (const [label, value] of TYPED) {
          await tabTo(page.getByLabel(label));
          await page.keyboard.type(value);
        }
        await page.getByRole('heading', { name: 'The card used a different session key' }).waitFor();
        await expectAccessible(page);
        await expectSecretKept(page, '263D9EEA20259B7CC2612AADD5EF19CD');
        await expectSecretKept(page, '263D 9EEA 2025 9B7C C261 2AAD D5EF 19CD');
      });

      test('as an auditor, verifies the chains and finds who exported a key yesterday', async () => {
        const page = await console.open(screen, '#/keys');
        await signIn(page, auditor);
        await page.getByRole('table').waitFor();
        await page.keyboard.press('g');
        await page.keyboard.press('a');
        await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
        await tabTo(page.getByRole('button', { name: 'Verify chains' }));
        await page.keyboard.press('Enter');
        await page.getByText('Intact').first().waitFor();
        await tabTo(page.getByLabel('Time'));
        await page.keyboard.type('Yesterday');
        await tabTo(page.getByLabel('Operation'));
        await page.keyboard.type('ExportKey');
        await page.getByRole('status').getByText('1 event').waitFor();
        await page.locator('tr', { hasText: /bureau-ops\s*ExportKey.*host-link/ }).waitFor();
        await expectAccessible(page);
        await expectSecretKept(page, auditor!.secretAccessKey);
      });
    });

    const sheet = (page: Page, title: string) =>
      page.locator('section', { has: page.getByRole('heading', { name: title }) });
  },
  clock,
);
