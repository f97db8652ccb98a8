import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

export type JobKind = 'synchronization' | 'bulk';

/** A job that has ended: jobs run within the request that starts them. */
@Entity('cckm_jobs')
@Index('cckm_jobs_by_kind', ['kind', 'createdAt'])
export class JobRow {
  /** A UUID. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  kind!: JobKind;

  /** ARN of the user who started it, and the only one who sees it. */
  @Column('text', { name: 'principal_arn' })
  principalArn!: string;

  /** JSON of what it did. */
  @Column('text')
  document!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
