import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { KmsKey } from '../keys/kms-key.entity.js';

/** Constraints on the calls that a grant allows: `Constraints` of CreateGrant. */
export interface GrantConstraints {
  EncryptionContextSubset?: Record<string, string>;
  EncryptionContextEquals?: Record<string, string>;
  SourceArn?: string;
}

/** A permission to use a key, given to one principal. */
@Entity('kms_grants')
@Bound<KmsGrant>(
  'keyArn',
  'grantId',
  'name',
  'granteePrincipal',
  'retiringPrincipal',
  'operations',
  'constraints',
  'createdAt',
)
@Index('kms_grants_by_key_grantee', ['keyArn', 'granteePrincipal'])
@Index('kms_grants_by_key_sequence', ['keyArn', 'sequence'])
@Index('kms_grants_by_retiring_principal', ['retiringPrincipal', 'sequence'])
export class KmsGrant {
  @ForeignKey(() => KmsKey, { name: 'kms_grants_key' })
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  /** 64 hexadecimal digits. */
  @PrimaryColumn('text', { name: 'grant_id' })
  grantId!: string;

  /** Order of creation, by which lists are paged. */
  @Column('bigint')
  @Generated('increment')
  sequence!: string;

  @Column('text', { nullable: true })
  name!: string | null;

  /** An ARN, or the name of a service. */
  @Column('text', { name: 'grantee_principal' })
  granteePrincipal!: string;

  @Column('text', { name: 'retiring_principal', nullable: true })
  retiringPrincipal!: string | null;

  /** Names of operations, in the order of the request, separated by commas. */
  @Column('simple-array')
  operations!: string[];

  /** JSON, with sorted names; null for none. */
  @Column('text', { nullable: true })
  constraints!: string | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
