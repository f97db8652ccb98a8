import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Sealed } from '../../provider/sealed.js';
import { KmsKey } from '../keys/kms-key.entity.js';

export type MaterialState = 'CURRENT' | 'NON_CURRENT' | 'PENDING_ROTATION' | 'PENDING_MULTI_REGION_IMPORT_AND_ROTATION';

/**
 * A material of a KMS key. `sealed` is bound to the key's id without its Region, so that a replica gets a copy: 32 bytes of AES, the
 * bytes of an HMAC key, PKCS#8 in DER of an RSA or elliptic curve key, the seed of an ML-DSA (32 bytes) or ML-KEM key (64 bytes).
 */
@Entity('kms_materials')
@Bound<KmsMaterial>(
  'keyArn',
  'materialId',
  'accountId',
  'keyId',
  'state',
  'rotatedAt',
  'rotationType',
  'isExpiring',
  'validTo',
)
@Sealed((material: Pick<KmsMaterial, 'accountId' | 'keyId' | 'materialId'>) => [
  'kms material',
  material.accountId,
  material.keyId,
  material.materialId,
])
@Index('kms_materials_related', ['keyId'])
@Index('kms_materials_by_expiry', ['validTo'], { where: '"valid_to" IS NOT NULL' })
export class KmsMaterial {
  @ForeignKey(() => KmsKey, { name: 'kms_materials_key' })
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  /** 64 hexadecimal digits: see materialIdOf. */
  @PrimaryColumn('text', { name: 'material_id' })
  materialId!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text', { name: 'key_id' })
  keyId!: string;

  /** Order in which the materials of a key were added. */
  @Column('bigint')
  @Generated('increment')
  sequence!: string;

  @Column('text')
  state!: MaterialState;

  /** Time of the rotation that made it current; null for the first material and for one that waits for a rotation. */
  @Column('timestamp with time zone', { name: 'rotated_at', precision: 3, nullable: true })
  rotatedAt!: Date | null;

  @Column('text', { name: 'rotation_type', nullable: true })
  rotationType!: 'AUTOMATIC' | 'ON_DEMAND' | null;

  @Column('text', { nullable: true })
  description!: string | null;

  /** ExpirationModel of an imported material; null for one that KMS generated, and while it isn't imported. */
  @Column('boolean', { name: 'is_expiring', nullable: true })
  isExpiring!: boolean | null;

  @Column('timestamp with time zone', { name: 'valid_to', precision: 3, nullable: true })
  validTo!: Date | null;

  /** Null once it is deleted. Queries must select it explicitly. */
  @Column('bytea', { nullable: true, select: false })
  sealed!: Buffer | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}

export type NewKmsMaterial = Omit<KmsMaterial, 'sequence' | 'mac'>;
