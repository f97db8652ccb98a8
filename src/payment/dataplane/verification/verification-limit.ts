import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { type DataSource, LessThanOrEqual, Like, MoreThanOrEqual } from 'typeorm';
import type { Cache, Changes } from '../../../changes/changes.js';
import { Rounds } from '../../../changes/rounds.js';
import type { Clock } from '../../../clock.js';
import type { VerificationLimits } from '../../../config/environment.js';
import { hmac } from '../../../crypto/hmac.js';
import { ThrottlingException } from '../../../errors/exceptions.js';
import { VerificationFailures } from './verification-failures.entity.js';

/** Keys and account number for which a failed verification is counted. */
export interface Attempt {
  /** ARNs of the keys that the call uses to check the guess. */
  keyArns: readonly string[];
  pan: string | undefined;
  /** Account number of the reference value, if it isn't that of the PIN block. */
  referencePan?: string | undefined;
  /** Validation data of an IBM 3624 PIN, padded. They identify the account whatever the PAN is. */
  validationData?: string;
}

type Kind = keyof VerificationLimits;

/** One key or account number, in the current time window. */
interface Subject {
  kind: Kind;
  /** `key:` and an ARN, or `pan:` and a keyed hash. */
  name: string;
  /** In seconds since 1970. */
  windowStart: number;
  windowSeconds: number;
  maximum: number;
}

/** Failures of a subject, as counted by this process. */
interface Count {
  failures: number;
  /** In seconds since 1970. */
  windowEnd: number;
}

const INTERVAL_MS = 10_000;
/** Maximum number of subjects that a process keeps in memory; the database has all of them. */
const MAX_SUBJECTS = 100_000;
const ANNOUNCEMENT = 'keyblock:verification-limit:';

/**
 * Counts failed verifications in the database, for all nodes together. Beyond the limit, it refuses all verifications
 * with the same key or account number until the time window ends. A successful call needs no query: it consults only
 * the memory of this process, which has the process's own failures and the subjects that any process has announced as
 * having reached the limit.
 */
export class VerificationLimit implements Cache, OnApplicationShutdown {
  /** By window and name of the subject, least recently updated first. */
  readonly #counts = new Map<string, Count>();
  readonly #rounds: Rounds;

  /** @param secret 32 bytes, with which account numbers are hashed */
  constructor(
    private readonly limits: VerificationLimits,
    private readonly secret: Buffer,
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    const failure = 'counts of failed verifications could not be read; retrying every 10 seconds';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.#refresh(), logger, failure });
    this.#rounds.start();
    changes.subscribe(this);
  }

  /**
   * Call it before each attempt.
   *
   * @throws ThrottlingException if a key or the account number of an attempt is beyond the limit
   * @throws CountersUnreachableError while the database is unreachable, because a failure could not be counted for all nodes
   */
  requireWithin(attempt: Attempt): void {
    if (this.changes.staleServing.servesStale() && this.#subjectsOf(attempt).length > 0)
      throw new CountersUnreachableError();
    if (this.#counts.size === 0) return;
    if (this.#subjectsOf(attempt).some((subject) => this.#failuresOf(subject) >= subject.maximum)) throw throttled();
  }

  /**
   * Counts a failure.
   *
   * @throws ThrottlingException if it is beyond the limit, so that the caller doesn't learn the result
   */
  async count(attempt: Attempt): Promise<void> {
    // Sorted, so that concurrent calls lock the rows in the same order and can't deadlock.
    const subjects = this.#subjectsOf(attempt).sort((a, b) => (a.name < b.name ? -1 : 1));
    if (subjects.length === 0) return;
    for (const subject of subjects) this.#remember(subject, this.#failuresOf(subject) + 1);
    const counted = await this.database.query<{ subject: string; failures: number }[]>(
      `INSERT INTO verification_failures (subject, window_start, failures, ends_at)
       SELECT subject, window_start, 1, to_timestamp(window_start + seconds)
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS counted (subject, window_start, seconds)
       ON CONFLICT (subject, window_start) DO UPDATE SET failures = verification_failures.failures + 1
       RETURNING subject, failures`,
      [
        subjects.map(({ name }) => name),
        subjects.map(({ windowStart }) => windowStart),
        subjects.map(({ windowSeconds }) => windowSeconds),
      ],
    );
    const failuresOf = new Map(counted.map(({ subject, failures }) => [subject, failures]));
    let isBeyond = false;
    for (const subject of subjects) {
      const failures = failuresOf.get(subject.name) ?? 0;
      this.#remember(subject, Math.max(failures, this.#failuresOf(subject)));
      if (failures > subject.maximum) isBeyond = true;
      if (failures === subject.maximum) await this.#announce(subject);
    }
    if (isBeyond) throw throttled();
  }

  owns(arn: string): boolean {
    return arn.startsWith(ANNOUNCEMENT);
  }

  /** Handles the announcement, perhaps by this process itself, that a subject has reached the limit. */
  forget(arn: string): void {
    const [, windowStart = '', name = ''] = /^(\d+)\/(.*)$/s.exec(arn.slice(ANNOUNCEMENT.length)) ?? [];
    this.#reached(name, Number(windowStart));
  }

  /** Reads the counts again, because announcements may have been missed. */
  clear(): void {
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    this.secret.fill(0);
  }

  #subjectsOf({ keyArns, pan, referencePan, validationData }: Attempt): Subject[] {
    const subjects: Subject[] = [];
    const nowSeconds = this.#nowSeconds();
    const add = (kind: Kind, id: string) => {
      const limit = this.limits[kind];
      if (!limit) return;
      const windowStart = nowSeconds - (nowSeconds % limit.seconds);
      const name = `${kind}:${id}`;
      subjects.push({ kind, name, windowStart, windowSeconds: limit.seconds, maximum: limit.failures });
    };
    for (const arn of new Set(keyArns)) add('key', arn);
    if (!this.limits.pan) return subjects;
    for (const account of new Set([pan, referencePan].filter((one) => one !== undefined).map(accountDigits)))
      add('pan', this.#hash(account));
    if (validationData !== undefined) add('pan', this.#hash(validationData));
    return subjects;
  }

  #nowSeconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }

  #hash(pan: string): string {
    return hmac('SHA256', this.secret, Buffer.from(pan)).toString('hex');
  }

  #failuresOf({ name, windowStart }: Subject): number {
    return this.#counts.get(`${windowStart}/${name}`)?.failures ?? 0;
  }

  #remember({ name, windowStart, windowSeconds }: Omit<Subject, 'kind' | 'maximum'>, failures: number): void {
    const key = `${windowStart}/${name}`;
    this.#counts.delete(key);
    this.#counts.set(key, { failures, windowEnd: windowStart + windowSeconds });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_SUBJECTS && oldest !== undefined) this.#counts.delete(oldest);
  }

  #reached(name: string, windowStart: number): void {
    const limit = this.limits[name.split(':', 1)[0] as Kind];
    if (limit) this.#remember({ name, windowStart, windowSeconds: limit.seconds }, limit.failures);
  }

  async #announce({ kind, name, windowStart, maximum }: Subject): Promise<void> {
    const keyArn = kind === 'key' ? name.slice('key:'.length) : undefined;
    const what = kind === 'key' ? 'a key' : 'an account number';
    this.logger.warn({ keyArn, failures: maximum }, `${what} has reached the limit of failed verifications`);
    await this.changes.announce(`${ANNOUNCEMENT}${windowStart}/${name}`);
  }

  /** Reads which subjects have reached the limit, and removes windows that have ended. */
  async #refresh(): Promise<void> {
    const now = this.#nowSeconds();
    for (const [key, { windowEnd }] of this.#counts) if (windowEnd <= now) this.#counts.delete(key);
    const rows = this.database.getRepository(VerificationFailures);
    await rows.delete({ endsAt: LessThanOrEqual(new Date(now * 1000)) });
    for (const kind of ['key', 'pan'] as const) {
      const limit = this.limits[kind];
      if (!limit) continue;
      const where = { subject: Like(`${kind}:%`), failures: MoreThanOrEqual(limit.failures) };
      const reached = await rows.find({ where, order: { windowStart: 'DESC' }, take: MAX_SUBJECTS });
      for (const { subject, windowStart } of reached) this.#reached(subject, Number(windowStart));
    }
  }
}

/**
 * Returns the 11 digits before the check digit, which every construction uses. PVVs, PIN blocks and EMV option A ignore
 * other digits, so a caller who varied them would have more guesses at the same account.
 */
function accountDigits(pan: string): string {
  return pan.slice(-12, -1);
}

/** The database, which has the counters, is unreachable; the code is that of a lost connection. */
class CountersUnreachableError extends Error {
  override readonly name = 'CountersUnreachableError';
  readonly code = '08006';
  constructor() {
    super('Failed verifications are limited and cannot be counted while the database is unreachable');
  }
}

function throttled(): ThrottlingException {
  return new ThrottlingException(
    'Too many failed verifications with this key or account number. Try again when the operator’s limit allows it.',
  );
}
