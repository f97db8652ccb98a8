import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `step`: the database's clock jumped while a process ran. `gap`: no process read the clock for more than an hour. */
export type HoldReason = 'step' | 'gap';

/** A range of due times. Items that are due in it aren't destroyed until the hold ends. */
@Entity('destruction_holds')
export class DestructionHold {
  @PrimaryColumn('text')
  reason!: HoldReason;

  /** Beginning of the range, exclusive. */
  @Column('timestamp with time zone', { name: 'due_after', precision: 3 })
  dueAfter!: Date;

  /** End of the range, inclusive. */
  @Column('timestamp with time zone', { name: 'due_until', precision: 3 })
  dueUntil!: Date;

  @Column('timestamp with time zone', { name: 'began_at', precision: 3 })
  beganAt!: Date;
}

/** The only row of its table: the last time that a process read from the database's clock. */
@Entity('database_clock')
export class DatabaseClockRow {
  @PrimaryColumn('boolean')
  id!: true;

  @Column('timestamp with time zone', { name: 'seen_at', precision: 3 })
  seenAt!: Date;
}

/**
 * SQL that is true unless the destruction of a row is on hold.
 *
 * @param due the column with the time at which the row is due
 */
export function isNotHeld(due: string): string {
  return `NOT EXISTS (SELECT FROM destruction_holds hold WHERE ${due} > hold.due_after AND ${due} <= hold.due_until)`;
}
