import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A master key that material is sealed under: its id, and a value that only it opens. */
@Entity('master_key')
export class MasterKeyRow {
  @PrimaryColumn('text')
  id!: string;

  @Column('bytea', { name: 'check_value' })
  checkValue!: Buffer;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
