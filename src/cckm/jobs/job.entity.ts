import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** `synchronization` is of keys, `stores` of custom key stores. */
export type JobKind = 'synchronization' | 'stores' | 'bulk';

/** A job, which has ended: jobs run within the request that starts them. */
@Entity('cckm_jobs')
@Index('cckm_jobs_by_kind', ['kind', 'createdAt'])
export class JobRow {
  /** A UUID. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  kind!: JobKind;

  /** ARN of the user who started the job; other users don't see the job. */
  @Column('text', { name: 'principal_arn' })
  principalArn!: string;

  /** The outcome, as JSON. */
  @Column('text')
  document!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
