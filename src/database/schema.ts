import { AccessKeyRow } from '../access/access-key.entity.js';
import { PrincipalPolicy } from '../access/principal-policy.entity.js';
import { PrincipalRow } from '../access/principal.entity.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import { Alias } from '../payment/keys/alias.entity.js';
import { DefaultReplicationRegion } from '../payment/keys/default-replication-region.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { MpaTeamAssociation } from '../payment/keys/mpa-team-association.entity.js';
import { PublicKeyCertificate } from '../payment/keys/public-key-certificate.entity.js';
import { Replication } from '../payment/keys/replication.entity.js';
import { ResourcePolicy } from '../payment/keys/resource-policy.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { MasterKeyRow } from '../provider/master-key.entity.js';
import { ServiceSecretRow } from '../provider/service-secret.entity.js';
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

/** The entities of all tables. */
export const ENTITIES = [
  MasterKeyRow,
  ServiceSecretRow,
  Key,
  Alias,
  Tag,
  ResourcePolicy,
  MpaTeamAssociation,
  Replication,
  DefaultReplicationRegion,
  CertificateAuthority,
  ExchangeToken,
  PublicKeyCertificate,
  PrincipalRow,
  PrincipalPolicy,
  AccessKeyRow,
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
];
