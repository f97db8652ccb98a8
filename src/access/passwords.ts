import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { Clock } from '../clock.js';
import { LOGGER } from '../logger.js';
import { MasterKey } from '../provider/master-key.js';
import { aadOf } from '../provider/sealed.js';
import { matchesPassword } from './password-hash.js';
import { PasswordRow } from './password.entity.js';
import { arnOfPrincipal } from './principal.entity.js';
import { ACCOUNT_ID } from './principal.repository.js';

/** Wrong passwords in a row after which a user is locked, and for how long. */
const MAX_FAILURES = 5;
const LOCK_MS = 15 * 60_000;

/** Maximum number of waiting checks: each takes a quarter of a second, and anyone can request one. */
const MAX_WAITING = 16;

/**
 * Checks passwords, one at a time: a check takes much memory and a thread of libuv's pool, and each guess must be
 * counted before the next one.
 */
@Injectable()
export class Passwords {
  #last: Promise<unknown> = Promise.resolve();
  #counted: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** True while no further check can wait. */
  get isBusy(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /**
   * Checks the password of a user. An unknown user, a wrong password and a locked user take the same time and give the
   * same result.
   *
   * @returns the user's ARN; undefined if the password isn't accepted
   */
  check(name: string, password: string): Promise<string | undefined> {
    this.#waiting++;
    const checked = this.#last.then(() => this.#check(name, password)).finally(() => this.#waiting--);
    this.#last = checked.catch(() => undefined);
    return checked;
  }

  /**
   * Returns before the outcome is counted, because only outcomes of existing users are counted. For the same reason the
   * next check waits for the count only after its own hash, which takes much longer.
   */
  async #check(name: string, password: string): Promise<string | undefined> {
    const arn = arnOfPrincipal(this.accountId, 'user', name);
    const before = await this.#row(arn);
    const stored = before && {
      salt: before.salt,
      hash: this.masterKey.open(aadOf(PasswordRow, before), before.sealed),
    };
    const isRight = await matchesPassword(password, stored ?? undefined);
    stored?.hash.fill(0);
    await this.#counted;
    // Read again, because the user may have been locked or given another password in the meantime.
    const row = await this.#row(arn);
    const now = this.clock.now();
    const isLocked = row?.lockedUntil != null && row.lockedUntil > now;
    if (!before || !row?.salt.equals(before.salt) || isLocked) return undefined;
    if (!isRight || row.failures > 0) this.#counted = this.#count(row, isRight, now);
    return isRight ? arn : undefined;
  }

  #row(principalArn: string): Promise<PasswordRow | null> {
    return this.database.manager.findOneBy(PasswordRow, { principalArn });
  }

  async #count({ principalArn, salt }: PasswordRow, isRight: boolean, now: Date): Promise<void> {
    try {
      await this.changes.ownTransaction(async (manager) => {
        const row = await manager.findOne(PasswordRow, {
          where: { principalArn },
          lock: { mode: 'pessimistic_write' },
        });
        // A password that was changed meanwhile has no failures yet.
        if (!row?.salt.equals(salt)) return;
        const failures = isRight ? 0 : row.failures + 1;
        const lock = { failures: 0, lockedUntil: new Date(now.getTime() + LOCK_MS) };
        await manager.save(Object.assign(row, failures < MAX_FAILURES ? { failures, lockedUntil: null } : lock));
      });
    } catch (error) {
      const { name, message } = error as Error;
      this.logger.error({ error: { name, message } }, 'the outcome of a password check could not be written');
    }
  }
}
