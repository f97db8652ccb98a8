import { Column, Entity, ForeignKey, Generated, Index, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

export const REPLICATION_STATES = ['IN_PROGRESS', 'DELETE_IN_PROGRESS', 'FAILED', 'SYNCHRONIZED'] as const;
export type ReplicationState = (typeof REPLICATION_STATES)[number];

/** A Region that a primary key is replicated to: how far that is, and what is to be done for it. */
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

  /** A new and higher number whenever there is something new to do, so that older work can't pass for newer. */
  @Column('bigint')
  @Generated('increment')
  generation!: string;

  /** When it is worked on next; null when there is nothing to do. */
  @Column('timestamp with time zone', { name: 'due_at', precision: 3, nullable: true })
  dueAt!: Date | null;

  /** How often this generation was begun. */
  @Column('integer')
  attempts!: number;
}
