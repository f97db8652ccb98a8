import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

/** Time in which a change keeps the two from approving each other's requests. */
export const CHANGE_COUNTS_MS = 7 * 86_400_000;

/** The last time that someone created another user or role, or changed its policies, access keys or password. */
@Entity('access_changes')
@Bound<AccessChange>('principalId', 'changedBy', 'changedAt')
export class AccessChange {
  /** Unique id of the user or role that was changed. */
  @PrimaryColumn('text', { name: 'principal_id' })
  principalId!: string;

  /** Unique id of the principal behind the call: see `personOf`. */
  @PrimaryColumn('text', { name: 'changed_by' })
  changedBy!: string;

  @Column('timestamp with time zone', { name: 'changed_at', precision: 3 })
  changedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
