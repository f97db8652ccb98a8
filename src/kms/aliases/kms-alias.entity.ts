import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { KmsKey } from '../keys/kms-key.entity.js';

/** A name for one key, unique in an account and Region. */
@Entity('kms_aliases')
@Bound<KmsAlias>('accountId', 'region', 'name', 'keyArn', 'createdAt', 'updatedAt')
@Index('kms_aliases_by_key', ['keyArn', 'name'])
export class KmsAlias {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  /** `alias/…` */
  @PrimaryColumn('text')
  name!: string;

  @ForeignKey(() => KmsKey, { name: 'kms_aliases_key' })
  @Column('text', { name: 'key_arn' })
  keyArn!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
