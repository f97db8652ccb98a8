import { Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';
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

/** A public key that vouches for others and is in use, in SQL: an index of its own finds the few among all keys. */
export const IS_AUTHORITY = `"class" = 'PUBLIC_KEY' AND "usage" = 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' AND "enabled"`;

/** The values that a key's material is bound to: none of them can be changed in the database without losing the key. */
export type KeyIdentity = Pick<
  Key,
  'arn' | 'class' | 'usage' | 'algorithm' | 'modes' | 'deriveKeyUsage' | 'exportable' | 'kcv' | 'kcvAlgorithm'
>;

/** A stored key. `sealed` is its material under the master key; CryptoProvider alone opens it. */
@Entity('keys')
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

  /** Order of creation, by which lists are paged; not to be relied on without LOCKS.keyOrder. */
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

  /** The planned time of deletion, while it is pending. */
  @Column('timestamp with time zone', { name: 'delete_pending_at', precision: 3, nullable: true })
  deletePendingAt!: Date | null;

  @Column('timestamp with time zone', { name: 'deleted_at', precision: 3, nullable: true })
  deletedAt!: Date | null;

  /** Of a multi-Region key: where its primary key is, which is this Region for the primary key itself. */
  @Column('text', { name: 'primary_region', nullable: true })
  primaryRegion!: string | null;

  /** Whether a primary key goes where new keys go by default; null where nobody ever decided. */
  @Column('boolean', { name: 'using_default_replication_regions', nullable: true })
  usingDefaultReplicationRegions!: boolean | null;

  /** Null when the key is deleted. Not read unless asked for. */
  @Column('bytea', { nullable: true, select: false })
  sealed!: Buffer | null;
}

/** A key that has no place in the order of creation yet, and no replicas. */
export type NewKey = Omit<Key, 'sequence' | 'primaryRegion' | 'usingDefaultReplicationRegions'>;
