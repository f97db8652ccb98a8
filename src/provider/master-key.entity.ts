import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * A master key that material is, or was, sealed under. One is ACTIVE: all that is written is sealed under it. While it takes the
 * place of another, that one is RETIRING, and each is wrapped under the other for nodes that have only one of them.
 */
@Entity('master_key')
@Index('master_key_in_use', ['state'], { unique: true, where: `"state" <> 'RETIRED'` })
export class MasterKeyRow {
  @PrimaryColumn('text')
  id!: string;

  /** A value that only this key opens. */
  @Column('bytea', { name: 'check_value' })
  checkValue!: Buffer;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('text')
  state!: 'ACTIVE' | 'RETIRING' | 'RETIRED';

  /** The key itself under the other one, during a rotation only. */
  @Column('bytea', { nullable: true })
  wrapped!: Buffer | null;

  @Column('timestamp with time zone', { name: 'retired_at', precision: 3, nullable: true })
  retiredAt!: Date | null;
}
