import { KmsException } from '../exceptions.js';
import type { NewKmsMaterial } from '../materials/kms-material.entity.js';
import type { KmsCustomKeyStore } from '../stores/kms-custom-key-store.entity.js';
import type { NewKmsKey } from './kms-key.entity.js';

export type KeyState =
  | 'Creating'
  | 'Enabled'
  | 'Disabled'
  | 'PendingDeletion'
  | 'PendingImport'
  | 'PendingReplicaDeletion'
  | 'Unavailable'
  | 'Updating';

/**
 * Computes the state of a key from its stored data, so that it can't become outdated.
 *
 * @param materials all of the key's
 * @param store     the custom key store that holds it
 */
export function stateOf(
  key: NewKmsKey,
  materials: readonly NewKmsMaterial[],
  now: Date,
  store?: Pick<KmsCustomKeyStore, 'connectionState'>,
): KeyState {
  if (key.deletionDate) return 'PendingDeletion';
  if (key.pendingWindowDays !== null) return 'PendingReplicaDeletion';
  if (key.creatingUntil && key.creatingUntil > now) return 'Creating';
  if (key.updatingUntil && key.updatingUntil > now) return 'Updating';
  if (key.origin === 'EXTERNAL' && !isComplete(materials, now)) return 'PendingImport';
  if (key.customKeyStoreId !== null && store?.connectionState !== 'CONNECTED') return 'Unavailable';
  return key.enabled ? 'Enabled' : 'Disabled';
}

/** True if every material that may have been used for encryption is present. */
function isComplete(materials: readonly NewKmsMaterial[], now: Date): boolean {
  const used = materials.filter(({ state }) => state === 'CURRENT' || state === 'NON_CURRENT');
  return used.length > 0 && used.every((material) => isPresent(material, now));
}

/**
 * True unless the material is deleted or expired. An expired material is unusable at once, although it may still be
 * stored.
 */
export function isPresent({ sealed, validTo }: NewKmsMaterial, now: Date): boolean {
  return sealed !== null && (validTo === null || validTo > now);
}

/** Returns the current material; undefined if none was ever imported. */
export function currentOf<T extends NewKmsMaterial>(materials: readonly T[]): T | undefined {
  return materials.find(({ state }) => state === 'CURRENT');
}

/** States in which an operation is refused; an operation works in all others. */
type Refusals = Partial<Record<KeyState, true>>;

const PENDING_DELETION: Refusals = { PendingDeletion: true, PendingReplicaDeletion: true };
const NO_USE: Refusals = {
  ...PENDING_DELETION,
  Disabled: true,
  PendingImport: true,
  Unavailable: true,
  Creating: true,
};
const NO_ENABLING: Refusals = { ...PENDING_DELETION, PendingImport: true, Creating: true, Updating: true };
const NO_IMPORT: Refusals = { ...PENDING_DELETION, Creating: true };
const NO_REPLICATION: Refusals = { ...NO_USE, Updating: true };

/**
 * Operations that require certain key states, by name; all others work in any state. CancelKeyDeletion needs one that
 * is pending deletion. The operation itself checks the origin first.
 */
const REFUSALS: Readonly<Record<string, Refusals>> = {
  CreateAlias: PENDING_DELETION,
  CreateGrant: { ...PENDING_DELETION, Disabled: true, PendingImport: true, Creating: true },
  Encrypt: NO_USE,
  Decrypt: NO_USE,
  ReEncryptFrom: NO_USE,
  ReEncryptTo: NO_USE,
  GenerateDataKey: NO_USE,
  GenerateDataKeyWithoutPlaintext: NO_USE,
  GenerateDataKeyPair: NO_USE,
  GenerateDataKeyPairWithoutPlaintext: NO_USE,
  Sign: NO_USE,
  Verify: NO_USE,
  GenerateMac: NO_USE,
  VerifyMac: NO_USE,
  DeriveSharedSecret: NO_USE,
  Encapsulate: NO_USE,
  Decapsulate: NO_USE,
  GetPublicKey: { ...PENDING_DELETION, PendingImport: true, Creating: true },
  DeleteImportedKeyMaterial: { Creating: true, Updating: true },
  DisableKey: NO_ENABLING,
  EnableKey: NO_ENABLING,
  DisableKeyRotation: { ...NO_IMPORT, Disabled: true },
  EnableKeyRotation: { ...NO_IMPORT, Disabled: true },
  RotateKeyOnDemand: NO_REPLICATION,
  GetParametersForImport: { ...NO_IMPORT, Updating: true },
  ImportKeyMaterial: NO_IMPORT,
  ReplicateKey: NO_REPLICATION,
  ScheduleKeyDeletion: { ...PENDING_DELETION, Updating: true },
  TagResource: PENDING_DELETION,
  UntagResource: PENDING_DELETION,
  UpdateKeyDescription: PENDING_DELETION,
  UpdateAlias: PENDING_DELETION,
  UpdatePrimaryRegion: NO_USE,
};

/** Text for a state in `<ARN> is ….` */
const WORDS: Record<KeyState, string> = {
  Creating: 'creating',
  Enabled: 'enabled',
  Disabled: 'disabled',
  PendingDeletion: 'pending deletion',
  PendingImport: 'pending import',
  PendingReplicaDeletion: 'pending deletion',
  Unavailable: 'unavailable',
  Updating: 'updating',
};

/** True for a state in which an operation works. @param operation as in REFUSALS, but not CancelKeyDeletion */
export function worksIn(state: KeyState, operation: string): boolean {
  return !REFUSALS[operation]?.[state];
}

/**
 * Checks that a key is in a state in which an operation works.
 *
 * @param operation as in REFUSALS; for ReEncrypt, its source or destination half
 * @throws KmsException DisabledException or KMSInvalidStateException
 */
export function requireState(arn: string, state: KeyState, operation: string): void {
  if (operation === 'CancelKeyDeletion') {
    if (PENDING_DELETION[state]) return;
    throw new KmsException('KMSInvalidStateException', `${arn} is not pending deletion.`);
  }
  if (worksIn(state, operation)) return;
  throw new KmsException(
    state === 'Disabled' ? 'DisabledException' : 'KMSInvalidStateException',
    `${arn} is ${WORDS[state]}.`,
  );
}
