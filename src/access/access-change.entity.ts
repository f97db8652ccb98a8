import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';

/** The last time that a caller created another user, or changed its policies, access keys or password. */
@Entity('access_changes')
@Bound<AccessChange>('principalId', 'changedBy', 'changedAt')
export class AccessChange {
  /** Unique id of the user that was changed. */
  @PrimaryColumn('text', { name: 'principal_id' })
  principalId!: string;

  /** Unique id of the caller. */
  @PrimaryColumn('text', { name: 'changed_by' })
  changedBy!: string;

  @Column('timestamp with time zone', { name: 'changed_at', precision: 3 })
  changedAt!: Date;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
