import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Key } from './key.entity.js';

/** The resource policy of a key. A deleted key has none. */
@Entity('resource_policies')
@Bound<ResourcePolicy>('keyArn', 'policy')
export class ResourcePolicy {
  @PrimaryColumn('text', { name: 'key_arn' })
  @ForeignKey(() => Key, { name: 'resource_policies_key' })
  keyArn!: string;

  /** JSON, as the caller sent it. */
  @Column('text')
  policy!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
