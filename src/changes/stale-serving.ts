import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import { isUnreachable } from '../database/primary.js';
import type { ChangeEpoch, Contact, Freshness } from './change-epoch.js';

/** Reasons for which stale serving ends or can't begin, as its event states them, with their wording in the log. */
const REASONS = {
  reached: 'the database can be reached again',
  refused: 'the database answered with an error',
  limit: 'KEYBLOCK_STALE_SECONDS have passed',
  audit: 'audit events of the data plane cannot be written',
  changed: 'the node knows of a change, but not what it affected',
  operator: 'SIGUSR2 was received',
  stopping: 'the service is stopping',
} as const;
type Reason = keyof typeof REASONS;

/** A failed read that took longer was held up by this process, because reads have a time limit of 2 s. */
const HELD_UP_MS = 3000;

export interface StaleServingOptions {
  /** Time after the last contact for which cached values may be used; 0 to serve none that may be outdated. */
  limitSeconds: number;
  audit: Pick<AuditLog, 'announce' | 'takesDataWithoutTable'>;
  clock: Clock;
  logger: Logger;
}

/** The current state of stale serving, while calls are served with values that may be outdated. */
export interface StaleState {
  /** Time of the last contact by the database's clock. */
  readonly lastContact: Date;
  /** Time for which calls will still be served, unless the database comes back. */
  readonly secondsLeft: number;
}

/**
 * Stale serving: while the database can't be reached, calls of the data plane may use cached values that were good at
 * the last contact, for a limited time. It begins when the second for which cached values are good in any case has
 * passed. An operator can switch it off without the database. See docs/adr/0057.
 */
export class StaleServing implements Freshness {
  readonly #epoch: ChangeEpoch;
  readonly #options: StaleServingOptions;
  /** The last attempt to read the change epoch could not reach the database. */
  #isAway = false;
  /** Reason why it can't begin any more in this process. */
  #isOffFor?: 'operator' | 'stopping';
  #serving?: { readonly contact: Contact; calls: number };
  #calls = 0;

  constructor(epoch: ChangeEpoch, options: StaleServingOptions) {
    this.#epoch = epoch;
    this.#options = options;
  }

  get goodUntil(): number {
    return this.#epoch.goodUntil;
  }

  /** Number of calls since the start that came in while values that may be outdated were used. */
  get calls(): number {
    return this.#calls;
  }

  /** Undefined unless calls are served with values that may be outdated. */
  get state(): StaleState | undefined {
    if (!this.servesStale() || !this.#serving) return undefined;
    const { contact } = this.#serving;
    const secondsLeft = Math.ceil(this.#options.limitSeconds - (performance.now() - contact.sentAt) / 1000);
    return { lastContact: new Date(contact.time), secondsLeft };
  }

  /** Begins or ends stale serving if that is due. */
  servesStale(): boolean {
    if (!this.#isAway) return false;
    const now = performance.now();
    if (now < this.#epoch.goodUntil) return false;
    const contact = this.#epoch.lastContact;
    const obstacle = this.#obstacle(contact, now);
    if (obstacle) this.#end(obstacle);
    else if (contact) this.#serving ??= this.#begin(contact);
    return this.#serving !== undefined;
  }

  /**
   * Returns the time by which a call is judged: the node's clock, or for a call that may be served with outdated values,
   * the database's time at the last contact plus the time that has passed since then.
   *
   * @param mayBeStale true for a call of the data plane
   */
  now(mayBeStale: boolean): Date {
    if (!mayBeStale || !this.servesStale() || !this.#serving) return this.#options.clock.now();
    const { contact } = this.#serving;
    this.#serving.calls += 1;
    this.#calls += 1;
    return new Date(contact.time + performance.now() - contact.sentAt);
  }

  /**
   * Call it when the change epoch could not be read. A process that was paused meanwhile may have the answer without having
   * read it, so only its next read tells.
   *
   * @param waitedMs time since the query was sent
   */
  failed(error: unknown, waitedMs = 0): void {
    if (!isUnreachable(error)) {
      this.#found('refused');
      return;
    }
    if (waitedMs > HELD_UP_MS) return;
    this.#isAway = this.#options.limitSeconds > 0;
    this.servesStale();
  }

  /** Call it when the database has answered: the change epoch was read, or the process is notified of changes again. */
  reached(): void {
    this.#found('reached');
  }

  /** Ends stale serving until the process is restarted, at the request of an operator of the host. */
  switchOff(): void {
    this.#options.logger.warn('SIGUSR2: values that may be outdated are not served until the next start');
    this.#switchOff('operator');
  }

  /** Ends stale serving when the service stops. */
  stop(): void {
    this.#switchOff('stopping');
  }

  #switchOff(reason: 'operator' | 'stopping'): void {
    this.#isOffFor ??= reason;
    this.#end(reason);
  }

  #found(reason: 'reached' | 'refused'): void {
    this.#isAway = false;
    this.#end(reason);
  }

  #obstacle(contact: Contact | undefined, now: number): Reason | undefined {
    const { limitSeconds, audit } = this.#options;
    if (this.#isOffFor) return this.#isOffFor;
    if (!contact) return 'changed';
    if (now >= contact.sentAt + limitSeconds * 1000) return 'limit';
    return audit.takesDataWithoutTable ? undefined : 'audit';
  }

  #begin(contact: Contact): { contact: Contact; calls: number } {
    const { limitSeconds, audit, logger } = this.#options;
    const details = { lastContact: new Date(contact.time).toISOString(), limitSeconds };
    logger.warn(details, 'the database cannot be reached: the data plane is served from the caches');
    audit.announce('StaleServingBegan', details);
    return { contact, calls: 0 };
  }

  #end(reason: Reason): void {
    if (!this.#serving) return;
    const { contact, calls } = this.#serving;
    this.#serving = undefined;
    const seconds = Math.round((performance.now() - contact.sentAt) / 1000);
    const { audit, logger } = this.#options;
    logger.warn(
      { reason, seconds, calls },
      `the data plane is no longer served from the caches without the database: ${REASONS[reason]}`,
    );
    audit.announce('StaleServingEnded', { reason, secondsSinceLastContact: seconds, calls });
  }
}
