import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

const ids = { to: (value: readonly string[]) => value.join(), from: (value: string) => value.split(',') };

/** A team of users, some of whom must approve a call before it takes effect. */
@Entity('approval_teams')
@Bound<ApprovalTeam>(
  'arn',
  'accountId',
  'region',
  'name',
  'approvers',
  'minApprovals',
  'sessionSeconds',
  'version',
  'createdAt',
)
export class ApprovalTeam {
  /** `arn:aws:mpa:<region>:<account>:approval-team/<name>` */
  @PrimaryColumn('text')
  arn!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  @Column('text')
  name!: string;

  /** Unique ids of users (AIDA…), which are never reused for a later user of the same name. */
  @Column('text', { transformer: ids })
  approvers!: readonly string[];

  @Column('integer', { name: 'min_approvals' })
  minApprovals!: number;

  /** Time in which the approvers of a session must decide. */
  @Column('integer', { name: 'session_seconds' })
  sessionSeconds!: number;

  /** Increases with every change, which ends the sessions of earlier versions. */
  @Column('integer')
  version!: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
