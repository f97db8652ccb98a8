import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

/** The rule that a team must approve an operation in an account and Region. */
@Entity('approval_guards')
@Bound<ApprovalGuard>('accountId', 'region', 'operation', 'teamArn', 'condition', 'version', 'createdAt')
export class ApprovalGuard {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  /** Name of an operation, or IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE for the association of an MPA team. */
  @PrimaryColumn('text')
  operation!: string;

  @Column('text', { name: 'team_arn' })
  teamArn!: string;

  /** Condition block of the policy language as JSON; null if the guard applies to every call. */
  @Column('text', { nullable: true })
  condition!: string | null;

  @Column('integer')
  version!: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
