import { Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Sealed } from '../../provider/sealed.js';
import type {
  DeriveKeyUsage,
  KeyAlgorithm,
  KeyCheckValueAlgorithm,
  KeyClass,
  KeyMode,
  KeyModesOfUse,
  KeyOrigin,
  KeyState,
  KeyUsage,
} from './key-attributes.js';
import { modeNames, modesOfUse } from './key-rules.js';

const modes = {
  to: (value: KeyModesOfUse) => modeNames(value).join(),
  from: (value: string) => Object.freeze(modesOfUse(value.split(',') as KeyMode[])),
};

/**
 * SQL condition for an enabled public key of a certificate authority; the index `keys_authorities` has the same
 * condition.
 */
export const IS_AUTHORITY = `"class" = 'PUBLIC_KEY' AND "usage" = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' AND "enabled"`;

/** The values that a key's material is bound to: the key no longer opens if one of them is changed in the database. */
export type KeyIdentity = Pick<
  Key,
  'arn' | 'class' | 'usage' | 'algorithm' | 'modes' | 'deriveKeyUsage' | 'exportable' | 'kcv' | 'kcvAlgorithm'
>;

/** A stored key. `sealed` is its material under the master key, which only CryptoProvider opens. */
@Entity('keys')
@Bound<Key>(
  'arn',
  'accountId',
  'region',
  'class',
  'usage',
  'algorithm',
  'modes',
  'deriveKeyUsage',
  'exportable',
  'kcv',
  'kcvAlgorithm',
  'origin',
  'state',
  'enabled',
  'createdAt',
  'usageStartedAt',
  'usageStoppedAt',
  'deletePendingAt',
  'deletedAt',
  'primaryRegion',
  'usingDefaultReplicationRegions',
)
@Sealed((key: KeyIdentity) => [
  key.arn,
  key.class,
  key.usage,
  key.algorithm,
  modeNames(key.modes),
  key.deriveKeyUsage,
  key.exportable,
  key.kcv,
  key.kcvAlgorithm,
])
@Index('keys_by_account_region_sequence', ['accountId', 'region', 'sequence'], { unique: true })
@Index('keys_by_account_region_state_sequence', ['accountId', 'region', 'state', 'sequence'])
@Index('keys_authorities', ['accountId', 'region'], { where: IS_AUTHORITY })
@Index('keys_by_deletion', ['deletePendingAt'], { where: `"state" = 'DELETE_PENDING'` })
export class Key {
  @PrimaryColumn('text')
  arn!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  /**
   * Order of creation, by which lists are paged. A transaction with a lower number may still be uncommitted, unless
   * LOCKS.keyOrder is held exclusively.
   */
  @Column('bigint')
  @Generated('increment')
  sequence!: string;

  @Column('text')
  class!: KeyClass;

  @Column('text')
  usage!: KeyUsage;

  @Column('text')
  algorithm!: KeyAlgorithm;

  @Column('text', { transformer: modes })
  modes!: KeyModesOfUse;

  @Column('text', { name: 'derive_key_usage', nullable: true })
  deriveKeyUsage!: DeriveKeyUsage | null;

  @Column('boolean')
  exportable!: boolean;

  @Column('text')
  kcv!: string;

  @Column('text', { name: 'kcv_algorithm' })
  kcvAlgorithm!: KeyCheckValueAlgorithm;

  @Column('text')
  origin!: KeyOrigin;

  @Column('text')
  state!: KeyState;

  @Column('boolean')
  enabled!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'usage_started_at', precision: 3, nullable: true })
  usageStartedAt!: Date | null;

  @Column('timestamp with time zone', { name: 'usage_stopped_at', precision: 3, nullable: true })
  usageStoppedAt!: Date | null;

  /** Scheduled time of deletion, in state DELETE_PENDING. */
  @Column('timestamp with time zone', { name: 'delete_pending_at', precision: 3, nullable: true })
  deletePendingAt!: Date | null;

  @Column('timestamp with time zone', { name: 'deleted_at', precision: 3, nullable: true })
  deletedAt!: Date | null;

  /** The Region of the primary key of a multi-Region key; the key's own Region for the primary key. */
  @Column('text', { name: 'primary_region', nullable: true })
  primaryRegion!: string | null;

  /** True if a primary key is replicated to the default Regions of its account; null if that was never decided. */
  @Column('boolean', { name: 'using_default_replication_regions', nullable: true })
  usingDefaultReplicationRegions!: boolean | null;

  /** Null when the key is deleted. Queries must select it explicitly. */
  @Column('bytea', { nullable: true, select: false })
  sealed!: Buffer | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}

/** A key that is not stored yet: without a sequence and replicas. */
export type NewKey = Omit<Key, 'sequence' | 'mac' | 'primaryRegion' | 'usingDefaultReplicationRegions'>;
