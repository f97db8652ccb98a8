import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Sealed } from '../../provider/sealed.js';
import { KmsKey } from '../keys/kms-key.entity.js';
import type { WrappingAlgorithm } from './wrapping-algorithms.js';

/**
 * An RSA key pair that wraps key material for import into one KMS key. All its attributes are bound to `sealed`, the
 * private key as PKCS#8 in DER.
 */
@Entity('kms_wrapping_keys')
@Sealed((row: Pick<KmsWrappingKey, 'id' | 'keyArn' | 'algorithm' | 'validTo'>) => [
  'kms wrapping key',
  row.id,
  row.keyArn,
  row.algorithm,
  row.validTo,
])
@Index('kms_wrapping_keys_by_key', ['keyArn'])
@Index('kms_wrapping_keys_by_expiry', ['validTo'])
export class KmsWrappingKey {
  /** A UUID, which the import token names. */
  @PrimaryColumn('text')
  id!: string;

  @ForeignKey(() => KmsKey, { name: 'kms_wrapping_keys_key', onDelete: 'CASCADE' })
  @Column('text', { name: 'key_arn' })
  keyArn!: string;

  @Column('text')
  algorithm!: WrappingAlgorithm;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'valid_to', precision: 3 })
  validTo!: Date;

  @Column('bytea')
  sealed!: Buffer;
}
