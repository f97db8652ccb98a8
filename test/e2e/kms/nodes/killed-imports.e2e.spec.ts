import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetParametersForImportCommand,
  ImportKeyMaterialCommand,
  type KMSClient,
  ListKeyRotationsCommand,
  ListResourceTagsCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { newStore, type TestStore } from '../../../support/database.js';
import { oaep } from '../../../support/kms-import.js';
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
const EUROPE = 'eu-west-1';
const KILLS = 5;
const CALLERS = 3;
const TAGS = Array.from({ length: 20 }, (_, i) => ({ TagKey: `tag-${i}`, TagValue: `${i}` }));

/** A key that a client imports into or replicates, with a flag for an acknowledged call. */
interface Known {
  KeyId: string;
  isAnswered: boolean;
}

/** Does something again and again, until the service is gone. */
async function forever(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work();
  } catch (error) {
    expect((error as Error).name).not.toMatch(/Exception$/);
  }
}

const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' } as const;
const forEver = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' } as const;

test('a service that is killed while it imports and replicates loses nothing that it answered, and leaves nothing half done', async () => {
  const imports: Known[] = [];
  const replicas: (Known & { blobs: Uint8Array[] })[] = [];
  let answered = 0;

  const importOne = async (kms: KMSClient) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }));
    const known = { KeyId: KeyMetadata?.KeyId ?? '', isAnswered: false };
    const { KeyId } = known;
    const { ImportToken, PublicKey = new Uint8Array() } = await kms.send(
      new GetParametersForImportCommand({ KeyId, ...wrapping }),
    );
    const algorithm = wrapping.WrappingAlgorithm;
    const parameters = { PublicKey: Buffer.from(PublicKey).toString('base64'), algorithm };
    const EncryptedKeyMaterial = oaep(parameters, randomBytes(32));
    imports.push(known);
    await kms.send(new ImportKeyMaterialCommand({ KeyId, ImportToken, EncryptedKeyMaterial, ...forEver }));
    known.isAnswered = true;
    answered++;
  };
  const replicateOne = async (kms: KMSClient) => {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ MultiRegion: true }));
    const known = { KeyId: KeyMetadata?.KeyId ?? '', isAnswered: false, blobs: [] as Uint8Array[] };
    const { KeyId } = known;
    for (let rotations = 0; rotations < 3; rotations++) {
      const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('a') }));
      known.blobs.push(CiphertextBlob ?? new Uint8Array());
      await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    }
    replicas.push(known);
    await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: EUROPE, Tags: TAGS }));
    known.isAnswered = true;
    answered++;
  };

  const check = async (kms: KMSClient, europe: KMSClient) => {
    for (const { KeyId, isAnswered } of imports) {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      const states = isAnswered ? ['Enabled'] : ['Enabled', 'PendingImport'];
      expect(states).toContain(KeyMetadata?.KeyState);
      const isImported = KeyMetadata?.KeyState === 'Enabled';
      expect(KeyMetadata?.CurrentKeyMaterialId !== undefined).toBe(isImported);
      if (isImported) await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('a') }));
    }
    for (const { KeyId, isAnswered, blobs } of replicas) {
      const refusal = await europe.send(new DescribeKeyCommand({ KeyId })).then(
        () => undefined,
        (error: unknown) => (error as Error).name,
      );
      if (refusal !== undefined) {
        expect({ isAnswered, refusal }).toEqual({ isAnswered: false, refusal: 'NotFoundException' });
        await kms.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: EUROPE, Tags: TAGS }));
      }
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata?.MultiRegionConfiguration?.ReplicaKeys).toMatchObject([{ Region: EUROPE }]);
      const { Tags } = await europe.send(new ListResourceTagsCommand({ KeyId }));
      expect(Tags).toEqual(TAGS);
      const input = { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' } as const;
      const [{ Rotations: here }, { Rotations: there }] = await Promise.all([
        kms.send(new ListKeyRotationsCommand(input)),
        europe.send(new ListKeyRotationsCommand(input)),
      ]);
      const ids = (list: typeof here) =>
        list?.map(({ KeyMaterialId, KeyMaterialState }) => [KeyMaterialId, KeyMaterialState]);
      expect(ids(there)).toEqual(ids(here));
      await until(
        async () => (await europe.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState === 'Enabled',
      );
      for (const CiphertextBlob of blobs) await europe.send(new DecryptCommand({ CiphertextBlob }));
    }
    imports.length = 0;
    replicas.length = 0;
  };

  for (let kill = 0; kill <= KILLS; kill++) {
    const env = { ...serviceEnv(store), KEYBLOCK_REGIONS: `us-east-1,${EUROPE}`, KEYBLOCK_LOG_LEVEL: 'error' };
    const service = start(env);
    const url = await service.listening;
    const [kms, europe] = [kmsClient({ url }), kmsClient({ url }, { region: EUROPE })];
    await check(kms, europe);
    if (kill === KILLS) break;
    const workers = Array.from({ length: CALLERS }, () => [
      forever(() => importOne(kms)),
      forever(() => replicateOne(kms)),
    ]).flat();
    const enough = answered + 4 + 2 * kill;
    await until(() => answered >= enough);
    await end(service, 'SIGKILL');
    await Promise.all(workers);
    kms.destroy();
    europe.destroy();
  }
  expect(answered).toBeGreaterThan(35);
  const env = { PATH: process.env['PATH'], ...serviceEnv(store) };
  const { stdout } = await promisify(execFile)(process.execPath, [KEYBLOCK, 'check'], { env });
  expect(stdout).toContain('All rows are as the service left them.');
});
