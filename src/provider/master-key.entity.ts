import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A master key under which values are or were sealed. One is ACTIVE: every value that is written is sealed under this
 * key. During a rotation, the key that the active one replaces is RETIRING, and each of the two is wrapped under the
 * other for nodes that have only one.
 */
@Entity('master_key')
@Index('master_key_in_use', ['state'], { unique: true, where: `"state" <> 'RETIRED'` })
export class MasterKeyRow {
  @PrimaryColumn('text')
  id!: string;

  /** A sealed value that only this key can open. */
  @Column('bytea', { name: 'check_value' })
  checkValue!: Buffer;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('text')
  state!: 'ACTIVE' | 'RETIRING' | 'RETIRED';

  /** This key, wrapped under the other one; only during a rotation. */
  @Column('bytea', { nullable: true })
  wrapped!: Buffer | null;

  @Column('timestamp with time zone', { name: 'retired_at', precision: 3, nullable: true })
  retiredAt!: Date | null;
}
