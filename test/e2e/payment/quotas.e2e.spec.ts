import {
  ConflictException,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteKeyCommand,
  GetAliasCommand,
  ListKeysCommand,
  PaymentCryptographyClient,
  ResourceNotFoundException,
  RestoreKeyCommand,
  ServiceQuotaExceededException,
  ThrottlingException,
  UpdateAliasCommand,
} from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { createKey, endDeletions, MISSING_KEY } from '../../support/keys.js';
import { CREDENTIALS, REGION, startTestService, target, type TestService } from '../../support/service.js';

let service: TestService;
afterEach(() => service.stop());

test('keys and aliases are limited by their quotas', async () => {
  service = await startTestService({ KEYBLOCK_MAX_KEYS: '3', KEYBLOCK_MAX_ALIASES: '2' });
  const { controlPlane } = service;
  const states = async () => (await controlPlane.send(new ListKeysCommand({}))).Keys!.map(({ KeyState }) => KeyState);

  // Concurrent calls fill the quota and never exceed it.
  const created = await Promise.allSettled(Array.from({ length: 8 }, () => createKey(service)));
  const keys = created.flatMap((result) => (result.status === 'fulfilled' ? [result.value.KeyArn] : []));
  expect(keys).toHaveLength(3);
  const refusal = await createKey(service).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ServiceQuotaExceededException);
  expect(refusal).toMatchObject({ message: expect.stringContaining('the 3 keys in us-east-1 that its quota allows') });
  expect(await states()).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE', 'CREATE_COMPLETE']);

  // A key that is pending deletion counts, so that it can be restored; a deleted key does not.
  const [first, second] = keys as [string, string];
  await controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: first }));
  await expect(createKey(service)).rejects.toThrow(ServiceQuotaExceededException);
  await controlPlane.send(new RestoreKeyCommand({ KeyIdentifier: first }));
  await controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: first }));
  await endDeletions(service);
  await createKey(service);
  await expect(createKey(service)).rejects.toThrow(ServiceQuotaExceededException);
  expect((await states()).sort()).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE', 'CREATE_COMPLETE', 'DELETE_COMPLETE']);

  // Every alias counts, with or without a key.
  const alias = (AliasName: string, KeyArn?: string) =>
    controlPlane.send(new CreateAliasCommand({ AliasName, KeyArn }));
  await alias('alias/one', second);
  await alias('alias/two');
  await expect(alias('alias/three', second)).rejects.toThrow(ServiceQuotaExceededException);
  await expect(alias('alias/three', second)).rejects.toThrow('the 2 aliases in us-east-1');
  await expect(controlPlane.send(new GetAliasCommand({ AliasName: 'alias/three' }))).rejects.toThrow(
    ResourceNotFoundException,
  );
  await expect(alias('alias/two')).rejects.toThrow(ConflictException);
  await controlPlane.send(new UpdateAliasCommand({ AliasName: 'alias/two', KeyArn: second }));
  await controlPlane.send(new DeleteAliasCommand({ AliasName: 'alias/one' }));
  await alias('alias/three');

  const raw = await service.send({
    headers: { ...target('CreateAlias'), 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ AliasName: 'alias/four' }),
  });
  expect(raw.status).toBe(400);
  expect(raw.json['__type']).toBe('com.amazonaws.paymentcryptography#ServiceQuotaExceededException');
});

test('requests are limited by the rate of their plane', async () => {
  service = await startTestService({ KEYBLOCK_CONTROL_PLANE_RATE: '1', KEYBLOCK_DATA_PLANE_RATE: '1' });
  const { controlPlane, dataPlane, url } = service;
  const listKeys = () => controlPlane.send(new ListKeysCommand({}));
  const MAC = { KeyIdentifier: MISSING_KEY, MessageData: '00', GenerationAttributes: { Algorithm: 'CMAC' } };
  const mac = () => dataPlane.generateMac(MAC).promise();
  /** Returns how often a client retried before it received ResourceNotFoundException. */
  const retriesOf = (response: { error: unknown; retryCount: number }) => {
    expect(response.error).toMatchObject({ code: 'ResourceNotFoundException' });
    return response.retryCount;
  };

  // Each plane has a separate count, and a request with a wrong signature is still rejected for its signature.
  const untilThrottled = async (call: () => Promise<unknown>) => {
    for (;;) {
      const failures = (await Promise.allSettled(Array.from({ length: 5 }, call))).flatMap((result) =>
        result.status === 'rejected' ? [result.reason as Error & { code?: string }] : [],
      );
      const throttled = failures.find(({ name, code }) => [name, code].includes('ThrottlingException'));
      if (throttled) return throttled;
    }
  };
  await expect(mac()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  const refusal = await untilThrottled(listKeys);
  expect(refusal).toBeInstanceOf(ThrottlingException);
  expect(refusal).toMatchObject({ message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } });
  expect(await untilThrottled(mac)).toMatchObject({ statusCode: 429, message: 'Rate exceeded', retryable: true });
  const unknown = { ...CREDENTIALS, accessKeyId: 'AKIDSOMEBODYELSES' };
  const unsigned = await Promise.all(
    Array.from({ length: 3 }, () => service.send({ headers: target('ListKeys'), credentials: unknown })),
  );
  expect(unsigned.map(({ json }) => json['__type'])).toEqual(
    Array(3).fill('com.amazonaws.paymentcryptography#UnrecognizedClientException'),
  );
  expect((await fetch(`${url}/healthz`)).status).toBe(200);

  // The real clients retry, as they do with AWS, until they are served.
  const client = { region: REGION, endpoint: url, credentials: CREDENTIALS };
  const patient = new PaymentCryptographyClient({ ...client, maxAttempts: 20 });
  let attempts: number | undefined;
  do {
    await untilThrottled(listKeys);
    ({ attempts } = (await patient.send(new ListKeysCommand({}))).$metadata);
  } while (attempts === 1);
  patient.destroy();
  const patientData = new PaymentCryptographyData({ ...client, maxRetries: 20 });
  let retries: number;
  do {
    await untilThrottled(mac);
    const request = patientData.generateMac(MAC);
    retries = await new Promise((resolve) => request.on('complete', (response) => resolve(retriesOf(response))).send());
  } while (retries === 0);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(
    /keyblock_requests_total\{service="payment-cryptography",operation="ListKeys",outcome="ThrottlingException"\} [1-9]/,
  );
});
