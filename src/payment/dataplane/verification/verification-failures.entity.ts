import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Number of failed verifications with one key or account number in one time window. */
@Entity('verification_failures')
@Index('verification_failures_ends_at', ['endsAt'])
export class VerificationFailures {
  /** `key:` and an ARN, or `pan:` and a keyed hash. */
  @PrimaryColumn('text')
  subject!: string;

  /** Start of the window, in seconds since 1970. */
  @PrimaryColumn('bigint', { name: 'window_start' })
  windowStart!: string;

  @Column('int')
  failures!: number;

  @Column('timestamptz', { name: 'ends_at' })
  endsAt!: Date;
}
