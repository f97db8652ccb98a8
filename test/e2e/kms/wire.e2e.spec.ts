import { randomUUID } from 'node:crypto';
import { CreateKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { target } from '../../support/service.js';

/** The checks before an operation: routing, signatures, JSON, and AWS's grammar of messages. */
const service = useService();
let kms: KMSClient;
const keyIds: string[] = [];
beforeAll(async () => {
  kms = kmsClient(service);
  for (let i = 0; i < 2; i++) keyIds.push((await kms.send(new CreateKeyCommand({}))).KeyMetadata!.KeyId!);
  // Lists are in the order of the ids.
  keyIds.sort();
});

const refused = async (operation: string, input: unknown) => {
  const { status, json } = await sendKms(service, operation, input);
  return { status, ...json };
};
const ARN = 'arn:aws:kms:us-east-1:000000000000:key';

test('answers in AWS JSON 1.1 with a request id, and leaves absent members out', async () => {
  const { status, headers, json } = await sendKms(service, 'ListKeys', {});
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  const keys = keyIds.map((KeyId) => ({ KeyId, KeyArn: `${ARN}/${KeyId}` }));
  expect(json).toEqual({ Keys: keys, Truncated: false });
});

test('accepts an empty body as an empty object, and null as an absent member', async () => {
  expect((await sendKms(service, 'ListKeys', '')).status).toBe(200);
  expect((await sendKms(service, 'ListKeys', { Limit: null, Marker: null })).status).toBe(200);
});

test('ignores unknown members', async () => {
  expect((await sendKms(service, 'ListKeys', { Nothing: 1 })).status).toBe(200);
});

const encrypt = (Plaintext: string) => ({ KeyId: 'x', Plaintext });
test.each([
  ['an unknown operation', 'CreateKeys', {}, 'UnknownOperationException'],
  ['a target without an operation', '', {}, 'UnknownOperationException'],
  ['a body that is not JSON', 'ListKeys', '{', 'SerializationException'],
  ['a member of another type', 'ListKeys', { Limit: 'ten' }, 'SerializationException'],
  ['a list for a map', 'Encrypt', { ...encrypt('AA=='), EncryptionContext: [] }, 'SerializationException'],
  [
    'null as a value of a map',
    'Encrypt',
    { ...encrypt('AA=='), EncryptionContext: { a: null } },
    'SerializationException',
  ],
  [
    'null beside a value of a map',
    'Encrypt',
    { ...encrypt('AA=='), EncryptionContext: { a: 'b', c: null } },
    'SerializationException',
  ],
  ['null in a list', 'CreateKey', { Tags: [null] }, 'SerializationException'],
  ['null in a list of texts', 'DescribeKey', { KeyId: 'x', GrantTokens: [null] }, 'SerializationException'],
  ['base64 without padding', 'Encrypt', encrypt('AA'), 'SerializationException'],
  ['base64url', 'Encrypt', encrypt('-_8='), 'SerializationException'],
  ['base64 with white space', 'Encrypt', encrypt('AA==\n'), 'SerializationException'],
])('refuses %s', async (_, operation, input, name) => {
  expect(await refused(operation, input)).toMatchObject({ status: 400, __type: name });
});

test.each([
  ['Encrypt', { ...encrypt('AA=='), EncryptionContext: [] }, 'encryptionContext must be of type object.'],
  ['ListKeys', { Limit: 1.5 }, 'limit must be of type integer.'],
  ['CreateKey', { Tags: {} }, 'tags must be of type array.'],
])('names the type that a member of %s must have: %j', async (operation, input, message) => {
  const { json } = await sendKms(service, operation, input);
  expect(json).toMatchObject({ __type: 'SerializationException', message });
});

test('refuses a signature for another service, and the other way round', async () => {
  const forPayment = await sendKms(service, 'ListKeys', {}, { service: 'payment-cryptography' });
  expect(forPayment).toMatchObject({ status: 400, json: { __type: 'InvalidSignatureException' } });
  const forKms = await service.send({ service: 'kms', headers: target('ListKeys'), body: '{}' });
  expect(forKms.status).toBe(400);
  expect(String(forKms.json['__type'])).toMatch(/InvalidSignatureException$/);
});

test.each([
  ['ListKeys', { Limit: 0 }, "'0' at 'limit'", 'have value greater than or equal to 1'],
  ['ListKeys', { Limit: 1001 }, "'1001' at 'limit'", 'have value less than or equal to 1000'],
  ['DescribeKey', {}, "null at 'keyId'", 'not be null'],
  ['DescribeKey', { KeyId: '' }, "'' at 'keyId'", 'have length greater than or equal to 1'],
  [
    'CreateKey',
    { KeyUsage: 'SIGN' },
    "'SIGN' at 'keyUsage'",
    'satisfy enum value set: [ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]',
  ],
  [
    'CreateKey',
    {
      Tags: [
        { TagKey: 'a', TagValue: '' },
        { TagKey: 'k'.repeat(129), TagValue: '' },
      ],
    },
    `'${'k'.repeat(129)}' at 'tags.2.member.tagKey'`,
    'have length less than or equal to 128',
  ],
  [
    'Encrypt',
    encrypt(Buffer.alloc(4097).toString('base64')),
    "at 'plaintext'",
    'have length less than or equal to 4096',
  ],
  [
    'Encrypt',
    encrypt(Buffer.alloc(100_000).toString('base64')),
    "at 'plaintext'",
    'have length less than or equal to 4096',
  ],
  ['Encrypt', encrypt(''), "at 'plaintext'", 'have length greater than or equal to 1'],
  [
    'GenerateDataKey',
    { KeyId: 'x', Recipient: { AttestationDocument: Buffer.alloc(262_145).toString('base64') } },
    "at 'recipient.attestationDocument'",
    'have length less than or equal to 262144',
  ],
  [
    'CreateCustomKeyStore',
    {
      CustomKeyStoreName: 'x',
      XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'tooshort' },
    },
    "at 'xksProxyAuthenticationCredential.rawSecretAccessKey'",
    'have length greater than or equal to 43',
  ],
  [
    'PutKeyPolicy',
    { KeyId: 'x', Policy: '{"Id":"\u0100"}' },
    `'{"Id":"\u0100"}' at 'policy'`,
    'satisfy regular expression pattern: ^[\\t\\n\\r\\u0020-\\u00FF]+$',
  ],
  [
    'DescribeCustomKeyStores',
    { CustomKeyStoreId: 'cks-\0' },
    "'cks-\0' at 'customKeyStoreId'",
    'be well-formed Unicode without NUL',
  ],
  [
    'GenerateRandom',
    { NumberOfBytes: 1, CustomKeyStoreId: 'cks-\ud800' },
    "'cks-\ud800' at 'customKeyStoreId'",
    'be well-formed Unicode without NUL',
  ],
  [
    'CreateGrant',
    { KeyId: 'x', Operations: [], Constraints: { SourceArn: 'arn:aws:s3::123456789012:\0' } },
    "'arn:aws:s3::123456789012:\0' at 'constraints.sourceArn'",
    'be well-formed Unicode without NUL',
  ],
  [
    'Encrypt',
    { ...encrypt('AA=='), EncryptionContext: { 'a\0': 'b' } },
    "'b' at 'encryptionContext.a\0'",
    'be well-formed Unicode without NUL',
  ],
  [
    'Encrypt',
    { ...encrypt('AA=='), EncryptionContext: { a: '\0' } },
    "'\0' at 'encryptionContext.a'",
    'be well-formed Unicode without NUL',
  ],
  [
    'Encrypt',
    '{"KeyId":"x","Plaintext":"AA==","EncryptionContext":{"__proto__":"y"}}',
    `'{"__proto__":"y"}' at 'encryptionContext'`,
    'have no member __proto__',
  ],
  [
    'Encrypt',
    { ...encrypt('AA=='), EncryptionContext: { a: 'x'.repeat(8191), b: '' } },
    `'{"a":"${'x'.repeat(506)}…' at 'encryptionContext'`,
    'have at most 8192 characters in all names and values',
  ],
  ['GenerateRandom', { NumberOfBytes: 1025 }, "'1025' at 'numberOfBytes'", 'have value less than or equal to 1024'],
])('words a violated constraint of %s as AWS does: %j', async (operation, input, value, rule) => {
  expect(await refused(operation, input)).toEqual({
    status: 400,
    __type: 'ValidationException',
    message: `1 validation error detected: Value ${value} failed to satisfy constraint: Member must ${rule}`,
  });
});

test('reports all violations together', async () => {
  expect(await refused('Encrypt', {})).toMatchObject({
    message:
      "2 validation errors detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null; " +
      "Value null at 'plaintext' failed to satisfy constraint: Member must not be null",
  });
});

const UNKNOWN = randomUUID();
test.each([
  ['text that is not a key id', 'nothing', "Invalid keyId 'nothing'"],
  ['a key id without dashes', '0'.repeat(32), `Invalid keyId '${'0'.repeat(32)}'`],
  ['a key id in upper case', UNKNOWN.toUpperCase(), `Invalid keyId '${UNKNOWN.toUpperCase()}'`],
  ['mrk- without hexadecimal digits', `mrk-${'x'.repeat(32)}`, `Invalid keyId 'mrk-${'x'.repeat(32)}'`],
  ['an unknown key id', UNKNOWN, `Key '${ARN}/${UNKNOWN}' does not exist`],
  ['an unknown key ARN', `${ARN}/${UNKNOWN}`, `Key '${ARN}/${UNKNOWN}' does not exist`],
  ['the resource of an ARN', `key/${UNKNOWN}`, `Invalid keyId 'key/${UNKNOWN}'`],
  ['an ARN of another Region', `arn:aws:kms:eu-west-1:000000000000:key/${UNKNOWN}`, 'Invalid arn eu-west-1'],
  ['an unknown alias', 'alias/none', 'Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.'],
])('does not find %s', async (_, KeyId, message) => {
  expect(await refused('DescribeKey', { KeyId })).toEqual({ status: 400, __type: 'NotFoundException', message });
});

test.each([
  ['too few parts', 'arn:aws:kms:us-east-1'],
  ['another service', `arn:aws:s3:us-east-1:000000000000:key/${UNKNOWN}`],
  ['another partition', `arn:aws-cn:kms:us-east-1:000000000000:key/${UNKNOWN}`],
  ['another kind of resource', `arn:aws:kms:us-east-1:000000000000:secret/${UNKNOWN}`],
  ['no account', `arn:aws:kms:us-east-1::key/${UNKNOWN}`],
])('refuses an ARN with %s', async (_, KeyId) => {
  expect(await refused('DescribeKey', { KeyId })).toMatchObject({ status: 400, __type: 'InvalidArnException' });
});

test('refuses a key of another account', async () => {
  const KeyId = `arn:aws:kms:us-east-1:111122223333:key/${UNKNOWN}`;
  expect(await refused('DescribeKey', { KeyId })).toEqual({
    status: 400,
    __type: 'AccessDeniedException',
    Message:
      `User: arn:aws:iam::000000000000:root is not authorized to perform: kms:DescribeKey on resource: ${KeyId} ` +
      'because no resource-based policy allows the kms:DescribeKey action',
  });
});

test('refuses a marker of another list, or one that was changed', async () => {
  const { json } = await sendKms(service, 'ListKeys', { Limit: 1 });
  expect(json).toMatchObject({ Truncated: true, NextMarker: expect.any(String) as string });
  const marker = json['NextMarker'] as string;
  expect((await sendKms(service, 'ListKeys', { Limit: 1, Marker: marker })).json).toMatchObject({ Truncated: false });
  for (const Marker of [`${marker}x`, marker.slice(1), 'x'])
    expect(await refused('ListKeys', { Marker })).toMatchObject({ status: 400, __type: 'InvalidMarkerException' });
});

const STORE = { CustomKeyStoreId: 'cks-1234567890abcdef0' };
test.each([
  ['ConnectCustomKeyStore', STORE],
  ['DisconnectCustomKeyStore', STORE],
  ['UpdateCustomKeyStore', { ...STORE, NewCustomKeyStoreName: 'hsm' }],
  ['DeleteCustomKeyStore', STORE],
  ['DescribeCustomKeyStores', STORE],
  ['GenerateRandom', { ...STORE, NumberOfBytes: 8 }],
])('refuses %s of a custom key store that does not exist', async (operation, input) => {
  expect(await refused(operation, input)).toMatchObject({ status: 400, __type: 'CustomKeyStoreNotFoundException' });
  expect((await sendKms(service, 'DescribeCustomKeyStores', {})).json).toEqual({
    CustomKeyStores: [],
    Truncated: false,
  });
});
