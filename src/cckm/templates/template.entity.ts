import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';

/** A template for key policies. */
@Entity('cckm_templates')
@Bound<TemplateRow>('id', 'accountId', 'name', 'policy')
@Index('cckm_templates_by_name', ['accountId', 'name'], { unique: true })
export class TemplateRow {
  /** A UUID. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  name!: string;

  /** Name of the container that the template was created for. */
  @Column('text')
  kms!: string;

  /** JSON of the policy. */
  @Column('text')
  policy!: string;

  /** Lists from which the policy was built, as JSON. */
  @Column('text')
  grantees!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3 })
  updatedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
