import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { useService } from '../../support/api.js';
import { kmsClient, sendKms } from '../../support/kms.js';
import { expectKmsError } from '../../support/kms-keys.js';

const service = useService();
let kms: KMSClient;
beforeAll(() => (kms = kmsClient(service)));

const PLAINTEXT = Buffer.from('a secret of the orders');
const CONTEXT = { table: 'orders', row: '12' };

async function newKey(): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata?.KeyId ?? '';
}

test('a ciphertext opens without naming its key, with its encryption context in any order', async () => {
  const KeyId = await newKey();
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: PLAINTEXT, EncryptionContext: CONTEXT }),
  );
  const opened = await kms.send(
    new DecryptCommand({ CiphertextBlob, EncryptionContext: { row: '12', table: 'orders' } }),
  );
  expect(Buffer.from(opened.Plaintext ?? [])).toEqual(PLAINTEXT);
  expect(opened).toMatchObject({
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    KeyId: expect.stringContaining(KeyId) as string,
  });
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata).toMatchObject({ KeyState: 'Enabled', CurrentKeyMaterialId: opened.KeyMaterialId });
});

test('a ciphertext with any byte changed is refused', async () => {
  const KeyId = await newKey();
  const { CiphertextBlob = new Uint8Array() } = await kms.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT }));
  for (let i = 0; i < CiphertextBlob.length; i++) {
    const changed = Buffer.from(CiphertextBlob);
    changed[i] = (changed[i] ?? 0) ^ 1;
    const { json } = await sendKms(service, 'Decrypt', { CiphertextBlob: changed.toString('base64') });
    // Bytes 1 to 23 identify the key and its account.
    const name = i >= 1 && i < 24 && json['Message'] ? 'AccessDeniedException' : 'InvalidCiphertextException';
    expect({ i, type: json['__type'] }).toEqual({ i, type: name });
  }
});

test('a DryRun of Decrypt refuses a ciphertext that does not open, unless it ignores the ciphertext', async () => {
  const KeyId = await newKey();
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: PLAINTEXT, EncryptionContext: CONTEXT }),
  );
  const sent = { CiphertextBlob: Buffer.from(CiphertextBlob).toString('base64'), DryRun: true };
  const passed = 'The request would have succeeded, but the DryRun option is set.';
  const dryRun = async (input: object) => sendKms(service, 'Decrypt', { ...sent, ...input });
  expectKmsError(await dryRun({ EncryptionContext: CONTEXT }), 'DryRunOperationException', passed);
  expectKmsError(await dryRun({}), 'InvalidCiphertextException');
  expectKmsError(await dryRun({ KeyId, DryRunModifiers: ['IGNORE_CIPHERTEXT'] }), 'DryRunOperationException', passed);
});
