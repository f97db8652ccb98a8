import { createHmac } from 'node:crypto';
import {
  CreateKeyCommand,
  GenerateMacCommand,
  type KeySpec,
  type KMSClient,
  type MacAlgorithmSpec,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { bitFlips } from '../../support/vectors.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

const MESSAGE = Buffer.from('an event');
const ALGORITHMS: [KeySpec, MacAlgorithmSpec, number][] = [
  ['HMAC_224', 'HMAC_SHA_224', 28],
  ['HMAC_256', 'HMAC_SHA_256', 32],
  ['HMAC_384', 'HMAC_SHA_384', 48],
  ['HMAC_512', 'HMAC_SHA_512', 64],
];

async function macOf(spec: KeySpec, MacAlgorithm: MacAlgorithmSpec, Message = MESSAGE) {
  const KeyId = await keys.arn(spec, 'GENERATE_VERIFY_MAC');
  const { Mac = new Uint8Array() } = await kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm }));
  return { KeyId, Mac: Buffer.from(Mac) };
}

describe.each(ALGORITHMS)('%s with %s', (spec, MacAlgorithm, bytes) => {
  test('returns a whole HMAC, the same each time, that VerifyMac accepts', async () => {
    const { KeyId, Mac } = await macOf(spec, MacAlgorithm);
    expect(Mac).toHaveLength(bytes);
    expect((await macOf(spec, MacAlgorithm)).Mac).toEqual(Mac);
    const verified = await kms.send(new VerifyMacCommand({ KeyId, Message: MESSAGE, MacAlgorithm, Mac }));
    expect(verified).toMatchObject({ KeyId, MacValid: true, MacAlgorithm });
  });

  test('refuses a MAC with any byte changed, shortened, lengthened, or of another message, with an empty error message', async () => {
    const { KeyId, Mac } = await macOf(spec, MacAlgorithm);
    const others = [
      ...bitFlips(Mac).filter((_, bit) => bit % 8 === 3),
      Mac.subarray(0, -1),
      Mac.subarray(0, 1),
      Buffer.concat([Mac, Buffer.alloc(1)]),
      (await macOf(spec, MacAlgorithm, Buffer.from('an even'))).Mac,
      createHmac('sha256', 'another key').update(MESSAGE).digest(),
    ];
    for (const other of others)
      expectKmsError(
        await sendKms(service, 'VerifyMac', { KeyId, Message: base64(MESSAGE), MacAlgorithm, Mac: base64(other) }),
        'KMSInvalidMacException',
      );
  });
});

describe.each(['GenerateMac', 'VerifyMac'])('%s refuses', (operation) => {
  const send = async (input: object) =>
    sendKms(service, operation, {
      KeyId: await keys.arn('HMAC_256', 'GENERATE_VERIFY_MAC'),
      Message: base64(MESSAGE),
      MacAlgorithm: 'HMAC_SHA_256',
      ...(operation === 'VerifyMac' && { Mac: base64((await macOf('HMAC_256', 'HMAC_SHA_256')).Mac) }),
      ...input,
    });

  test.each([
    [
      { Message: '' },
      "Value at 'message' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      { Message: base64(Buffer.alloc(4097)) },
      "Value at 'message' failed to satisfy constraint: Member must have length less than or equal to 4096",
    ],
    [{ Message: null }, "Value null at 'message' failed to satisfy constraint: Member must not be null"],
    [{ MacAlgorithm: null }, "Value null at 'macAlgorithm' failed to satisfy constraint: Member must not be null"],
    [
      { MacAlgorithm: 'HMAC_SHA_1' },
      "Value 'HMAC_SHA_1' at 'macAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [HMAC_SHA_224, HMAC_SHA_256, HMAC_SHA_384, HMAC_SHA_512]",
    ],
  ])('%j', async (input, fault) => {
    expectKmsError(await send(input), 'ValidationException', `1 validation error detected: ${fault}`);
  });

  test('a DryRun that would have succeeded', async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.';
    expectKmsError(await send({ DryRun: true }), 'DryRunOperationException', text);
  });

  test('bytes that aren’t base64', async () => {
    expect((await send({ Message: '***' })).json['__type']).toBe('SerializationException');
  });

  test('a key that waits for its material, and one that doesn’t exist', async () => {
    const input = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC', Origin: 'EXTERNAL' } as const;
    const { KeyMetadata } = await kms.send(new CreateKeyCommand(input));
    const arn = KeyMetadata?.Arn ?? '';
    expectKmsError(await send({ KeyId: arn }), 'KMSInvalidStateException', `${arn} is pending import.`);
    const missing = arn.replace(/.{12}$/, '000000000000');
    expectKmsError(await send({ KeyId: missing }), 'NotFoundException', `Key '${missing}' does not exist`);
    const alias = 'arn:aws:kms:us-east-1:000000000000:alias/none';
    expectKmsError(await send({ KeyId: 'alias/none' }), 'NotFoundException', `Alias ${alias} is not found.`);
  });
});

test('a DryRun of VerifyMac refuses a wrong MAC', async () => {
  const { KeyId } = await macOf('HMAC_256', 'HMAC_SHA_256');
  const input = { KeyId, Message: base64(MESSAGE), MacAlgorithm: 'HMAC_SHA_256', Mac: base64('mac'), DryRun: true };
  expectKmsError(await sendKms(service, 'VerifyMac', input), 'KMSInvalidMacException');
});

test('VerifyMac refuses a missing and an empty MAC', async () => {
  const KeyId = await keys.arn('HMAC_256', 'GENERATE_VERIFY_MAC');
  const input = { KeyId, Message: base64(MESSAGE), MacAlgorithm: 'HMAC_SHA_256' };
  const detected = '1 validation error detected: Value';
  expectKmsError(
    await sendKms(service, 'VerifyMac', input),
    'ValidationException',
    `${detected} null at 'mac' failed to satisfy constraint: Member must not be null`,
  );
  expectKmsError(
    await sendKms(service, 'VerifyMac', { ...input, Mac: '' }),
    'ValidationException',
    `${detected} at 'mac' failed to satisfy constraint: Member must have length greater than or equal to 1`,
  );
});
