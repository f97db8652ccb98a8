import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { CryptoThread, MAX_WAITING } from '../../../src/provider/crypto-thread.js';
import { useService } from '../../support/api.js';
import { importOf, parametersFor } from '../../support/kms-import.js';
import { callKms, createKmsKey, expectRefused } from '../../support/kms.js';

const service = useService();

const THROTTLED = {
  name: 'ThrottlingException',
  message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
};

/** Keeps the crypto thread busy: each computation is followed by the next one before a request is served. */
function fill(thread: CryptoThread): { empty: () => Promise<unknown> } {
  const secret = createSecretKey(Buffer.alloc(32, 1));
  const state = { isFull: true };
  const computing = Array.from({ length: MAX_WAITING }, async () => {
    while (state.isFull) await thread.run('postQuantumPublicKey', 'ML_DSA_44', secret);
  });
  return {
    empty: () => {
      state.isFull = false;
      return Promise.all(computing);
    },
  };
}

async function waitingComputations(): Promise<string | undefined> {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  return /^keyblock_crypto_waiting_computations (\d+)$/m.exec(metrics)?.[1];
}

test('calls for which the crypto thread has no capacity are throttled and change nothing, and others are served', async () => {
  const signing = { KeyUsage: 'SIGN_VERIFY' } as const;
  const { KeyId: rsa } = await createKmsKey(service, { KeySpec: 'RSA_3072', ...signing });
  const { KeyId: mlKem } = await createKmsKey(service, {
    KeySpec: 'ML_KEM_512',
    KeyUsage: 'ENCAPSULATE_DECAPSULATE',
  });
  const { KeyId: external } = await createKmsKey(service, { Origin: 'EXTERNAL', KeySpec: 'ECC_NIST_P256', ...signing });
  const { KeyId: symmetric } = await createKmsKey(service);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const material = importOf(
    await parametersFor(service, external),
    privateKey.export({ format: 'der', type: 'pkcs8' }),
  );
  const calls: [operation: string, input: object][] = [
    ['CreateKey', { KeySpec: 'ML_DSA_44', ...signing }],
    ['GenerateDataKeyPair', { KeyId: symmetric, KeyPairSpec: 'ML_KEM_512' }],
    ['Sign', { KeyId: rsa, Message: 'YWJj', SigningAlgorithm: 'RSASSA_PSS_SHA_256' }],
    ['Encapsulate', { KeyId: mlKem, EncapsulationAlgorithm: 'ML_KEM' }],
    ['ImportKeyMaterial', { KeyId: external, ...material }],
  ];
  const keys = async () => ((await callKms(service, 'ListKeys'))['Keys'] as object[]).length;
  expect(await keys()).toBe(4);

  const filling = fill(service.app.get(CryptoThread));
  try {
    for (const [operation, input] of calls) await expectRefused(service, operation, input, THROTTLED);
    expect(await waitingComputations()).toBe(String(MAX_WAITING));
    expect(await keys()).toBe(4);
    const { KeyMetadata } = await callKms(service, 'DescribeKey', { KeyId: external });
    expect(KeyMetadata).toMatchObject({ KeyState: 'PendingImport' });
    await callKms(service, 'Encrypt', { KeyId: symmetric, Plaintext: 'YWJj' });
  } finally {
    await filling.empty();
  }
  for (const [operation, input] of calls) await callKms(service, operation, input);
  expect(await keys()).toBe(5);
  expect(await waitingComputations()).toBe('0');
});
