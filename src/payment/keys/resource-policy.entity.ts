import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

/** The policy of a key, at most one; a deleted key has none. */
@Entity('resource_policies')
export class ResourcePolicy {
  @PrimaryColumn('text', { name: 'key_arn' })
  @ForeignKey(() => Key, { name: 'resource_policies_key' })
  keyArn!: string;

  /** As the caller wrote it. */
  @Column('text')
  policy!: string;
}
