import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

export type VoteDecision = 'APPROVE' | 'DENY';

/** The vote of an approver in a session; a later vote replaces it. */
@Entity('approval_votes')
@Bound<ApprovalVote>('sessionId', 'voterId', 'voterArn', 'decision', 'requestHash', 'comment', 'votedAt')
export class ApprovalVote {
  @PrimaryColumn('text', { name: 'session_id' })
  sessionId!: string;

  /** Unique id of the user. */
  @PrimaryColumn('text', { name: 'voter_id' })
  voterId!: string;

  @Column('text', { name: 'voter_arn' })
  voterArn!: string;

  @Column('text')
  decision!: VoteDecision;

  /** The hash that the approver has read. */
  @Column('text', { name: 'request_hash' })
  requestHash!: string;

  @Column('text', { nullable: true })
  comment!: string | null;

  @Column('timestamp with time zone', { name: 'voted_at', precision: 3 })
  votedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
