import { Column, Entity, Generated, Index, PrimaryColumn } from 'typeorm';
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

/** A stored key. `sealed` is its material under the master key; CryptoProvider alone opens it. */
@Entity('keys')
@Index('keys_by_account_region_sequence', ['accountId', 'region', 'sequence'], { unique: true })
@Index('keys_by_deletion', ['deletePendingAt'], { where: `"state" = 'DELETE_PENDING'` })
export class Key {
  @PrimaryColumn('text')
  arn!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  /** Order of creation, by which lists are paged. */
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

  /** Null when the key is deleted. Not read unless asked for. */
  @Column('bytea', { nullable: true, select: false })
  sealed!: Buffer | null;
}
