import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { ContainerRow } from '../containers/container.entity.js';

/** CCKM's record of a KMS key. The key itself is read from KMS. */
@Entity('cckm_keys')
@Bound<KeyRecord>('id', 'containerId', 'keyArn')
@Index('cckm_keys_by_arn', ['keyArn'], { unique: true })
@Index('cckm_keys_by_container', ['containerId'])
export class KeyRecord {
  /** A UUID, which isn't the id of the KMS key. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'container_id' })
  @ForeignKey(() => ContainerRow, { name: 'cckm_keys_container' })
  containerId!: string;

  @Column('text', { name: 'key_arn' })
  keyArn!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  @Column('timestamp with time zone', { name: 'synced_at', precision: 3 })
  syncedAt!: Date;

  /** JSON of aws_param as last read, which is shown once KMS no longer has the key. */
  @Column('text')
  snapshot!: string;

  /** JSON of Details. */
  @Column('text')
  details!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
