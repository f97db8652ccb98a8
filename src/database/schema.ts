import { ContainerRow } from '../cckm/containers/container.entity.js';
import { JobRow } from '../cckm/jobs/job.entity.js';
import { KeyRecord } from '../cckm/keys/key-record.entity.js';
import { StoreRecord } from '../cckm/stores/store-record.entity.js';
import { TemplateRow } from '../cckm/templates/template.entity.js';
import { RefreshTokenRow } from '../cckm/tokens/refresh-token.entity.js';
import { PasswordRow } from '../access/password.entity.js';
import { AccessChange } from '../access/access-change.entity.js';
import { AccessKeyRow } from '../access/access-key.entity.js';
import { PrincipalPolicy } from '../access/principal-policy.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { ApprovalGuard } from '../approvals/approval-guard.entity.js';
import { ApprovalSession } from '../approvals/approval-session.entity.js';
import { ApprovalTeam } from '../approvals/approval-team.entity.js';
import { ApprovalVote } from '../approvals/approval-vote.entity.js';
import { DatabaseClockRow, DestructionHold } from '../changes/destruction-hold.entity.js';
import { KmsAlias } from '../kms/aliases/kms-alias.entity.js';
import { KmsGrant } from '../kms/grants/kms-grant.entity.js';
import { KmsWrappingKey } from '../kms/import/kms-wrapping-key.entity.js';
import { KmsKey } from '../kms/keys/kms-key.entity.js';
import { KmsMaterial } from '../kms/materials/kms-material.entity.js';
import { KmsCustomKeyStore } from '../kms/stores/kms-custom-key-store.entity.js';
import { KmsTokenKeyRemoval } from '../kms/stores/kms-token-key-removal.entity.js';
import { KmsTag } from '../kms/tags/kms-tag.entity.js';
import { KmsKeyUsage } from '../kms/usage/kms-key-usage.entity.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { DefaultReplicationRegion } from '../payment/keys/default-replication-region.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { PublicKeyCertificate } from '../payment/keys/public-key-certificate.entity.js';
import { Replication } from '../payment/keys/replication.entity.js';
import { ResourcePolicy } from '../payment/keys/resource-policy.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { VerificationFailures } from '../payment/dataplane/verification/verification-failures.entity.js';
import { MasterKeyEnvelope } from '../provider/master-key-envelope.entity.js';
import { MasterKeyRow } from '../provider/master-key.entity.js';
import { AuditSigningKeyRow } from '../provider/audit-signing-key.entity.js';
import { ServiceSecretRow } from '../provider/service-secret.entity.js';
import { XksCredentialRow } from '../xks-proxy/xks-credential.entity.js';
import { XksKey } from '../xks-proxy/xks-key.entity.js';
import { Keys1790000000000 } from './migrations/1790000000000-keys.js';
import { KeyResources1790000000001 } from './migrations/1790000000001-key-resources.js';
import { Replication1790000000002 } from './migrations/1790000000002-replication.js';
import { KeyLists1790000000005 } from './migrations/1790000000005-key-lists.js';
import { KeyExchange1790000000010 } from './migrations/1790000000010-key-exchange.js';
import { KeyAuthorities1790000000012 } from './migrations/1790000000012-key-authorities.js';
import { Access1790000000020 } from './migrations/1790000000020-access.js';
import { ServiceSecrets1790000000030 } from './migrations/1790000000030-service-secrets.js';
import { Audit1790000000040 } from './migrations/1790000000040-audit.js';
import { MasterKeyRotation1790000000060 } from './migrations/1790000000060-master-key-rotation.js';
import { DefaultRegionOrder1790000000065 } from './migrations/1790000000065-default-region-order.js';
import { ChangeEpoch1790000000066 } from './migrations/1790000000066-change-epoch.js';
import { AuditChainSet1790000000070 } from './migrations/1790000000070-audit-chain-set.js';
import { VerificationFailures1790000000075 } from './migrations/1790000000075-verification-failures.js';
import { DestructionHolds1790000000076 } from './migrations/1790000000076-destruction-holds.js';
import { BoundRows1790000000080 } from './migrations/1790000000080-bound-rows.js';
import { Kms1790000000090 } from './migrations/1790000000090-kms.js';
import { MasterKeyEnvelopes1790000000095 } from './migrations/1790000000095-master-key-envelopes.js';
import { CustomKeyStores1790000000096 } from './migrations/1790000000096-custom-key-stores.js';
import { XksProxy1790000000100 } from './migrations/1790000000100-xks-proxy.js';
import { Cckm1790000000110 } from './migrations/1790000000110-cckm.js';
import { CckmStores1790000000111 } from './migrations/1790000000111-cckm-stores.js';
import { AuditTimes1790000000130 } from './migrations/1790000000130-audit-times.js';
import { AuditVerification1790000000131 } from './migrations/1790000000131-audit-verification.js';
import { Nodes1790000000132 } from './migrations/1790000000132-nodes.js';
import { KeyUse1790000000133 } from './migrations/1790000000133-key-use.js';
import { Rates1790000000134 } from './migrations/1790000000134-rates.js';
import { ListenerReports1790000000141 } from './migrations/1790000000141-listener-reports.js';
import { AuditSigningKeys1790000000142 } from './migrations/1790000000142-audit-signing-keys.js';
import { AuditPartitions1790000000143 } from './migrations/1790000000143-audit-partitions.js';
import { AuditSegments1790000000144 } from './migrations/1790000000144-audit-segments.js';
import { AuditStreams1790000000145 } from './migrations/1790000000145-audit-streams.js';
import { Approvals1790000000150 } from './migrations/1790000000150-approvals.js';
import { AccessChanges1790000000151 } from './migrations/1790000000151-access-changes.js';
import { SessionStarters1790000000175 } from './migrations/1790000000175-session-starters.js';

/** The entities of all tables. */
export const ENTITIES = [
  MasterKeyRow,
  MasterKeyEnvelope,
  ServiceSecretRow,
  AuditSigningKeyRow,
  Key,
  Alias,
  Tag,
  ResourcePolicy,
  Replication,
  DefaultReplicationRegion,
  CertificateAuthority,
  ExchangeToken,
  PublicKeyCertificate,
  VerificationFailures,
  KmsKey,
  KmsMaterial,
  KmsCustomKeyStore,
  KmsTokenKeyRemoval,
  KmsWrappingKey,
  KmsAlias,
  KmsTag,
  KmsGrant,
  KmsKeyUsage,
  XksCredentialRow,
  XksKey,
  DatabaseClockRow,
  DestructionHold,
  PrincipalRow,
  PrincipalPolicy,
  AccessKeyRow,
  AccessChange,
  PasswordRow,
  RefreshTokenRow,
  ContainerRow,
  KeyRecord,
  StoreRecord,
  TemplateRow,
  JobRow,
  ApprovalTeam,
  ApprovalGuard,
  ApprovalSession,
  ApprovalVote,
];

/** The migrations, in the order in which they run. */
export const MIGRATIONS = [
  Keys1790000000000,
  KeyResources1790000000001,
  Replication1790000000002,
  KeyLists1790000000005,
  KeyExchange1790000000010,
  KeyAuthorities1790000000012,
  Access1790000000020,
  ServiceSecrets1790000000030,
  Audit1790000000040,
  MasterKeyRotation1790000000060,
  DefaultRegionOrder1790000000065,
  ChangeEpoch1790000000066,
  AuditChainSet1790000000070,
  VerificationFailures1790000000075,
  DestructionHolds1790000000076,
  BoundRows1790000000080,
  Kms1790000000090,
  MasterKeyEnvelopes1790000000095,
  CustomKeyStores1790000000096,
  XksProxy1790000000100,
  Cckm1790000000110,
  CckmStores1790000000111,
  AuditTimes1790000000130,
  AuditVerification1790000000131,
  Nodes1790000000132,
  KeyUse1790000000133,
  Rates1790000000134,
  ListenerReports1790000000141,
  AuditSigningKeys1790000000142,
  AuditPartitions1790000000143,
  AuditSegments1790000000144,
  AuditStreams1790000000145,
  Approvals1790000000150,
  AccessChanges1790000000151,
  SessionStarters1790000000175,
];
