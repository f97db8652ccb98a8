import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { newStore, type TestStore } from '../../../support/database.js';
import { kmsClient } from '../../../support/kms.js';
import { end, until, useProcesses } from '../../../support/process.js';
import { serviceEnv } from '../../../support/service.js';

const start = useProcesses();
let store: TestStore;
beforeAll(async () => {
  store = await newStore();
});
afterAll(() => store.remove());

const KEYBLOCK = fileURLToPath(new URL('../../../../bin/keyblock.js', import.meta.url));
const KEYS = 4;
const KILLS = 8;

/** A client's view of a key: the acknowledged rotations, one that may have taken place, and ciphertexts. */
interface Known {
  KeyId: string;
  answered: number;
  made: number;
  blobs: Uint8Array[];
  /** Number of the ciphertexts that were decrypted after a kill. */
  decrypted: number;
}

/** Rotates a key and encrypts with it, until the service is gone. */
async function use(kms: KMSClient, known: Known): Promise<void> {
  const { KeyId } = known;
  try {
    for (;;) {
      const { CiphertextBlob = new Uint8Array() } = await kms.send(
        new EncryptCommand({ KeyId, Plaintext: Buffer.from('a') }),
      );
      known.blobs.push(CiphertextBlob);
      if (known.made === 25) return;
      known.made = known.answered + 1;
      await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
      known.answered++;
    }
  } catch (error) {
    expect((error as Error).name).not.toMatch(/Exception$/);
  }
}

test('a service that is killed while it rotates keys loses no rotation that it answered, and leaves none half done', async () => {
  const keys: Known[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const service = start({ ...serviceEnv(store), KEYBLOCK_LOG_LEVEL: 'error' });
    const kms = kmsClient({ url: await service.listening });
    for (let i = 0; kill % 4 === 0 && i < KEYS; i++) {
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
      keys.push({ KeyId: KeyMetadata?.KeyId ?? '', answered: 0, made: 0, blobs: [], decrypted: 0 });
    }
    for (const known of keys) {
      const input = { KeyId: known.KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' } as const;
      const { Rotations = [] } = await kms.send(new ListKeyRotationsCommand(input));
      const states = Rotations.map(({ KeyMaterialState }) => KeyMaterialState);
      expect(states.slice(0, -1).every((state) => state === 'NON_CURRENT')).toBe(true);
      expect(states.at(-1)).toBe('CURRENT');
      expect([known.answered, known.made]).toContain(Rotations.length - 1);
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: known.KeyId }));
      expect(KeyMetadata?.CurrentKeyMaterialId).toBe(Rotations.at(-1)?.KeyMaterialId);
      // The last service decrypts all of them again.
      const undecrypted = known.blobs.slice(kill === KILLS - 1 ? 0 : known.decrypted);
      for (const CiphertextBlob of undecrypted) await kms.send(new DecryptCommand({ CiphertextBlob }));
      known.decrypted = known.blobs.length;
      known.answered = Rotations.length - 1;
      known.made = known.answered;
    }
    const uses = keys.slice(-KEYS).map((known) => use(kms, known));
    const before = sumOf(keys);
    await until(() => sumOf(keys) > before + 5 * (kill % 4));
    await end(service, 'SIGKILL');
    await Promise.all(uses);
    kms.destroy();
  }
  expect(sumOf(keys)).toBeGreaterThan(40);
  const env = { PATH: process.env['PATH'], ...serviceEnv(store) };
  const { stdout } = await promisify(execFile)(process.execPath, [KEYBLOCK, 'check'], { env });
  expect(stdout).toContain('All rows are as the service left them.');
});

function sumOf(keys: readonly Known[]): number {
  return keys.reduce((sum, { answered }) => sum + answered, 0);
}
