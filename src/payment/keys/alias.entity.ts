import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Key } from './key.entity.js';

/** A name for at most one key, unique in an account and Region. */
@Entity('aliases')
@Bound<Alias>('accountId', 'region', 'name', 'keyArn')
@Index('aliases_by_key', ['keyArn', 'name'])
export class Alias {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  /** `alias/…` */
  @PrimaryColumn('text')
  name!: string;

  @ForeignKey(() => Key, { name: 'aliases_key' })
  @Column('text', { name: 'key_arn', nullable: true })
  keyArn!: string | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
