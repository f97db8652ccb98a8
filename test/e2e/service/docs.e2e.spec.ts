import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import admin from '../../../openapi/admin.json' with { type: 'json' };
import controlPlane from '../../../openapi/controlplane.json' with { type: 'json' };
import dataPlane from '../../../openapi/dataplane.json' with { type: 'json' };
import kms from '../../../openapi/kms.json' with { type: 'json' };
import { describeInBrowser } from '../../support/browser.js';
import { cckmOf, PASSWORD } from '../../support/cckm.js';
import { runKeyblock } from '../../support/cli.js';
import { execute, executeAll, select, signIn, withoutAnimations } from '../../support/examples.js';
import { CREDENTIALS, serviceEnv, startTestService, type TestService } from '../../support/service.js';

const REGIONS = { KEYBLOCK_REGION: 'eu-west-1', KEYBLOCK_REGIONS: 'eu-west-1,eu-central-1' };
/** Documents by title, with an operation that only they have. */
const DOCUMENTS = [
  ['Control plane', controlPlane, 'ImportKey'],
  ['Data plane', dataPlane, 'TranslatePinData'],
  ['KMS', kms, 'GenerateRandom'],
  ['Administration', admin, 'ExplainAccess'],
] as const;

/**
 * Operations that aren't supported, and those whose examples need another operation's output (ImportKeyMaterial,
 * sessions) or the approval of a team.
 */
const EXCEPT = [
  ...['Create', 'Update', 'Delete', 'Connect', 'Disconnect'].map((verb) => `${verb}CustomKeyStore`),
  ...['DescribeCustomKeyStores', 'ImportKeyMaterial'],
  ...['GetApproval', 'Approve', 'Deny', 'CancelApproval', 'UpdateTeam', 'DeleteTeam', 'DeleteGuard'],
];

const operationsOf = ({ paths }: { paths: object }) =>
  Object.values(paths).flatMap((path: Record<string, { operationId: string }>) =>
    Object.values(path).map(({ operationId }) => operationId),
  );

describeInBrowser('the documentation page', (launch) => {
  let service: TestService;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const environment = { ...process.env };

  beforeAll(async () => {
    browser = await launch();
    service = await startTestService(REGIONS);
    Object.assign(process.env, serviceEnv(service.store), REGIONS);
  });
  beforeEach(async () => {
    page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(service.url) && !request.url().startsWith('data:')) problems.push(request.url());
    });
    await page.goto(`${service.url}/docs`);
    await withoutAnimations(page);
  });
  afterEach(() => page.close());
  afterAll(async () => {
    process.env = environment;
    await browser.close();
    await service.stop();
  });

  test('shows that examples are refused without a signature', async () => {
    expect(await execute(page, 'CreateKey')).toMatchObject({
      status: '400',
      body: expect.stringMatching(/MissingAuthenticationToken/) as unknown,
    });
  });

  test('shows before keyblock demo that the key of an example is missing', async () => {
    await signIn(page, CREDENTIALS);
    expect(await execute(page, 'GetKey')).toMatchObject({
      status: '400',
      body: expect.stringMatching(/ResourceNotFoundException/) as unknown,
    });
    await select(page, 'Data plane', 'GenerateMac');
    expect(await execute(page, 'GenerateMac')).toMatchObject({
      status: '404',
      body: expect.stringMatching(/ResourceNotFoundException/) as unknown,
    });
  });

  test.each(DOCUMENTS)(
    'runs every example of the document %s after keyblock demo',
    async (name, document, operation) => {
      expect(await demo()).toBe(0);
      await signIn(page, CREDENTIALS);
      await select(page, name, operation);
      const executed = await executeAll(page, EXCEPT);
      expect(executed.filter(({ status }) => status !== '200')).toEqual([]);
      expect(executed.map((example) => example.name)).toEqual(
        operationsOf(document).filter((each) => !EXCEPT.includes(each)),
      );
    },
    300_000,
  );

  test('imports key material with the token and the wrapping key that another example returned', async () => {
    expect(await demo()).toBe(0);
    await signIn(page, CREDENTIALS);
    await select(page, 'KMS', 'GenerateRandom');
    const { body } = await execute(page, 'GetParametersForImport');
    const { KeyId, ImportToken, PublicKey } = JSON.parse(body) as Record<string, string>;
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey!, 'base64'), format: 'der', type: 'spki' });
    const wrapping = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
    const EncryptedKeyMaterial = publicEncrypt(wrapping, randomBytes(32)).toString('base64');
    const ExpirationModel = 'KEY_MATERIAL_DOES_NOT_EXPIRE';
    const input = JSON.stringify({ KeyId, ImportToken, EncryptedKeyMaterial, ExpirationModel });
    expect(await execute(page, 'ImportKeyMaterial', input)).toMatchObject({ status: '200' });
  });

  test('runs examples again after keyblock demo has undone their changes', async () => {
    expect(await demo()).toBe(0);
    await signIn(page, CREDENTIALS);
    for (const name of [
      'DeleteKey',
      'RestoreKey',
      'StopKeyUsage',
      'CreateAlias',
      'DeleteAlias',
      'DeleteResourcePolicy',
    ])
      expect(await execute(page, name)).toMatchObject({ status: '200' });
  });

  test('accepts a session token at sign-in, and stays signed in when another API is selected', async () => {
    const session = await sessionOf('line-3');
    await signIn(page, session);
    for (const [name, operation] of [
      ['Data plane', 'GenerateCardValidationData'],
      ['Administration', 'ExplainAccess'],
      ['Data plane', 'GenerateCardValidationData'],
    ] as const) {
      await select(page, name, operation);
      await page.locator('.scheme-container .authorize.locked').waitFor();
    }
    expect(await execute(page, 'GenerateCardValidationData')).toMatchObject({ status: '200' });
    expect(await execute(page, 'GenerateMac')).toMatchObject({
      status: '403',
      body: expect.stringMatching(/AccessDenied/) as unknown,
    });
  });

  test('signs for a Region that is typed in', async () => {
    await signIn(page, { ...CREDENTIALS, region: 'eu-central-1' });
    const { status, body } = await execute(page, 'CreateKey');
    expect({ status, body }).toEqual({ status: '200', body: expect.stringContaining(':eu-central-1:') as unknown });
  });

  test('signs in to the CCKM API with user and password', async () => {
    const { createUser } = cckmOf(service, REGIONS.KEYBLOCK_REGION);
    await createUser('ann');
    await select(page, 'CCKM', 'GetSelfUser');
    expect(await execute(page, 'ListTokens')).toMatchObject({ status: '401' });
    await page.getByRole('button', { name: 'Authorize', exact: true }).click();
    await page.getByLabel('User', { exact: true }).fill('ann');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await execute(page, 'GetSelfUser')).toMatchObject({
      status: '200',
      body: expect.stringContaining('"username": "ann"') as unknown,
    });
    expect(await execute(page, 'ListKms')).toMatchObject({ status: '200' });
    // The form of the other APIs is still there.
    await select(page, 'Administration', 'ExplainAccess');
    await signIn(page, CREDENTIALS);
    expect(await execute(page, 'ListPrincipals')).toMatchObject({ status: '200' });
  });

  test('loads nothing from other origins, and its own policy blocks nothing', () => {
    expect(problems.filter((problem) => !/status of 40[0134]/.test(problem))).toEqual([]);
  });

  async function demo(): Promise<number> {
    return (await runKeyblock(['demo'])).exitCode;
  }

  /** Starts a session of a user that keyblock demo created. */
  async function sessionOf(user: string) {
    const path = `/admin/users/${user}/sessions`;
    const { json } = await service.send({ path, body: '{"SessionName":"monday"}', region: REGIONS.KEYBLOCK_REGION });
    return {
      accessKeyId: String(json['AccessKeyId']),
      secretAccessKey: String(json['SecretAccessKey']),
      sessionToken: String(json['SessionToken']),
    };
  }
});
