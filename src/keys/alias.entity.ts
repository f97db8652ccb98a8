import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

/** A name for at most one key, unique in an account and Region. */
@Entity('aliases')
export class Alias {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  /** `alias/…` */
  @PrimaryColumn('text')
  name!: string;

  @Index('aliases_by_key')
  @ForeignKey(() => Key, { name: 'aliases_key' })
  @Column('text', { name: 'key_arn', nullable: true })
  keyArn!: string | null;
}
