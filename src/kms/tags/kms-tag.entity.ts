import { Column, Entity, ForeignKey, Generated, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { KmsKey } from '../keys/kms-key.entity.js';

@Entity('kms_tags')
@Bound<KmsTag>('keyArn', 'key', 'value')
export class KmsTag {
  @ForeignKey(() => KmsKey, { name: 'kms_tags_key' })
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  value!: string;

  /** Order in which the tags were added, in which KMS lists them. */
  @Column('bigint')
  @Generated('increment')
  sequence!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
