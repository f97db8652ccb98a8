import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import type { DatabaseTime } from './database-time.js';
import { DatabaseClockRow, DestructionHold, type HoldReason } from './destruction-hold.entity.js';
import { Rounds } from './rounds.js';

const INTERVAL_MS = 60_000;
const HOUR_MS = 3_600_000;
/**
 * The largest tolerated step of the database's clock, compared with the monotonic one. A larger step puts all
 * destruction on hold.
 */
const MAX_STEP_MS = 60_000;
/**
 * The longest tolerated time without a running process. After a longer one, everything that fell due in the gap is put
 * on hold.
 */
const MAX_GAP_MS = HOUR_MS;
/** The time for which a process must run until a hold ends by itself. */
const HOLD_MS = 24 * HOUR_MS;

const CONFIRM =
  'keys due for destruction are kept until the service has run for 24 hours or an operator runs keyblock destruction confirm';

/** A reading of the database's clock, and of the monotonic one at the same time. */
interface Reading {
  now: Date;
  monotonicMs: number;
}

/** The reason for a hold, and the time at which it began. */
export type Hold = Pick<DestructionHold, 'reason' | 'beganAt'>;

/**
 * Watches the database's clock, because a clock that jumps ahead would end waiting periods early, and destruction can't
 * be undone. Code that destroys something when it is due calls `look` for the time immediately before, and leaves out
 * the rows that `isNotHeld` excludes.
 */
export class DestructionWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;
  readonly #firstSeenMs = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  #anchor?: Reading;
  #looking?: Promise<Date>;
  #holds: readonly Hold[] = [];

  /** @param monotonicMs a monotonic clock in milliseconds */
  constructor(
    private readonly database: DataSource,
    private readonly time: Pick<DatabaseTime, 'read'>,
    private readonly logger: Logger,
    private readonly monotonicMs = () => performance.now(),
  ) {
    const failure = "the database's clock could not be read; retrying every minute";
    const round = () => this.look().then(() => undefined);
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round, logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /** The holds that the last look found. */
  get holds(): readonly Hold[] {
    return this.#holds;
  }

  /** Number of items of each kind that are due but on hold. */
  get waiting(): ReadonlyMap<string, number> {
    return this.#waiting;
  }

  /** Reports the number of items of a kind that are due but on hold. */
  report(kind: string, count: number): void {
    if (count > 0 && count !== this.#waiting.get(kind))
      this.logger.warn({ kind, count, reasons: this.#holds.map(({ reason }) => reason) }, 'destruction is on hold');
    this.#waiting.set(kind, count);
  }

  /**
   * Reads the database's clock, and puts destruction on hold if the clock has jumped.
   *
   * @returns the database's time; what is due by then may be destroyed
   */
  look(): Promise<Date> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<Date> {
    const before = this.monotonicMs();
    const now = await this.time.read();
    const after = this.monotonicMs();
    // The database's clock was read at some time between the two readings of the monotonic clock.
    const [monotonicMs, uncertaintyMs] = [(before + after) / 2, (after - before) / 2];
    const anchor = this.#anchor;
    if (anchor) {
      const elapsedMs = monotonicMs - anchor.monotonicMs;
      const stepMs = now.getTime() - anchor.now.getTime() - elapsedMs;
      const isStep = Math.abs(stepMs) - uncertaintyMs > MAX_STEP_MS;
      if (isStep) await this.#holdAll(now, stepMs);
      // An anchor is kept for an hour, so that many small steps add up and are noticed.
      if (isStep || elapsedMs > HOUR_MS) this.#anchor = { now, monotonicMs };
    } else {
      await this.#begin(now);
      this.#anchor = { now, monotonicMs };
    }
    await this.database.manager.update(DatabaseClockRow, { id: true }, { seenAt: now });
    await this.#endHolds(monotonicMs);
    return now;
  }

  /** Begins to watch. If no process ran for more than an hour, everything that fell due in that time is put on hold. */
  async #begin(now: Date): Promise<void> {
    await this.database.transaction(async (manager) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(DatabaseClockRow)
        .values({ id: true, seenAt: now })
        .orIgnore()
        .execute();
      const { seenAt } = await manager.findOneOrFail(DatabaseClockRow, {
        where: { id: true },
        lock: { mode: 'pessimistic_write' },
      });
      const gapMs = now.getTime() - seenAt.getTime();
      if (gapMs > MAX_GAP_MS) {
        this.logger.error({ seenAt, now }, `no node has seen the database's clock for ${duration(gapMs)}: ${CONFIRM}`);
        await hold(manager, 'gap', { after: seenAt.toISOString(), until: now.toISOString(), now });
      }
      await manager.update(DatabaseClockRow, { id: true }, { seenAt: now });
    });
  }

  async #holdAll(now: Date, stepMs: number): Promise<void> {
    const direction = stepMs > 0 ? 'ahead' : 'back';
    this.logger.error(
      { stepMs, now },
      `the database's clock jumped ${direction} by ${duration(Math.abs(stepMs))}: ${CONFIRM}`,
    );
    await hold(this.database.manager, 'step', { after: '-infinity', until: 'infinity', now });
  }

  /** Ends the holds that this process has known for 24 hours, and keeps the others. */
  async #endHolds(nowMs: number): Promise<void> {
    const found = await this.database.manager.find(DestructionHold, { select: { reason: true, beganAt: true } });
    const kept: Hold[] = [];
    for (const one of found) {
      const { reason, beganAt } = one;
      const name = nameOf(one);
      const firstSeenMs = this.#firstSeenMs.get(name) ?? nowMs;
      this.#firstSeenMs.set(name, firstSeenMs);
      if (nowMs - firstSeenMs < HOLD_MS) kept.push(one);
      else {
        await this.database.manager.delete(DestructionHold, { reason, beganAt });
        this.logger.warn({ reason }, 'destruction is no longer on hold: the service has run for 24 hours');
      }
    }
    this.#holds = kept;
    const names = new Set(kept.map(nameOf));
    for (const name of this.#firstSeenMs.keys()) if (!names.has(name)) this.#firstSeenMs.delete(name);
    if (kept.length === 0) this.#waiting.clear();
  }
}

/**
 * Ends all holds because an operator has checked the clock.
 *
 * @returns the reasons for the holds; none if destruction isn't on hold
 */
export async function confirmDestruction(manager: EntityManager, now: Date): Promise<HoldReason[]> {
  const holds = await manager.find(DestructionHold, { select: { reason: true, beganAt: true } });
  await manager.createQueryBuilder().delete().from(DestructionHold).execute();
  await manager.update(DatabaseClockRow, { id: true }, { seenAt: now });
  return holds.map(({ reason }) => reason);
}

/**
 * Puts a range of due times on hold. Extends an existing hold for the same reason, and restarts its time.
 */
async function hold(
  manager: EntityManager,
  reason: HoldReason,
  { after, until, now }: { after: string; until: string; now: Date },
): Promise<void> {
  await manager.query(
    `INSERT INTO destruction_holds (reason, due_after, due_until, began_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (reason) DO UPDATE SET due_after = LEAST(destruction_holds.due_after, excluded.due_after),
       due_until = GREATEST(destruction_holds.due_until, excluded.due_until), began_at = excluded.began_at`,
    [reason, after, until, now],
  );
}

function nameOf({ reason, beganAt }: Hold): string {
  return `${reason} ${beganAt.toISOString()}`;
}

/** e.g. `1 h 30 min` */
function duration(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
