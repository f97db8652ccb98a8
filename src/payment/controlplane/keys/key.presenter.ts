import type { ApprovalSession } from '../../../approvals/approval-session.entity.js';
import { epochSeconds } from '../../../http/fields.js';
import type { Key as StoredKey } from '../../keys/key.entity.js';
import { multiRegionKeyType } from '../../keys/multi-region.js';
import type { Replication } from '../../keys/replication.entity.js';
import { presentMpaStatus } from '../mpa/mpa-status.presenter.js';
import type { Key, KeySummary } from './keys.schema.js';

/**
 * Converts a stored key for a response; members that don't apply are omitted.
 *
 * @param replications replications of a primary key, one for each Region
 * @param session approval session of the import
 */
export function presentKey(key: StoredKey, replications: readonly Replication[], session?: ApprovalSession): Key {
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
    ReplicationStatus: replications.length > 0 ? presentStatus(replications) : undefined,
    UsingDefaultReplicationRegions: key.usingDefaultReplicationRegions ?? undefined,
    MpaStatus: session && presentMpaStatus(session),
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
    MultiRegionKeyType: multiRegionKeyType(key),
    PrimaryRegion: key.primaryRegion ?? undefined,
  };
}

function presentStatus(replications: readonly Replication[]): Key['ReplicationStatus'] {
  return Object.fromEntries(
    replications.map(({ region, status, message }) => [
      region,
      { Status: status, StatusMessage: message ?? undefined },
    ]),
  );
}
