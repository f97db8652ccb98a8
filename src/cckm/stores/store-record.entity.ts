import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { ContainerRow } from '../containers/container.entity.js';

/** CCKM's record of a custom key store. The store itself is read from KMS. */
@Entity('cckm_stores')
@Bound<StoreRecord>('id', 'containerId', 'storeArn')
@Index('cckm_stores_by_container', ['containerId'])
export class StoreRecord {
  /** A UUID that derives from the ARN: see `storeUuid`. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'container_id' })
  @ForeignKey(() => ContainerRow, { name: 'cckm_stores_container' })
  containerId!: string;

  /** Keyblock's name for the store, with its account and Region; AWS has none. */
  @Column('text', { name: 'store_arn' })
  storeArn!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  /** JSON of aws_param as last read, which is shown once KMS no longer has the store. */
  @Column('text')
  snapshot!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
