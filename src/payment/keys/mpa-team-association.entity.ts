import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The operations that need a team's approval. */
export const MPA_OPERATIONS = ['IMPORT_ROOT_PUBLIC_KEY_CERTIFICATE'] as const;
export type MpaOperation = (typeof MPA_OPERATIONS)[number];

export const ASSOCIATION_STATES = ['ACTIVE', 'UPDATE_PENDING', 'DELETE_PENDING'] as const;
export type AssociationState = (typeof ASSOCIATION_STATES)[number];

/** The team that approves an operation in an account and Region. */
@Entity('mpa_team_associations')
export class MpaTeamAssociation {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  @PrimaryColumn('text')
  action!: MpaOperation;

  @Column('text', { name: 'team_arn' })
  teamArn!: string;

  @Column('text')
  state!: AssociationState;

  /** Requested new team, in state UPDATE_PENDING. */
  @Column('text', { name: 'requested_team_arn', nullable: true })
  requestedTeamArn!: string | null;
}
