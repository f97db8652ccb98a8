import { type Call, CallRecord, type CreatedResource, type Principal } from '../call.js';
import { AccessDeniedException, InvalidSignatureException, ValidationException } from '../errors/exceptions.js';
import { CONTROL_PLANE, DATA_PLANE } from '../payment/api.js';
import { Statements } from '../policy/policy.js';
import { OTHER_API } from '../../test/support/other-api.js';
import { callEvent, serviceEvent, unauthenticatedEvent } from './audit-event.js';

/**
 * Modelled on the examples in CloudTrail's guide ("userIdentity element", "Record contents") and on the one for
 * DeleteKey in the KMS guide.
 */
const ACCOUNT = '111122223333';
const KEY = `arn:aws:payment-cryptography:us-east-1:${ACCOUNT}:key/ov6icy4ryas4zcza`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const root: Principal = {
  arn: `arn:aws:iam::${ACCOUNT}:root`,
  principalArn: `arn:aws:iam::${ACCOUNT}:root`,
  accountId: ACCOUNT,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
};
const statements = new Statements([]);
const identity = { type: 'User', name: 'Alice', userId: 'AIDAJ45Q7YFFAREXAMPLE', statements } as const;
const user: Principal = {
  ...root,
  arn: `arn:aws:iam::${ACCOUNT}:user/Alice`,
  principalArn: `arn:aws:iam::${ACCOUNT}:user/Alice`,
  identity,
};
const sessionIssuedAt = new Date('2026-02-14T10:05:06.789Z');
const role: Principal = {
  ...root,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Line/monday`,
  principalArn: `arn:aws:iam::${ACCOUNT}:role/Line`,
  identity: { type: 'AssumedRole', name: 'Line', userId: 'AROACKCEVSQ6C2EXAMPLE:monday', statements, sessionIssuedAt },
};

/** Returns the record of a call whose input has been validated. */
function record({
  keyArns = [],
  parameters = {},
  input = {},
}: Partial<Record<'parameters' | 'input', object>> & { keyArns?: string[] } = {}): CallRecord {
  const noted = new CallRecord();
  for (const arn of keyArns) noted.uses(arn);
  noted.reads(parameters, input);
  return noted;
}
function creating(resource: CreatedResource): CallRecord {
  const noted = record();
  noted.created(resource);
  return noted;
}

const call = (more: Partial<Call> = {}): Call => ({
  requestId: 'b25f9cda-74e7-4458-847b-4972a0bf9668',
  api: CONTROL_PLANE,
  operation: 'DeleteKey',
  principal: root,
  region: 'us-east-1',
  origin: {
    sourceIp: '192.0.2.17',
    secureTransport: false,
    userAgent: 'aws-cli/2.9',
    time: new Date('2026-02-14T11:12:13.999Z'),
  },
  record: record({ keyArns: [KEY, KEY], input: { KeyIdentifier: KEY, DeleteKeyInDays: 7 } }),
  ...more,
});
const parsed = (event: string) => JSON.parse(event) as Record<string, unknown>;

test('records a change by the root user', () => {
  expect(parsed(callEvent(call()))).toEqual({
    eventVersion: '1.11',
    userIdentity: {
      type: 'Root',
      principalId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    },
    eventTime: '2026-02-14T11:12:13Z',
    eventSource: 'payment-cryptography.amazonaws.com',
    eventName: 'DeleteKey',
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.17',
    userAgent: 'aws-cli/2.9',
    requestParameters: { keyIdentifier: KEY, deleteKeyInDays: 7 },
    responseElements: null,
    requestID: 'b25f9cda-74e7-4458-847b-4972a0bf9668',
    eventID: expect.stringMatching(UUID),
    readOnly: false,
    resources: [{ accountId: ACCOUNT, type: 'AWS::PaymentCryptography::Key', ARN: KEY }],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
  });
});

test.each([
  [
    'a user',
    user,
    {
      type: 'IAMUser',
      principalId: 'AIDAJ45Q7YFFAREXAMPLE',
      arn: `arn:aws:iam::${ACCOUNT}:user/Alice`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'Alice',
    },
  ],
  [
    'a user with temporary credentials',
    { ...user, identity: { ...identity, sessionIssuedAt } },
    {
      type: 'IAMUser',
      principalId: 'AIDAJ45Q7YFFAREXAMPLE',
      arn: `arn:aws:iam::${ACCOUNT}:user/Alice`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      userName: 'Alice',
      sessionContext: { attributes: { creationDate: '2026-02-14T10:05:06Z', mfaAuthenticated: 'false' } },
    },
  ],
  [
    'a role in a session',
    role,
    {
      type: 'AssumedRole',
      principalId: 'AROACKCEVSQ6C2EXAMPLE:monday',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Line/monday`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROACKCEVSQ6C2EXAMPLE',
          arn: `arn:aws:iam::${ACCOUNT}:role/Line`,
          accountId: ACCOUNT,
          userName: 'Line',
        },
        attributes: { creationDate: '2026-02-14T10:05:06Z', mfaAuthenticated: 'false' },
      },
    },
  ],
])('records the identity of %s', (_who, principal, userIdentity) => {
  expect(parsed(callEvent(call({ principal })))['userIdentity']).toEqual(userIdentity);
});

test('records a data-plane call over TLS that fails', () => {
  const origin = {
    ...call().origin,
    userAgent: undefined,
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'keyblock.example',
    },
  };
  const input = { PlainText: '31323334', EncryptionAttributes: { Symmetric: { Mode: 'CBC' } } };
  const parameters = { KeyIdentifier: KEY };
  const encrypt = call({ api: DATA_PLANE, operation: 'EncryptData', origin, record: record({ parameters, input }) });
  const event = parsed(callEvent(encrypt, new ValidationException('Key "x" is disabled.')));
  expect(event).toMatchObject({
    eventName: 'EncryptData',
    errorCode: 'ValidationException',
    errorMessage: 'Key "x" is disabled.',
    requestParameters: { keyIdentifier: KEY, encryptionAttributes: { symmetric: { mode: 'CBC' } } },
    readOnly: true,
    managementEvent: false,
    eventCategory: 'Data',
    tlsDetails: origin.tlsDetails,
  });
  expect(event).not.toHaveProperty('userAgent');
});

test.each([
  [{ key: { keyArn: KEY } }],
  [{ alias: { aliasArn: KEY.replace(/key\/.*/, 'alias/pek') } }],
  [{ accessKey: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } }],
])('puts a created resource into responseElements unless the call fails: %j', (created) => {
  const create = call({ record: creating(created) });
  expect(parsed(callEvent(create))).toMatchObject({ responseElements: created });
  expect(parsed(callEvent(create, new AccessDeniedException('no')))).toMatchObject({ responseElements: null });
});

test('marks reads as read-only, and omits input that could not be read', () => {
  const get = parsed(callEvent(call({ operation: 'GetKey', record: new CallRecord() })));
  expect(get).toMatchObject({ readOnly: true, requestParameters: null, resources: [] });
});

test('records an unsigned request, and a request whose signature is not verified', () => {
  const { requestId, api, operation, region, origin } = call({ operation: 'Unknown' });
  const unsigned = { requestId, api, operation, region, origin, accountId: ACCOUNT };
  const event = parsed(unauthenticatedEvent(unsigned, new InvalidSignatureException('It does not match.')));
  expect(event).toMatchObject({
    userIdentity: { type: 'Unknown' },
    eventName: 'Unknown',
    errorCode: 'InvalidSignatureException',
    errorMessage: 'It does not match.',
    requestParameters: null,
    recipientAccountId: ACCOUNT,
  });
  const claimed = { ...unsigned, claimedAccessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
  const other = parsed(unauthenticatedEvent(claimed, new InvalidSignatureException('It does not match.')));
  expect(other['userIdentity']).toEqual({ type: 'Unknown', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' });
  const signIn = parsed(unauthenticatedEvent({ ...unsigned, claimedUserName: 'ann' }, new AccessDeniedException('no')));
  expect(signIn['userIdentity']).toEqual({ type: 'Unknown', userName: 'ann' });
});

test('truncates text that the caller chooses, and keeps it on one line', () => {
  const origin = { ...call().origin, userAgent: `"\n\u2028${'x'.repeat(5000)}` };
  const text = callEvent(call({ origin }), new ValidationException('y'.repeat(5000)));
  expect(text).not.toContain('\n');
  const event = parsed(text) as { userAgent: string; errorMessage: string };
  expect([event.userAgent.length, event.errorMessage.length]).toEqual([1000, 1000]);
});

test('keeps the log readable whatever text the caller chooses', () => {
  const userAgent = `a\u2028b\u2029c\u0007\\u0000 \u{1f511}`;
  const input = { Policy: 'NUL \0, halves \ud83d \udd11, a backslash and u0000: \\u0000', TagKeys: ['\\\0'] };
  const text = callEvent(call({ origin: { ...call().origin, userAgent }, record: record({ input }) }));
  expect(text).not.toMatch(/[\u2028\u2029]/);
  expect(parsed(text)).toMatchObject({
    userAgent,
    requestParameters: {
      policy: 'NUL \ufffd, halves \ufffd \ufffd, a backslash and u0000: \\u0000',
      tagKeys: ['\\\ufffd'],
    },
  });
});

test('takes source, resource type, members and event type from the API that is called', () => {
  const arn = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
  const noted = record({ keyArns: [arn], input: { KeyId: arn, KeyIdentifier: arn, Plaintext: 'AA==' } });
  expect(parsed(callEvent(call({ api: OTHER_API, operation: 'Encrypt', record: noted })))).toMatchObject({
    eventSource: 'kms.amazonaws.com',
    requestParameters: { keyId: arn },
    resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: arn }],
    readOnly: true,
    managementEvent: true,
  });
  const act = { api: OTHER_API, name: 'RotateKey', keyArn: arn };
  expect(parsed(serviceEvent(act, new Date('2026-02-14T11:12:13Z')))).toMatchObject({
    eventSource: 'kms.amazonaws.com',
    eventName: 'RotateKey',
    resources: [{ type: 'AWS::KMS::Key', ARN: arn }],
  });
});

test('records an action of the service itself', () => {
  const details = { keyArn: KEY, replicationRegion: 'eu-west-1' };
  const time = new Date('2026-02-14T11:12:13Z');
  expect(
    parsed(serviceEvent({ api: CONTROL_PLANE, name: 'SynchronizeMultiRegionKey', keyArn: KEY, details }, time)),
  ).toEqual({
    eventVersion: '1.11',
    userIdentity: { accountId: ACCOUNT, invokedBy: 'Keyblock' },
    eventTime: '2026-02-14T11:12:13Z',
    eventSource: 'payment-cryptography.amazonaws.com',
    eventName: 'SynchronizeMultiRegionKey',
    awsRegion: 'us-east-1',
    sourceIPAddress: 'Keyblock',
    userAgent: 'Keyblock',
    requestParameters: null,
    responseElements: null,
    serviceEventDetails: details,
    eventID: expect.stringMatching(UUID),
    readOnly: false,
    resources: [{ accountId: ACCOUNT, type: 'AWS::PaymentCryptography::Key', ARN: KEY }],
    eventType: 'AwsServiceEvent',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
  });
  expect(parsed(serviceEvent({ api: CONTROL_PLANE, name: 'DeleteKey', keyArn: KEY }, time))).not.toHaveProperty(
    'serviceEventDetails',
  );
});
