import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { PrincipalRow } from './principal.entity.js';

/** A policy of a user or a role. */
@Entity('principal_policies')
export class PrincipalPolicy {
  @PrimaryColumn('text', { name: 'principal_arn' })
  @ForeignKey(() => PrincipalRow, { name: 'principal_policies_principal', onDelete: 'CASCADE' })
  principalArn!: string;

  @PrimaryColumn('text')
  name!: string;

  /** The policy as it was written. */
  @Column('text')
  document!: string;
}
