import type { Key as StoredKey } from '../../keys/key.entity.js';
import type { Key, KeySummary } from './keys.schema.js';

/** A stored key as answers show it; what doesn't apply is left out. */
export function presentKey(key: StoredKey): Key {
  return {
    ...presentSummary(key),
    KeyCheckValueAlgorithm: key.kcvAlgorithm,
    KeyOrigin: key.origin,
    CreateTimestamp: epochSeconds(key.createdAt),
    UsageStartTimestamp: key.usageStartedAt ? epochSeconds(key.usageStartedAt) : undefined,
    UsageStopTimestamp: key.usageStoppedAt ? epochSeconds(key.usageStoppedAt) : undefined,
    DeletePendingTimestamp: key.deletePendingAt ? epochSeconds(key.deletePendingAt) : undefined,
    DeleteTimestamp: key.deletedAt ? epochSeconds(key.deletedAt) : undefined,
    DeriveKeyUsage: key.deriveKeyUsage ?? undefined,
  };
}

export function presentSummary(key: StoredKey): KeySummary {
  return {
    KeyArn: key.arn,
    KeyState: key.state,
    KeyAttributes: {
      KeyUsage: key.usage,
      KeyClass: key.class,
      KeyAlgorithm: key.algorithm,
      KeyModesOfUse: key.modes,
    },
    KeyCheckValue: key.kcv,
    Exportable: key.exportable,
    Enabled: key.enabled,
  };
}

/** Timestamps are seconds with milliseconds after the point. */
function epochSeconds(date: Date): number {
  return date.getTime() / 1000;
}
