import { Column, Entity, Generated, PrimaryColumn } from 'typeorm';

/** A Region that new keys of an account and Region are replicated to by default. */
@Entity('default_replication_regions')
export class DefaultReplicationRegion {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  @PrimaryColumn('text', { name: 'replication_region' })
  replicationRegion!: string;

  /** Order in which Regions were enabled. */
  @Column('bigint')
  @Generated('increment')
  sequence!: string;
}
