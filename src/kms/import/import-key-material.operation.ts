import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import { KmsException } from '../exceptions.js';
import { newMaterial } from '../materials/new-material.js';
import { requireNoReplica, requireOrigin } from '../keys/key-kinds.js';
import { isSymmetric } from '../keys/key-specs.js';
import { isPresent, stateOf } from '../keys/key-state.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository, type LockedKey, relatedTo } from '../keys/kms-key.repository.js';
import { readImported } from '../materials/imported-material.js';
import { KmsMaterial, type NewKmsMaterial } from '../materials/kms-material.entity.js';
import { eraseMaterial, isPending, updatePending } from '../materials/pending-material.js';
import { ImportTokens } from './import-tokens.js';
import type { ImportKeyMaterialInput, ImportKeyMaterialOutput } from './import.schema.js';
import { expiryOf } from './material-expiry.js';
import { WrappingKeys } from './wrapping-keys.js';

@Injectable()
export class ImportKeyMaterialOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly wrappingKeys: WrappingKeys,
    private readonly tokens: ImportTokens,
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
  ) {}

  async execute(call: Call, input: ImportKeyMaterialInput): Promise<ImportKeyMaterialOutput> {
    const now = call.origin.time;
    const expiry = expiryOf(input, now);
    if (input.ImportType === 'NEW_KEY_MATERIAL' && input.KeyMaterialId !== undefined)
      throw new ValidationException('KeyMaterialId must not be set if the ImportType is NEW_KEY_MATERIAL');
    const use = {
      require: (key: KmsKey) => {
        requireOrigin(key, 'EXTERNAL');
        requireSymmetricFor(key, input);
      },
    };
    const { key } = await this.keys.usable(call, input.KeyId, use);
    const wrappingKeyId = this.tokens.read(Buffer.from(input.ImportToken, 'base64'), key.arn, now);
    const given = await this.wrappingKeys.unwrap(wrappingKeyId, Buffer.from(input.EncryptedKeyMaterial, 'base64'));
    try {
      const imported = await readImported(key.spec, given, this.thread);
      try {
        const { publicKey } = imported;
        const material = { ...newMaterial(this.provider, key, imported), ...expiry };
        return await this.keys.change(call, input.KeyId, use, (locked) =>
          store(locked, { ...input, material, publicKey, now }),
        );
      } finally {
        imported.clear.fill(0);
      }
    } finally {
      given.fill(0);
    }
  }
}

/** @throws ValidationException for members that only apply to keys with several materials */
function requireSymmetricFor(key: KmsKey, input: ImportKeyMaterialInput): void {
  if (isSymmetric(key)) return;
  for (const name of ['ImportType', 'KeyMaterialDescription', 'KeyMaterialId'] as const)
    if (input[name] !== undefined)
      throw new ValidationException(`${name} is only valid for symmetric encryption keys: leave it out.`);
}

interface Import extends Pick<ImportKeyMaterialInput, 'ImportType' | 'KeyMaterialId' | 'KeyMaterialDescription'> {
  material: NewKmsMaterial;
  publicKey: Buffer | null;
  now: Date;
}

async function store(locked: LockedKey, given: Import): Promise<ImportKeyMaterialOutput> {
  const { manager, key, materials, changed } = locked;
  const { material, publicKey, now } = given;
  const isFirst = materials.length === 0 && given.KeyMaterialId === undefined;
  const { ImportType = isFirst ? 'NEW_KEY_MATERIAL' : 'EXISTING_KEY_MATERIAL' } = given;
  const wasPendingImport = stateOf(key, materials, now) === 'PendingImport';
  if (ImportType === 'NEW_KEY_MATERIAL') await addNew(locked, given);
  else await restore(locked, given);
  // A key without material becomes enabled, even if it was disabled before.
  if (wasPendingImport) key.enabled = true;
  await manager.save(Object.assign(key, { publicKey }));
  await updatePending(locked, now);
  changed();
  return { KeyId: key.arn, ...(isSymmetric(key) && { KeyMaterialId: material.materialId }) };
}

/** The first material is current at once; a further one waits for a rotation, and for its import into all replicas. */
async function addNew(locked: LockedKey, { material, KeyMaterialDescription, now }: Import): Promise<void> {
  const { manager, key, materials, changed } = locked;
  requireNoReplica(key);
  if (materials.some(({ materialId }) => materialId === material.materialId))
    throw new KmsException('IncorrectKeyMaterialException');
  const pending = materials.find(isPending);
  if (pending && isPresent(pending, now))
    throw new KmsException(
      'KMSInvalidStateException',
      `New key material (id: ${material.materialId}) cannot be imported into KMS key ${key.arn}, because another key material (id: ${pending.materialId}) is pending rotation.`,
    );
  if (pending) await eraseMaterial(locked, pending);
  const added: NewKmsMaterial = {
    ...material,
    state: materials.length === 0 ? 'CURRENT' : 'PENDING_ROTATION',
    description: KeyMaterialDescription ?? null,
  };
  await manager.insert(KmsMaterial, manager.create(KmsMaterial, added));
  const replicas = (await relatedTo(key, manager)).filter(({ arn }) => arn !== key.arn);
  for (const { arn } of replicas) {
    const unimported = { ...added, keyArn: arn, isExpiring: null, validTo: null, sealed: null };
    await manager.insert(KmsMaterial, manager.create(KmsMaterial, unimported));
    changed(arn);
  }
}

/**
 * @throws KmsException IncorrectKeyMaterialException if the key never had this material, or the caller named a
 *   different one
 */
async function restore({ manager, materials }: LockedKey, given: Import): Promise<void> {
  const { materialId, sealed, isExpiring, validTo } = given.material;
  const known = materials.find((material) => material.materialId === materialId);
  if (!known || (given.KeyMaterialId ?? materialId) !== materialId)
    throw new KmsException('IncorrectKeyMaterialException');
  const description = given.KeyMaterialDescription ?? known.description;
  await manager.save(Object.assign(known, { sealed, isExpiring, validTo, description }));
}
