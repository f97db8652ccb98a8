import { AuditLog } from '../../../src/audit/audit-log.js';
import { DataSource } from 'typeorm';
import type { RawResponse } from '../../support/service.js';
import {
  AAD,
  decryptBody,
  encryptBody,
  expectXksError,
  healthBody,
  outputOf,
  PLAINTEXT,
  requestMetadata,
  sendXks,
  useXks,
} from '../../support/xks.js';

const { service, set, call, release, encrypt } = useXks();
let keyArn: string;
beforeAll(async () => {
  keyArn = await release('orders');
});

async function events(): Promise<Record<string, unknown>[]> {
  await service.app.get(AuditLog).flush();
  const sql = 'SELECT event FROM audit_events ORDER BY chain, sequence';
  const rows = await service.app.get(DataSource).query<{ event: Record<string, unknown> }[]>(sql);
  return rows.map(({ event }) => event);
}

async function eventOf({ headers }: RawResponse): Promise<Record<string, unknown>> {
  const found = (await events()).filter((event) => event['requestID'] === headers.get('x-amzn-requestid'));
  expect(found).toHaveLength(1);
  return found[0]!;
}

test('a call has a data event with what AWS KMS says about its own caller', async () => {
  const members = { awsSourceVpc: 'vpc-1', sourceIdentity: 'not shown' };
  const body = encryptBody({
    requestMetadata: requestMetadata('GenerateDataKey', members),
    additionalAuthenticatedData: AAD,
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
  const response = await call('keys/orders/encrypt', body);
  const { accessKeyId } = set.credentials;
  expect(await eventOf(response)).toMatchObject({
    eventSource: 'kms-xks-proxy',
    eventName: 'Encrypt',
    eventCategory: 'Data',
    managementEvent: false,
    readOnly: true,
    awsRegion: 'us-east-1',
    userIdentity: {
      type: 'AWSService',
      principalId: accessKeyId,
      arn: 'arn:aws:keyblock::000000000000:xks/stores/orders',
      accountId: '000000000000',
      accessKeyId,
    },
    resources: [{ accountId: '000000000000', type: 'AWS::KMS::Key', ARN: keyArn }],
  });
  expect((await eventOf(response))['requestParameters']).toEqual({
    prefix: 'stores/orders',
    xksKeyId: 'orders',
    requestMetadata: {
      awsPrincipalArn: 'arn:aws:iam::111122223333:user/alice',
      awsSourceVpc: 'vpc-1',
      kmsOperation: 'GenerateDataKey',
      kmsRequestId: '4112f4d6-db54-4af4-ae30-c55a22a8dfae',
      kmsViaService: 'ebs',
      kmsKeyArn: 'arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    },
    encryptionAlgorithm: 'AES_GCM',
    ciphertextDataIntegrityValueAlgorithm: 'SHA_256',
  });
});

test('a refused call has an event, too', async () => {
  const { credentials } = set;
  const missing = await call('keys/missing/decrypt', decryptBody(await encrypt('orders')));
  expect(await eventOf(missing)).toMatchObject({ eventName: 'Decrypt', errorCode: 'KeyNotFoundException' });
  const invalid = await call('keys/orders/encrypt', encryptBody({ plaintext: undefined }));
  expect(await eventOf(invalid)).toMatchObject({ errorCode: 'ValidationException', requestParameters: null });
  const path = await sendXks(service, 'stores/kms/xks/v1/health', healthBody, { credentials });
  expect(await eventOf(path)).toMatchObject({ eventName: 'GetHealthStatus', errorCode: 'InvalidUriPathException' });
  const unsigned = await call('health', healthBody, { service: 'kms' });
  expect(await eventOf(unsigned)).toMatchObject({
    errorCode: 'AuthenticationFailedException',
    userIdentity: { type: 'Unknown', accessKeyId: credentials.accessKeyId },
  });
});

test('log and metrics count calls as those of the service kms-xks-proxy', async () => {
  await encrypt('orders');
  expect(service.log.at(-1)).toMatchObject({
    api: 'kms-xks-proxy',
    operation: 'Encrypt',
    keyArns: [keyArn],
    principal: 'arn:aws:keyblock::000000000000:xks/stores/orders',
    outcome: 'ok',
    status: 200,
  });
  await call('keys/missing/encrypt', encryptBody());
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  for (const [operation, outcome] of [
    ['Encrypt', 'ok'],
    ['Encrypt', 'KeyNotFoundException'],
  ])
    expect(metrics).toMatch(
      new RegExp(`keyblock_requests_total\\{service="kms-xks-proxy",operation="${operation}",outcome="${outcome}"\\} `),
    );
});

test('no plaintext and no secret is in log, errors, metrics or audit events', async () => {
  const canary = Buffer.from('canary in the coal mine').toString('base64');
  const sealed = await encrypt('orders', { plaintext: canary, additionalAuthenticatedData: AAD });
  const opened = await call('keys/orders/decrypt', decryptBody(sealed, { additionalAuthenticatedData: AAD }));
  expect(outputOf(opened)).toEqual({ plaintext: canary });
  const answers = await Promise.all([
    call('keys/orders/encrypt', encryptBody({ plaintext: `${canary}!` })),
    call('keys/orders/encrypt', encryptBody({ plaintext: canary, encryptionAlgorithm: canary })),
    call('keys/missing/encrypt', encryptBody({ plaintext: canary })),
    call('keys/orders/decrypt', decryptBody(sealed)),
    call('health', healthBody, { service: 'kms' }),
  ]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const written = JSON.stringify([service.log, await events(), metrics, answers.map(({ text }) => text)]);
  for (const secret of [canary, 'canary in', set.credentials.secretAccessKey, PLAINTEXT])
    expect(written).not.toContain(secret);
});

describe('a service with a rate limit', () => {
  const limited = useXks({ KEYBLOCK_DATA_PLANE_RATE: '1' });

  test('answers calls beyond it by the error of the proxy API', async () => {
    for (;;) {
      const responses = await Promise.all(Array.from({ length: 5 }, () => limited.call('health', healthBody)));
      const refused = responses.find(({ status }) => status !== 200);
      if (!refused) continue;
      expectXksError(refused, 429, 'ThrottlingException');
      return;
    }
  });
});
