import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

export const SESSION_STATES = ['PENDING', 'APPROVED', 'FAILED', 'CANCELLED', 'EXECUTED'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** A request for the approval of one call. */
@Entity('approval_sessions')
@Bound<ApprovalSession>(
  'id',
  'accountId',
  'region',
  'teamArn',
  'teamVersion',
  'api',
  'operation',
  'guard',
  'guardVersion',
  'subject',
  'requesterId',
  'requesterArn',
  'requestHash',
  'details',
  'comment',
  'input',
  'state',
  'statusMessage',
  'breakGlassReason',
  'createdAt',
  'expiresAt',
  'approvedUntil',
  'endedAt',
  'version',
)
@Index('approval_sessions_by_request', ['teamArn', 'requestHash'])
@Index('approval_sessions_by_subject', ['subject'], { where: '"subject" IS NOT NULL' })
@Index('approval_sessions_live', ['state'], { where: `"state" IN ('PENDING', 'APPROVED')` })
export class ApprovalSession {
  /** Random, 26 letters and digits. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  /** Region of the team. */
  @Column('text')
  region!: string;

  @Column('text', { name: 'team_arn' })
  teamArn!: string;

  @Column('integer', { name: 'team_version' })
  teamVersion!: number;

  /** `name` of the API of the operation. */
  @Column('text')
  api!: string;

  @Column('text')
  operation!: string;

  /** The guard that required the session; null if the team is required independently of guards. */
  @Column('text', { nullable: true })
  guard!: string | null;

  @Column('integer', { name: 'guard_version', nullable: true })
  guardVersion!: number | null;

  /** The change that the service makes itself once the session is approved; null if the requester repeats the call. */
  @Column('text', { nullable: true })
  subject!: string | null;

  /** Unique id of the principal behind the requester: see `personOf`. */
  @Column('text', { name: 'requester_id' })
  requesterId!: string;

  @Column('text', { name: 'requester_arn' })
  requesterArn!: string;

  /** SHA-256 of the approved request, in hexadecimal. */
  @Column('text', { name: 'request_hash' })
  requestHash!: string;

  /** The details that approvers see, as JSON: see SessionDetails. */
  @Column('text')
  details!: string;

  @Column('text', { nullable: true })
  comment!: string | null;

  /** The input and origin of a call that the service executes, as JSON; it has no secret. */
  @Column('text', { nullable: true })
  input!: string | null;

  @Column('text')
  state!: SessionState;

  @Column('text', { name: 'status_message', nullable: true })
  statusMessage!: string | null;

  @Column('text', { name: 'break_glass_reason', nullable: true })
  breakGlassReason!: string | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;

  /** Time until which an approved call can be repeated. */
  @Column('timestamp with time zone', { name: 'approved_until', precision: 3, nullable: true })
  approvedUntil!: Date | null;

  @Column('timestamp with time zone', { name: 'ended_at', precision: 3, nullable: true })
  endedAt!: Date | null;

  @Column('integer')
  version!: number;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}

/** The id of a session in the admin API: the team's name and the session's own id. */
export function sessionId({ teamArn, id }: Pick<ApprovalSession, 'teamArn' | 'id'>): string {
  return `${teamArn.slice(teamArn.lastIndexOf('/') + 1)}:${id}`;
}

/** The ARN of a session, as the model of Payment Cryptography has it. */
export function sessionArn({ teamArn, id }: Pick<ApprovalSession, 'teamArn' | 'id'>): string {
  return `${teamArn.replace(':approval-team/', ':session/')}/${id}`;
}
