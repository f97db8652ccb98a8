import { constants, publicEncrypt, X509Certificate } from 'node:crypto';
import type { Page } from 'playwright-core';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { altered } from '../../support/altered.js';
import {
  announced,
  describeConsole,
  expectAccessible,
  type Screen,
  SCREENS,
  signIn,
  tabTo,
} from '../../support/console.js';
import { createKey, createKeyOf, keyIdOf } from '../../support/keys.js';
import { testPki } from '../../support/tr34.js';
import { vectors } from '../../support/vectors.js';

const pem = (name: string) => new X509Certificate(testPki()[name]!.certificate.der).toString();
const TOKEN = vectors<{ inputs: { wrappedKeyBlock: string } }>('tr34')[0]!.inputs.wrappedKeyBlock;

describeConsole('The exchange of keys in the console', { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' }, (console) => {
  const opened = async (place: string, screen?: Screen): Promise<Page> => {
    const page = await console.open(screen, place);
    await signIn(page);
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  };
  const goTo = (page: Page, place: string) => page.evaluate(`location.hash = ${JSON.stringify(place)}`);
  const choose = async (page: Page, label: string, text: string | RegExp) => {
    const option = page.getByLabel(label, { exact: true }).locator('option', { hasText: text });
    await page.getByLabel(label, { exact: true }).selectOption((await option.getAttribute('value')) ?? '');
  };
  const press = async (page: Page, name: string) => {
    await tabTo(page.getByRole('button', { name, exact: true }));
    await page.keyboard.press('Enter');
  };

  test('a key that is no longer offered is not sent', async () => {
    const kek = { usage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY', algorithm: 'AES_128', modes: ['Decrypt', 'Unwrap'] };
    const { kcv } = await createKeyOf(console.service, kek);
    const page = await opened('#/keys/import');
    await choose(page, 'Wrapped under', kcv);
    await page.getByLabel('Key block').fill('not for the other Region');
    await page.getByLabel('Region').first().selectOption('eu-west-1');
    await page.getByText('No key may unwrap key blocks.').waitFor();
    const [request] = await Promise.all([page.waitForRequest(/\/ImportKey$/), press(page, 'Import')]);
    expect(request.postDataJSON()).toMatchObject({ KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: '' } } });
  });

  test.each(SCREENS)('a key is created, exported under another one and comes back, at $name', async (screen) => {
    const page = await opened('#/keys/create', screen);
    await page.getByText('EncryptData, DecryptData').waitFor();
    await expectAccessible(page);
    await choose(page, 'The key is to', 'Wrap keys for a partner');
    await page.getByText('No operation of the data plane').or(page.getByText('Operations that accept it')).waitFor();
    await tabTo(page.getByLabel('Exportable, under a key-encryption key'));
    await page.keyboard.press('Space');
    await tabTo(page.getByLabel('Alias'));
    await page.keyboard.type(`kek-${screen.width}`);
    await page.getByLabel('Tags').fill("link=partner's, owner=ops");
    const call = page.locator('pre');
    expect(await call.innerText()).toMatch(/create-key[^]*--exportable[^]*partner'\\''s[^]*create-alias/);
    await page.getByRole('button', { name: 'JSON' }).click();
    expect(await call.innerText()).toContain('"KeyUsage": "TR31_K0_KEY_ENCRYPTION_KEY"');
    await page.getByLabel('Tags').fill('link=partner');
    await press(page, 'Create');
    await announced(page, `Created alias/kek-${screen.width}`);
    await page.getByText('Created, check value').waitFor();

    await choose(page, 'The key is to', 'PIN blocks on a link');
    await page.getByLabel('Alias').fill(`pek-${screen.width}`);
    await press(page, 'Create');
    await announced(page, `Created alias/pek-${screen.width}`);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Show the key' }).click();
    await page.getByRole('heading', { name: `pek-${screen.width}`, level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Export', exact: true }).click();
    await page.getByText('Nothing exported yet').waitFor();
    await choose(page, 'Wrapped under', `kek-${screen.width}`);
    await press(page, 'Export');
    await page.getByLabel('Fields of the key block').waitFor();
    await expectAccessible(page);
    const checkValue = /[0-9A-F]{6}/.exec(await page.locator('.verdict h2').innerText())?.[0] ?? '';
    const block = await page.locator('.verdict + .body code').innerText();
    expect(block).toMatch(/^D0112P0A/);

    await goTo(page, '#/keys/import');
    await page.getByText('Nothing to show yet').waitFor();
    await expectAccessible(page);
    const pasted = page.getByLabel('Key block', { exact: true });
    await pasted.fill(block.replace('P0A', 'P0?'));
    expect(await page.locator('mark').innerText()).toBe('?');
    await page.getByText('Not a key block').waitFor();
    await pasted.fill(`${block.slice(0, 50)}\n${block.slice(50)}`);
    await page.getByText('AES keys fit version D').waitFor();
    await choose(page, 'Wrapped under', `kek-${screen.width}`);
    await page.getByLabel('Expected check value').fill(checkValue.slice(0, 4));
    await press(page, 'Import');
    await page.getByText(`The check value is ${checkValue}, as expected`).waitFor();
    await expectAccessible(page);
    await page.getByLabel('Expected check value').fill('000000');
    await page.getByText('Not the expected key').waitFor();
    await pasted.fill(altered(block));
    await press(page, 'Import');
    await page.getByText('ValidationException').waitFor();
    expect(await page.getByRole('alert').innerText()).toMatch(/Request/);

    await goTo(page, '#/exchange?task=protocol');
    const table = page.getByRole('table');
    await table.waitFor();
    expect(await table.innerText()).toMatch(
      new RegExp(`Created[^]*Exported[^]*${checkValue}[^]*Imported[^]*${checkValue}`),
    );
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Inspect' }).click();
    const inspected = page.getByLabel('Key block, TR-34 token or certificate');
    await inspected.fill(TOKEN);
    await page.getByLabel('Fields of the token').getByText('D9999K0TB00E0000').waitFor();
    await page.getByText('Two: it contains the receiver’s nonce').waitFor();
    await expectAccessible(page);
    await inspected.fill(TOKEN.replace('06092A864886F70D010703', '06092A864886F70D010704'));
    await page.getByText('Not a TR-34 token').waitFor();
    expect(await page.locator('mark').innerText()).toBe('06');
    await inspected.fill(Buffer.from(pem('kdhExpired')).toString('base64'));
    await page.getByText('Expired', { exact: true }).waitFor();
    await page.getByText('Nothing: not an authority’s').waitFor();
    await expectAccessible(page);
    await inspected.fill('');
    await page.getByText('Paste what the partner has sent.').waitFor();
  });

  test('a new partner: certificates, a mechanism, keys under RSA and TR-34, and the test key', async () => {
    const page = await opened('#/exchange');
    await page.getByText('Import the root of the partner’s authority first').waitFor();
    await page.getByRole('link', { name: 'Import', exact: true }).click();
    await page.getByLabel('Certificate', { exact: true }).fill(pem('cliCa'));
    await page.getByText('Itself: a root').waitFor();
    await press(page, 'Import');
    await page.getByText('Imported, check value').waitFor();

    await goTo(page, '#/exchange?task=mechanism');
    await page.getByText('Nothing chosen yet').waitFor();
    await page.getByLabel('RSA-OAEP').check();
    await page.getByRole('heading', { name: 'Send the key-encryption key under RSA' }).waitFor();
    await page.getByLabel('TR-34 with certificates').check();
    await page.getByRole('heading', { name: 'Send a key-encryption key by TR-34' }).waitFor();
    await expectAccessible(page);

    // Covers the sender's part, with OpenSSL, and the service's.
    await goTo(page, '#/keys/import?kind=rsa');
    const answered = page.waitForResponse(/GetParametersForImport$/);
    await press(page, 'Get parameters');
    const { WrappingKeyCertificate } = (await (await answered).json()) as { WrappingKeyCertificate: string };
    await page.getByText('ends in 30 days').or(page.getByText('ends in 29 days')).waitFor();
    const { publicKey } = new X509Certificate(Buffer.from(WrappingKeyCertificate, 'base64'));
    const cryptogram = publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'),
    );
    await choose(page, 'The key is to', 'PIN blocks on a link');
    await choose(page, 'Algorithm', 'TDES 2-key');
    await page.getByLabel('Exportable').check();
    await page.getByLabel('Cryptogram').fill(cryptogram.toString('hex'));
    await page.getByLabel('Expected check value').fill('08d7b4');
    await expectAccessible(page);
    await press(page, 'Import');
    await page.getByText('The check value is 08D7B4, as expected').waitFor();

    await page.getByRole('link', { name: 'Show the key' }).click();
    await page.getByRole('link', { name: 'Export', exact: true }).click();
    await choose(page, 'The key is for', 'TR-34');
    await choose(page, 'Issued by the authority', /RSA/);
    await page.getByLabel('Receiver’s certificate').fill(pem('cliKrd2048'));
    await press(page, 'Get parameters');
    await page.getByText(/^export-token-/).waitFor();
    await press(page, 'Export');
    await page.getByLabel('Fields of the token').waitFor();
    await page.getByRole('heading', { name: 'Check value 08D7B4' }).waitFor();

    await goTo(page, '#/exchange?task=test');
    await press(page, 'Create a test key');
    await page.getByText('Done').first().waitFor();
    const checkValue = await page.locator('.steps code').first().innerText();
    await page.getByLabel('Check value of the partner').fill('0000');
    await page.getByText('Another key: this side has').waitFor();
    await page.getByLabel('Check value of the partner').fill(checkValue.toLowerCase());
    await page.getByText('The same key.').waitFor();
    await expectAccessible(page);
    await press(page, 'Schedule deletion');
    await page.getByRole('button', { name: 'Create a test key' }).waitFor();

    await goTo(page, '#/exchange');
    await page.getByText('TEST', { exact: false }).first().waitFor();
    expect(await page.getByRole('table').last().innerText()).toMatch(/Imported/);
    await expectAccessible(page);
  });

  test('a working key goes to a partner by AS 2805, and comes back under its variant', async () => {
    const modes = ['Encrypt', 'Decrypt', 'Wrap', 'Unwrap'];
    const create = (usage: string, algorithm: string) => createKeyOf(console.service, { usage, algorithm, modes });
    const kek = await create('TR31_K0_KEY_ENCRYPTION_KEY', 'TDES_3KEY');
    const pek = await create('TR31_P0_PIN_ENCRYPTION_KEY', 'TDES_2KEY');
    const aes = await create('TR31_P0_PIN_ENCRYPTION_KEY', 'AES_128');
    const exportOf = (arn: string) => `#/keys/us-east-1/${keyIdOf(arn)}/export`;

    const page = await opened(exportOf(aes.arn));
    await page.getByLabel('The key is for').waitFor();
    expect(await page.getByLabel('The key is for').innerText()).not.toContain('AS 2805');
    await goTo(page, exportOf(pek.arn));
    await choose(page, 'The key is for', 'AS 2805');
    await choose(page, 'Wrapped under', kek.kcv);
    await press(page, 'Export');
    await page.getByRole('heading', { name: `Check value ${pek.kcv}` }).waitFor();
    await expectAccessible(page);
    const cryptogram = await page.locator('.verdict + .body code').innerText();
    expect(cryptogram).toMatch(/^[0-9A-F]{32}$/);

    await goTo(page, '#/keys/import?kind=as2805');
    await page.getByLabel('Cryptogram').fill(cryptogram.slice(2));
    await choose(page, 'Wrapped under', kek.kcv);
    await page.getByLabel('Expected check value').fill(pek.kcv);
    await press(page, 'Import');
    await page.getByText('WrappedKeyCryptogram of a TDES_2KEY key must be 32 digits.').waitFor();
    await page.getByLabel('Cryptogram').fill(cryptogram);
    await choose(page, 'Variant', '24: MAC key');
    await page.getByLabel('It may').locator('option', { hasText: 'Generate' }).first().waitFor({ state: 'attached' });
    await press(page, 'Import');
    await page.getByText('Not the expected key').waitFor();
    await choose(page, 'Variant', '28: PIN encryption key');
    await press(page, 'Import');
    await page.getByText(`The check value is ${pek.kcv}, as expected`).waitFor();
    await expectAccessible(page);
  });

  test("keys that can't be exported, missing permissions and failures have their own texts", async () => {
    const { KeyArn } = await createKey(console.service, { Exportable: false });
    const page = await opened(`#/keys/us-east-1/${keyIdOf(KeyArn)}/export`);
    await page.getByText('This key is not exportable').waitFor();
    await expectAccessible(page);
    await page.route(/ListKeys$|admin\/certificates/, (route) =>
      route.fulfill({
        status: 500,
        headers: { 'x-amzn-requestid': 'request-1' },
        body: JSON.stringify({ __type: 'InternalServerException', message: 'No answer.' }),
      }),
    );
    await goTo(page, '#/keys/import');
    await page.getByText('InternalServerException').waitFor();
    await page.getByText('request-1').waitFor();
    await expectAccessible(page);
    await page.unrouteAll();
    await press(page, 'Retry');
    await page.getByLabel('Wrapped under').waitFor();

    const { arn } = await console.service.app.get(PrincipalRepository).create('user', 'trainee');
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await signIn(page, await console.service.app.get(PrincipalRepository).createAccessKey(arn));
    await goTo(page, '#/exchange');
    await page.getByText('keyblock:ListCertificates', { exact: true }).first().waitFor();
    await expectAccessible(page);
    await goTo(page, '#/keys/create');
    await press(page, 'Create');
    await page.getByText('payment-cryptography:CreateKey', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Open in the simulator' }).waitFor();
    await goTo(page, '#/exchange?task=protocol');
    await page.getByText('Nothing done in this tab yet').waitFor();
  });
});
