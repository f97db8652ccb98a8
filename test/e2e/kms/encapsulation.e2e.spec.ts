import {
  CreateKeyCommand,
  DecapsulateCommand,
  EncapsulateCommand,
  GetPublicKeyCommand,
  type KeySpec,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { base64, expectKmsError, KmsKeys } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));
const keys = new KmsKeys(() => kms);

const SPECS = [
  { spec: 'ML_KEM_512', noble: ml_kem512, bytes: 768 },
  { spec: 'ML_KEM_768', noble: ml_kem768, bytes: 1088 },
  { spec: 'ML_KEM_1024', noble: ml_kem1024, bytes: 1568 },
] as const;

const EncapsulationAlgorithm = 'ML_KEM';
const arnOf = (spec: KeySpec) => keys.arn(spec, 'ENCAPSULATE_DECAPSULATE');

async function decapsulate(KeyId: string, SharedSecretCiphertextBlob: Uint8Array): Promise<Buffer> {
  const output = await kms.send(new DecapsulateCommand({ KeyId, SharedSecretCiphertextBlob, EncapsulationAlgorithm }));
  expect(output).toMatchObject({ KeyId, EncapsulationAlgorithm });
  return Buffer.from(output.SharedSecret ?? []);
}

describe.each(SPECS)('$spec', ({ spec, noble, bytes }) => {
  test('Decapsulate returns the secret of Encapsulate, which differs each time', async () => {
    const KeyId = await arnOf(spec);
    const encapsulate = () => kms.send(new EncapsulateCommand({ KeyId, EncapsulationAlgorithm }));
    const [first, second] = [await encapsulate(), await encapsulate()];
    expect(first).toMatchObject({ KeyId, EncapsulationAlgorithm });
    expect(first.SharedSecret).toHaveLength(32);
    expect(first.SharedSecretCiphertextBlob).toHaveLength(bytes);
    expect(second.SharedSecret).not.toEqual(first.SharedSecret);
    expect(await decapsulate(KeyId, first.SharedSecretCiphertextBlob!)).toEqual(Buffer.from(first.SharedSecret!));
  });

  test('a secret that was encapsulated outside with the public key is recovered', async () => {
    const KeyId = await arnOf(spec);
    const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    const { cipherText, sharedSecret } = noble.encapsulate(Buffer.from(PublicKey).subarray(22));
    expect(await decapsulate(KeyId, cipherText)).toEqual(Buffer.from(sharedSecret));
  });

  test('an altered ciphertext, and that of another key, give other bytes, the same each time', async () => {
    const KeyId = await arnOf(spec);
    const { SharedSecret, SharedSecretCiphertextBlob = new Uint8Array() } = await kms.send(
      new EncapsulateCommand({ KeyId, EncapsulationAlgorithm }),
    );
    const altered = Buffer.from(SharedSecretCiphertextBlob);
    altered[7] = (altered[7] ?? 0) ^ 1;
    const foreign = noble.encapsulate(noble.keygen().publicKey).cipherText;
    for (const blob of [altered, foreign]) {
      const secret = await decapsulate(KeyId, blob);
      expect(secret).toHaveLength(32);
      expect(secret).not.toEqual(Buffer.from(SharedSecret ?? []));
      expect(await decapsulate(KeyId, blob)).toEqual(secret);
    }
  });

  test.each([1, bytes - 1, bytes + 1, 6144])(
    'Decapsulate refuses %d bytes, with an empty error message',
    async (length) => {
      const SharedSecretCiphertextBlob = base64(Buffer.alloc(length, 1));
      const input = { KeyId: await arnOf(spec), SharedSecretCiphertextBlob, EncapsulationAlgorithm };
      expectKmsError(await sendKms(service, 'Decapsulate', input), 'InvalidCiphertextException');
      expectKmsError(await sendKms(service, 'Decapsulate', { ...input, DryRun: true }), 'InvalidCiphertextException');
    },
  );
});

describe.each(['Encapsulate', 'Decapsulate'])('%s refuses', (operation) => {
  const send = async (input: object) =>
    sendKms(service, operation, {
      KeyId: await arnOf('ML_KEM_512'),
      EncapsulationAlgorithm,
      ...(operation === 'Decapsulate' && { SharedSecretCiphertextBlob: base64(Buffer.alloc(768, 1)) }),
      ...input,
    });

  test('a DryRun that would have succeeded', async () => {
    const text = 'The request would have succeeded, but the DryRun option is set.';
    expectKmsError(await send({ DryRun: true }), 'DryRunOperationException', text);
  });

  test('another algorithm, and a missing one', async () => {
    const detected = '1 validation error detected: Value';
    const constraint = "at 'encapsulationAlgorithm' failed to satisfy constraint: Member must";
    expectKmsError(
      await send({ EncapsulationAlgorithm: 'RSA_KEM' }),
      'ValidationException',
      `${detected} 'RSA_KEM' ${constraint} satisfy enum value set: [ML_KEM]`,
    );
    const missing = await send({ EncapsulationAlgorithm: null });
    expectKmsError(missing, 'ValidationException', `${detected} null ${constraint} not be null`);
  });

  test('a key that doesn’t exist', async () => {
    const arn = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000';
    expectKmsError(await send({ KeyId: arn }), 'NotFoundException', `Key '${arn}' does not exist`);
  });

  test.each(['ECC_NIST_P256', 'RSA_2048'] as const)('a key of another usage: %s', async (spec) => {
    const KeyId = await keys.arn(spec, 'SIGN_VERIFY');
    expectKmsError(
      await send({ KeyId }),
      'InvalidKeyUsageException',
      `${KeyId} key usage is SIGN_VERIFY which is not valid for ${operation}.`,
    );
  });
});

test('Decapsulate refuses a missing, an empty and an overlong ciphertext', async () => {
  const input = { KeyId: await arnOf('ML_KEM_512'), EncapsulationAlgorithm };
  const detected = '1 validation error detected: Value';
  const constraint = "at 'sharedSecretCiphertextBlob' failed to satisfy constraint: Member must";
  for (const [blob, fault] of [
    [null, `${detected} null ${constraint} not be null`],
    ['', `${detected} ${constraint} have length greater than or equal to 1`],
    [base64(Buffer.alloc(6145)), `${detected} ${constraint} have length less than or equal to 6144`],
  ] as const)
    expectKmsError(
      await sendKms(service, 'Decapsulate', { ...input, SharedSecretCiphertextBlob: blob }),
      'ValidationException',
      fault,
    );
});

test('a key for encapsulation can’t be imported', async () => {
  const input = { KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE', Origin: 'EXTERNAL' } as const;
  await expect(kms.send(new CreateKeyCommand(input))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
    message: "Key material can't be imported into a key of KeySpec ML_KEM_768.",
  });
});

test('neither the secret nor its ciphertext is in the audit event or the log', async () => {
  const KeyId = await arnOf('ML_KEM_512');
  const { json } = await sendKms(service, 'Encapsulate', { KeyId, EncapsulationAlgorithm });
  await sendKms(service, 'Decapsulate', {
    KeyId,
    EncapsulationAlgorithm,
    SharedSecretCiphertextBlob: json['SharedSecretCiphertextBlob'],
  });
  const log = JSON.stringify(service.log);
  for (const member of ['SharedSecret', 'SharedSecretCiphertextBlob']) expect(log).not.toContain(json[member]);
});
