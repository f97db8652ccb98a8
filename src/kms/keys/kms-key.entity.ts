import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import type { KeyOrigin, KeySpec, KeyUsage } from './key-specs.js';

/** A KMS key in one Region. Its materials are rows of their own; its state is computed: see stateOf. */
@Entity('kms_keys')
@Bound<KmsKey>(
  'arn',
  'accountId',
  'region',
  'keyId',
  'spec',
  'usage',
  'origin',
  'enabled',
  'policy',
  'createdAt',
  'primaryRegion',
  'deletionDate',
  'pendingWindowDays',
  'creatingUntil',
  'updatingUntil',
  'rotationPeriodDays',
  'nextRotationAt',
  'publicKey',
  'customKeyStoreId',
  'xksKeyId',
)
@Index('kms_keys_by_account_region_key_id', ['accountId', 'region', 'keyId'], { unique: true })
@Index('kms_keys_related', ['keyId'])
@Index('kms_keys_by_deletion', ['deletionDate'], { where: '"deletion_date" IS NOT NULL' })
@Index('kms_keys_by_custom_key_store', ['customKeyStoreId'], { where: '"custom_key_store_id" IS NOT NULL' })
@Index('kms_keys_by_rotation', ['nextRotationAt'], { where: '"next_rotation_at" IS NOT NULL' })
export class KmsKey {
  @PrimaryColumn('text')
  arn!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  /** A UUID, or `mrk-…`, which related keys in several Regions share. */
  @Column('text', { name: 'key_id' })
  keyId!: string;

  @Column('text')
  spec!: KeySpec;

  @Column('text')
  usage!: KeyUsage;

  @Column('text')
  origin!: KeyOrigin;

  @Column('text')
  description!: string;

  /** Set by EnableKey and DisableKey. The state of the key depends on more than this. */
  @Column('boolean')
  enabled!: boolean;

  /** The key policy, unmodified. */
  @Column('text')
  policy!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** The Region of the primary key of a multi-Region key; null for a single-Region key. */
  @Column('text', { name: 'primary_region', nullable: true })
  primaryRegion!: string | null;

  /** End of the waiting period of a key that is pending deletion. */
  @Column('timestamp with time zone', { name: 'deletion_date', precision: 3, nullable: true })
  deletionDate!: Date | null;

  /** Length of the waiting period, from ScheduleKeyDeletion on; without a date, it waits for the deletion of the replicas. */
  @Column('integer', { name: 'pending_window_days', nullable: true })
  pendingWindowDays!: number | null;

  @Column('timestamp with time zone', { name: 'creating_until', precision: 3, nullable: true })
  creatingUntil!: Date | null;

  @Column('timestamp with time zone', { name: 'updating_until', precision: 3, nullable: true })
  updatingUntil!: Date | null;

  /** Days between automatic rotations; null while they are off. */
  @Column('integer', { name: 'rotation_period_days', nullable: true })
  rotationPeriodDays!: number | null;

  @Column('timestamp with time zone', { name: 'next_rotation_at', precision: 3, nullable: true })
  nextRotationAt!: Date | null;

  /** SubjectPublicKeyInfo in DER of a key pair that has its material. */
  @Column('bytea', { name: 'public_key', nullable: true })
  publicKey!: Buffer | null;

  /** The custom key store that holds the key; null for a key whose material this service holds. */
  @Column('text', { name: 'custom_key_store_id', nullable: true })
  customKeyStoreId!: string | null;

  /** Id of the external key; null for a key that isn't in an external key store. */
  @Column('text', { name: 'xks_key_id', nullable: true })
  xksKeyId!: string | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}

/** A key that is not stored yet. */
export type NewKmsKey = Omit<KmsKey, 'mac'>;
