import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Key } from './key.entity.js';

/** A tag of a key. */
@Entity('tags')
@Bound<Tag>('keyArn', 'key', 'value')
export class Tag {
  @PrimaryColumn('text', { name: 'key_arn' })
  @ForeignKey(() => Key, { name: 'tags_key' })
  keyArn!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  value!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
