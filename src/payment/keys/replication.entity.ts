import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

export const REPLICATION_STATES = ['IN_PROGRESS', 'DELETE_IN_PROGRESS', 'FAILED', 'SYNCHRONIZED'] as const;
export type ReplicationState = (typeof REPLICATION_STATES)[number];

/** A Region that a primary key is replicated to, with its status and the work that is due. */
@Entity('replications')
@Index('replications_by_due', ['dueAt', 'generation'], { where: '"due_at" IS NOT NULL' })
export class Replication {
  @PrimaryColumn('text', { name: 'primary_arn' })
  @ForeignKey(() => Key, { name: 'replications_primary' })
  primaryArn!: string;

  @PrimaryColumn('text')
  region!: string;

  @Column('text')
  status!: ReplicationState;

  @Column('text', { nullable: true })
  message!: string | null;

  /** Increases with each request for work, so that older work can't be mistaken for newer. */
  @Column('bigint')
  @Generated('increment')
  generation!: string;

  /** The time of the next attempt; null if no work is due. */
  @Column('timestamp with time zone', { name: 'due_at', precision: 3, nullable: true })
  dueAt!: Date | null;

  /** The number of attempts at this generation. */
  @Column('integer')
  attempts!: number;
}
