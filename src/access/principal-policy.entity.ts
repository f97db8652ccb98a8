import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';
import { PrincipalRow } from './principal.entity.js';

/** A policy of a user or a role. */
@Entity('principal_policies')
@Bound<PrincipalPolicy>('principalArn', 'name', 'document')
export class PrincipalPolicy {
  @PrimaryColumn('text', { name: 'principal_arn' })
  @ForeignKey(() => PrincipalRow, { name: 'principal_policies_principal', onDelete: 'CASCADE' })
  principalArn!: string;

  @PrimaryColumn('text')
  name!: string;

  /** JSON of the policy, exactly as the caller wrote it. */
  @Column('text')
  document!: string;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
