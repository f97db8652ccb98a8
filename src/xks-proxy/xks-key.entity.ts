import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

export type XksUsage = 'ENCRYPT' | 'DECRYPT';

/** A KMS key that an operator has released to a prefix of the XKS proxy. Without this row the proxy doesn't know the key. */
@Entity('xks_keys')
@Bound<XksKey>('accountId', 'prefix', 'xksKeyId', 'keyArn', 'canEncrypt', 'canDecrypt', 'createdAt')
@Index('xks_keys_by_key', ['keyArn'], { unique: true })
export class XksKey {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  prefix!: string;

  /** The name of the key in paths and in AWS KMS: 1 to 128 characters. */
  @PrimaryColumn('text', { name: 'xks_key_id' })
  xksKeyId!: string;

  /** The key itself may be deleted before this row: KMS keys don't know of the proxy. */
  @Column('text', { name: 'key_arn' })
  keyArn!: string;

  @Column('boolean', { name: 'can_encrypt' })
  canEncrypt!: boolean;

  @Column('boolean', { name: 'can_decrypt' })
  canDecrypt!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}

/** Returns the usages that a key is released for. */
export function usagesOf({ canEncrypt, canDecrypt }: XksKey): XksUsage[] {
  return [...(canEncrypt ? ['ENCRYPT' as const] : []), ...(canDecrypt ? ['DECRYPT' as const] : [])];
}
