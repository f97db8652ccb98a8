import type { Page } from 'playwright-core';
import { apiOf } from '../../support/api.js';
import {
  announced,
  collectRequests,
  describeConsole,
  expectAccessible,
  expectSecretKept,
  fastForward,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { createKey, createKeyOf } from '../../support/keys.js';

/** Result of each calculator for its example: path, verdict, and bytes from its steps. */
const STORIES: readonly [place: string, answer: string | RegExp, digits: string][] = [
  ['emv', 'The card used a different session key', 'C82094D0F2B90132623DBCE52F61328A'],
  ['emv?task=compute', 'Application cryptogram', 'D51F0A3FE93D7BAB'],
  ['emv?task=arpc', 'Authorization response cryptogram', '648FFB57DCF1C875D0496116AEA8AE16'],
  ['emv?task=script', 'MAC of the script', '94F867167C64EF3EEAB0CB627A7A3480'],
  ['dukpt', 'It decrypts to valid data under the PIN key', '448D3F076D8304036A55A3D7E0055A78'],
  ['pin-blocks', 'PIN 1234, in format 0', '041274EDCBA9876F'],
  ['pin-blocks?task=encode', 'Encrypted PIN block', '71234567890123456789000000000000'],
  ['card-values', '111 is the CVV2', '111545E8E5AC5115'],
  ['card-values?task=csc', '8720 is the code of 4 digits, version 1', '61247'],
  ['card-values?task=dcvv', '422 is right', 'DCE992BCE398C264F7858AFD4C4A324A'],
  ['card-values?task=cvc3', '488 is right', '6D6425FB9401C21AA1F80451AB85DA3B'],
  ['pin-values', '8523 is right', 'C8FBF5FE2370DDCF'],
  ['pin-values?task=ibm', 'PIN 4524, offset 0000', '1122334455667788'],
  ['mac', 'It matches your computation', 'A1C72E74EA3FA9B6'],
  ['as2805', 'What both sides exchange', '75F4E9E3A53D0BC98B2E7B097113C881'],
  ['as2805?task=working', 'Working key with check value EA5470', 'C1DC64DCF79D45CD9E94C4E9D5E0259D'],
  ['as2805?task=pin', /PIN encryption key with check value/, 'C915B6246C481A2ECC9AADEE84055083'],
  ['key-blocks?task=wrap', 'Key block', 'D0112P0AE00E0000'],
  ['check-values?task=public', /Check value [0-9A-F]{4} [0-9A-F]{4}/, ''],
];
const EMPTY = 'Nothing to compute yet';

type Key = readonly [usage: string, algorithm: string, ...modes: string[]];
const PEK: Key = ['TR31_P0_PIN_ENCRYPTION_KEY', 'TDES_2KEY', 'Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
const PVK: Key = ['TR31_V2_VISA_PIN_VERIFICATION_KEY', 'TDES_2KEY', 'Generate', 'Verify'];
const BDK: Key = ['TR31_B0_BASE_DERIVATION_KEY', 'TDES_2KEY', 'DeriveKey'];
const STORED = 'Your stored key';

/** Calls that calculators make with stored keys: path, changes to the example, keys by label, and a response. */
const CALLS: readonly (readonly [
  operation: string,
  place: string,
  changes: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, Key>>,
  member: string,
])[] = [
  ['GetKey', 'check-values', {}, { [STORED]: BDK }, 'KeyCheckValue'],
  ['DecryptData', 'dukpt', {}, { [STORED]: BDK }, 'PlainText'],
  [
    'TranslatePinData',
    'as2805?task=pin',
    {
      'Encrypted PIN block': '0123456789ABCDEF',
      PAN: '4000001234567899',
      'PAN of the outgoing block': '4000001234567899',
    },
    { 'Incoming key': PEK, 'Outgoing key': PEK },
    'ValidationException',
  ],
  [
    'GeneratePinData',
    'pin-blocks?task=encode',
    { Format: '0' },
    { 'Generation key': PVK, 'Encryption key': PEK },
    'VerificationValue',
  ],
  [
    'GeneratePinData',
    'pin-values',
    { Operation: 'GeneratePinData' },
    { 'Generation key': PVK, 'Encryption key': PEK },
    'VerificationValue',
  ],
  [
    'VerifyPinData',
    'pin-values',
    { 'Encrypted PIN block, format 0': '0123456789ABCDEF' },
    { 'Verification key': PVK, 'Encryption key': PEK },
    'ValidationException',
  ],
  [
    'GenerateCardValidationData',
    'card-values',
    { 'Value to look for': '' },
    { [STORED]: ['TR31_C0_CARD_VERIFICATION_KEY', 'TDES_2KEY', 'Generate', 'Verify'] },
    'ValidationData',
  ],
  [
    'VerifyMac',
    'mac',
    {},
    { [STORED]: ['TR31_M3_ISO_9797_3_MAC_KEY', 'TDES_2KEY', 'Generate', 'Verify'] },
    'It doesn’t verify',
  ],
  ['GenerateMac', 'emv?task=script', {}, { [STORED]: ['TR31_E2_EMV_MKEY_INTEGRITY', 'TDES_2KEY', 'DeriveKey'] }, 'Mac'],
  [
    'GenerateAuthRequestCryptogram',
    'emv?task=compute',
    {},
    { [STORED]: ['TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS', 'TDES_2KEY', 'DeriveKey'] },
    'AuthRequestCryptogram',
  ],
  [
    'GenerateAs2805KekValidation',
    'as2805',
    {},
    { [STORED]: ['TR31_K0_KEY_ENCRYPTION_KEY', 'TDES_2KEY', 'Encrypt', 'Decrypt', 'Wrap', 'Unwrap'] },
    'RandomKeyReceive',
  ],
];

describeConsole('Calculators of the workbench', {}, (console) => {
  const opened = async (place: string, screen?: (typeof SCREENS)[number]): Promise<Page> => {
    const page = await console.open(screen, `#/workbench/${place}`);
    await signIn(page);
    await page.getByText('Computed in this tab.').waitFor();
    return page;
  };
  const load = (page: Page) => page.getByRole('button', { name: 'Load an example' }).click();
  const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first();

  describe.each(SCREENS)('at $name', (screen) => {
    test.each(STORIES)('%s explains its example, by keyboard', async (place, answer, digits) => {
      const page = await opened(place, screen);
      await page.getByText(EMPTY).waitFor();
      // All calculators are alike while they are empty.
      if (place === 'emv') await expectAccessible(page);
      const sent = collectRequests(page);
      await tabTo(page.getByRole('button', { name: 'Load an example' }));
      await page.keyboard.press('Enter');
      await heading(page, answer).waitFor();
      const text = await page.locator('main').innerText();
      expect(text.replace(/\s/g, '')).toContain(digits);
      await expectAccessible(page);
      expect(sent).toEqual([]);
      await tabTo(page.getByRole('button', { name: 'Clear' }));
      await page.keyboard.press('Enter');
      await page.getByText(EMPTY).waitFor();
    });
  });

  test('a calculator forgets on Clear, when it is left, after 5 minutes and at sign-out', async () => {
    const page = await opened('emv');
    await page.clock.install();
    const key = page.getByLabel('Issuer master key (test)');
    await load(page);
    await page.getByRole('button', { name: 'Clear' }).click();
    expect(await key.inputValue()).toBe('');
    await load(page);
    await fastForward(page, '04:00');
    expect(await key.inputValue()).not.toBe('');
    await fastForward(page, '01:01');
    await announced(page, 'Cleared after 5 minutes without input');
    expect(await key.inputValue()).toBe('');
    await load(page);
    await page.getByRole('link', { name: 'DUKPT' }).first().click();
    await page.getByRole('heading', { name: 'DUKPT', level: 1 }).waitFor();
    await page.goBack();
    await page.getByText(EMPTY).waitFor();
    expect(await key.inputValue()).toBe('');
    await load(page);
    await expectSecretKept(page, '263D9EEA');
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await page.getByLabel('Access key ID').waitFor();
    expect(await key.count()).toBe(0);
  });

  test('digits are grouped during typing, and copied without blanks', async () => {
    const page = await opened('dukpt');
    const field = page.getByLabel('Base derivation key (test)');
    await field.pressSequentially('0123456789abcdef');
    expect(await field.inputValue()).toBe('0123 4567 89AB CDEF');
    await page.keyboard.press('Home');
    for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
    await page.keyboard.type('ff');
    expect(await field.inputValue()).toBe('0123 4FF5 6789 ABCD EF');
    await page.keyboard.press('Backspace');
    expect(await field.inputValue()).toBe('0123 4F56 789A BCDE F');
    await page.evaluate(
      `document.addEventListener('copy', (event) => { window.copied = event.clipboardData.getData('text/plain'); })`,
    );
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Control+C');
    expect(await page.evaluate('window.copied')).toBe('01234F56789ABCDEF');
  });

  test('the message of a terminal fills in the fields', async () => {
    const page = await opened('emv');
    const elements =
      '9F2608 3BDBEBF8E13C9EBB 9F1012 0114A50003020000000000000000000000FF 9F3704 5A3C91E7 9F3602 00A7 9505 0000008000 ' +
      '9A03 261127 9C01 00 9F0206 000000012500 5F2A02 0752 8202 3900 9F1A02 0752 9F0306 000000000000 5F3401 01';
    await page.getByLabel('Issuer master key (test)').fill('263D9EEA20259B7CC2612AADD5EF19CD');
    await page.getByLabel('PAN', { exact: true }).fill('5413330089020011');
    await page.getByLabel('Data signed by the card').fill(elements);
    await page.getByRole('button', { name: 'Fill in the fields' }).click();
    await heading(page, 'It matches your computation').waitFor();
  });

  test.each([
    ['a wrong key', 'Issuer master key (test)', '0123456789ABCDEFFEDCBA9876543211', /None of \d+ ways/, 'odd parity'],
    ['another PAN', 'PAN', '5413330089020012', /None of \d+ ways/, 'check value'],
    ['a sequence number', 'PAN sequence number', '02', /None of \d+ ways/, 'check value'],
    ['a PAN of 11 digits', 'PAN', '54133300890', 'That can’t be computed', '12 to 19 digits'],
  ])('says what may be wrong with %s', async (_, label, value, answer, words) => {
    const page = await opened('emv');
    await load(page);
    await page.getByLabel(label, { exact: true }).fill(value);
    await heading(page, answer).waitFor();
    expect(await page.locator('.verdict').innerText()).toContain(words);
    await expectAccessible(page);
  });

  test.each(['compute', 'arpc', 'script'])(
    'a PAN of 11 digits does not break the page of the task %s',
    async (task) => {
      const page = await opened(`emv?task=${task}`);
      await load(page);
      const pan = page.getByLabel('PAN', { exact: true });
      const whole = await pan.inputValue();
      await pan.fill('54133300890');
      await heading(page, 'That can’t be computed').waitFor();
      await page.getByText('A PAN has 12 to 19 digits.').waitFor();
      await pan.fill(whole);
      await heading(page, 'That can’t be computed').waitFor({ state: 'detached' });
    },
  );

  test('key blocks are wrapped again with another header', async () => {
    const page = await opened('key-blocks');
    await load(page);
    await page.getByRole('button', { name: 'Wrap again with another header' }).click();
    await page.getByLabel('Mode of use').selectOption('B');
    await page.getByText('D0112P0AB00E0000').first().waitFor();
    await page.getByLabel('Optional blocks').fill('no block');
    await page.getByText('An optional block is an ID').waitFor();
  });

  describe('with stored keys', () => {
    /** Fills in the form that makes a call with new keys of these kinds. */
    async function filled(
      [, place, changes, keys]: (typeof CALLS)[number],
      screen?: (typeof SCREENS)[number],
    ): Promise<Page> {
      const checkValues = new Map<string, string>();
      for (const [label, [usage, algorithm, ...modes]] of Object.entries(keys))
        checkValues.set(label, (await createKeyOf(console.service, { usage, algorithm, modes })).kcv);
      const page = await opened(place, screen);
      await load(page);
      await page.getByRole('button', { name: 'Call it' }).click();
      for (const [label, value] of Object.entries(changes)) {
        const field = page.getByLabel(label, { exact: true });
        await (/^(Operation|Format)$/.test(label) ? field.selectOption(value) : field.fill(value));
      }
      for (const [label, kcv] of checkValues) {
        const option = page.getByLabel(label, { exact: true }).locator('option', { hasText: kcv });
        await page.getByLabel(label, { exact: true }).selectOption({ label: await option.first().innerText() });
      }
      return page;
    }

    test.each(CALLS)('calls %s on %s', async (...row) => {
      const [operation, , , , member] = row;
      const page = await filled(row);
      await page.getByRole('button', { name: `Call ${operation}` }).click();
      await page.getByText(member, { exact: true }).first().waitFor();
    });

    test.each(SCREENS)('hides secrets until they are asked for, and forgets them, at $name', async (screen) => {
      const page = await filled(CALLS[1]!, screen);
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Call DecryptData' }).click();
      await heading(page, 'The service answers').waitFor();
      await expectAccessible(page);
      const answer = page.locator('.verdict', { hasText: 'The service answers' });
      expect(await answer.innerText()).toMatch(/PlainText\s+hidden/);
      await answer.getByRole('button', { name: 'Show' }).click();
      expect(await answer.innerText()).toMatch(/PlainText\s+([0-9A-F]{4} ?){4}/);
      await expectAccessible(page);
      await page.getByLabel('Key serial number', { exact: true }).fill('FFFF9876543210E00002');
      await answer.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Call DecryptData' }).click();
      await answer.waitFor();
      await page.getByRole('button', { name: 'Forget the answer' }).click();
      await answer.waitFor({ state: 'detached' });
    });

    test('forgets an answer after 5 minutes', async () => {
      const page = await filled(CALLS[1]!);
      await page.clock.install();
      await page.getByRole('button', { name: 'Call DecryptData' }).click();
      await heading(page, 'The service answers').waitFor();
      await fastForward(page, '05:01');
      await announced(page, 'Cleared after 5 minutes without input');
      expect(await heading(page, 'The service answers').count()).toBe(0);
    });

    test('names the permission that is missing', async () => {
      const page = await filled(CALLS[1]!);
      await page.route(/\/decrypt$/, (route) =>
        route.fulfill({ status: 400, json: { __type: 'AccessDeniedException', message: 'No statement allows it' } }),
      );
      await page.getByRole('button', { name: 'Call DecryptData' }).click();
      await page.getByText('payment-cryptography:DecryptData').first().waitFor();
      await expectAccessible(page);
    });

    test('leads to the screens that import and export keys', async () => {
      const page = await opened('key-blocks');
      await load(page);
      await page.getByRole('button', { name: 'Call it' }).click();
      const link = page.getByRole('link', { name: 'Import the key' });
      expect(await link.getAttribute('href')).toBe('#/keys/import');
      await page.getByLabel('Operation').selectOption('ExportKey');
      const other = page.getByRole('link', { name: 'Export a key' });
      expect(await other.getAttribute('href')).toBe('#/keys/export');
    });
  });

  describe('on a stored key', () => {
    const CARD = { PrimaryAccountNumber: '5413330089020011', PanSequenceNumber: '01' };

    /** Creates a key, and returns a page with the transaction of a card whose cryptogram it computed. */
    async function withStoredKey(screen?: (typeof SCREENS)[number]): Promise<Page> {
      const { KeyArn, KeyCheckValue } = await createKey(console.service, {
        KeyAttributes: {
          KeyUsage: 'TR31_E0_EMV_MKEY_APP_CRYPTOGRAMS',
          KeyClass: 'SYMMETRIC_KEY',
          KeyAlgorithm: 'TDES_2KEY',
          KeyModesOfUse: { DeriveKey: true },
        },
      });
      const page = await opened('emv', screen);
      await load(page);
      const data = await page.locator('.steps > li').last().locator('code').first().innerText();
      const { AuthRequestCryptogram } = await apiOf(console.service).expectOk('cryptogram/generate', {
        KeyIdentifier: KeyArn,
        TransactionData: data.replace(/\s/g, ''),
        MajorKeyDerivationMode: 'EMV_OPTION_A',
        SessionKeyDerivationAttributes: { EmvCommon: { ...CARD, ApplicationTransactionCounter: '00A7' } },
      });
      await page.getByLabel('ARQC of the card').fill(String(AuthRequestCryptogram));
      await page.getByRole('button', { name: 'Stored key' }).click();
      await page
        .getByLabel('Issuer master key (stored)')
        .selectOption({ label: await optionWith(page, String(KeyCheckValue)) });
      await page.getByText('each in the audit log').waitFor();
      return page;
    }
    const optionWith = async (page: Page, kcv: string): Promise<string> =>
      page.locator('option').filter({ hasText: kcv }).first().innerText();

    test.each(SCREENS)('asks the service, the likeliest way first, at $name', async (screen) => {
      const page = await withStoredKey(screen);
      await expectAccessible(page);
      const sent = collectRequests(page);
      await page.getByRole('button', { name: 'Find the difference' }).click();
      await heading(page, 'The card used a different session key').waitFor();
      expect(sent.length).toBeGreaterThan(0);
      expect(sent.length).toBeLessThanOrEqual(3);
      await expectAccessible(page);
    });

    test('ends after 40 calls', async () => {
      const page = await withStoredKey();
      await page.getByLabel('ARQC of the card').fill('0000000000000000');
      let calls = 0;
      await page.route(/cryptogram\/verify$/, (route) => {
        calls += 1;
        return route.fulfill({
          status: 400,
          json: { __type: 'VerificationFailedException', message: 'Verification failed' },
        });
      });
      await page.getByRole('button', { name: 'Find the difference' }).click();
      await heading(page, 'None of 40 ways matches').waitFor();
      expect(calls).toBe(40);
    });

    test.each([
      ['ThrottlingException', 'Slow down', 'ThrottlingException'],
      ['AccessDeniedException', 'No statement allows it', 'payment-cryptography:VerifyAuthRequestCryptogram'],
    ])('stops at %s', async (name, message, words) => {
      const page = await withStoredKey();
      let calls = 0;
      await page.route(/cryptogram\/verify$/, (route) => {
        calls += 1;
        return route.fulfill({ status: 400, json: { __type: name, message } });
      });
      await page.getByRole('button', { name: 'Find the difference' }).click();
      await page.getByText(words).first().waitFor();
      await heading(page, /Stopped after/).waitFor();
      expect(calls).toBeLessThanOrEqual(2);
      await expectAccessible(page);
    });
  });
});
