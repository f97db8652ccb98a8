import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

export type PrincipalKind = 'user' | 'role';

/** Returns the ARN of a user or a role. */
export function arnOfPrincipal(accountId: string, kind: PrincipalKind, name: string): string {
  return `arn:aws:iam::${accountId}:${kind}/${name}`;
}

/** A user or a role of the account. */
@Entity('principals')
@Bound<PrincipalRow>('arn', 'accountId', 'kind', 'name', 'uniqueId', 'createdAt')
export class PrincipalRow {
  /** `arn:aws:iam::<account>:user/<name>` or `role/<name>` */
  @PrimaryColumn('text')
  arn!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  kind!: PrincipalKind;

  @Column('text')
  name!: string;

  /** AIDA… or AROA…, never reused, not even for a later principal of the same name. */
  @Column('text', { name: 'unique_id' })
  uniqueId!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
