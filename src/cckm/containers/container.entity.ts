import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';

/** A KMS container: the account in some Regions, with ACLs. */
@Entity('cckm_containers')
@Bound<ContainerRow>('id', 'accountId', 'name', 'regions', 'acls', 'isArchived')
@Index('cckm_containers_by_name', ['accountId', 'name'], { unique: true })
export class ContainerRow {
  /** A UUID. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  name!: string;

  /** Region names, separated by commas. */
  @Column('text')
  regions!: string;

  /** Entries as JSON: see Acl. */
  @Column('text')
  acls!: string;

  @Column('boolean', { name: 'is_archived' })
  isArchived!: boolean;

  /** True for the container that Keyblock created at its first start. */
  @Column('boolean', { name: 'auto_added' })
  autoAdded!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
