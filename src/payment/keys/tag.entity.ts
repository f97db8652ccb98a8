import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

/** A tag of a key. */
@Entity('tags')
export class Tag {
  @PrimaryColumn('text', { name: 'key_arn' })
  @ForeignKey(() => Key, { name: 'tags_key' })
  keyArn!: string;

  @PrimaryColumn('text')
  key!: string;

  @Column('text')
  value!: string;
}
