import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, LessThanOrEqual } from 'typeorm';
import { Callers } from '../../access/callers.js';
import type { Call, Principal } from '../../call.js';
import { Changes } from '../../changes/changes.js';
import { inTime } from '../../changes/in-time.js';
import { removeRows } from '../../provider/changed-rows.js';
import { CckmException } from '../errors.js';
import { isUuid } from '../uris.js';
import { RefreshTokenRow } from './refresh-token.entity.js';
import { type Session, SessionCache } from './session-cache.js';

const DAY_SECONDS = 86_400;
/** The lifetime of a refresh token, and the time without use after which it expires; callers may shorten both. */
const LIFETIME_SECONDS = 30 * DAY_SECONDS;
const UNUSED_SECONDS = 7 * DAY_SECONDS;

/** Maximum number of sign-ins per user; another one ends the oldest. */
const MAX_SESSIONS = 1000;

/** Requested lifetimes in minutes; 0 and absent mean the maximum. */
export interface TokenLife {
  lifetimeMinutes?: number;
  unusedMinutes?: number;
}

export interface NewToken {
  session: Session;
  /** 43 characters of base64url. */
  refreshToken: string;
}

/** The sign-ins of users. Only the hash of a refresh token is stored. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly callers: Callers,
    private readonly cache: SessionCache,
  ) {}

  /** Starts a sign-in of the caller, and removes those that have ended. */
  async start(call: Call, { lifetimeMinutes, unusedMinutes }: TokenLife): Promise<NewToken> {
    const { principal, origin } = call;
    const token = randomBytes(32).toString('base64url');
    const createdAt = origin.time;
    const expiresAt = after(createdAt, shorter(lifetimeMinutes, LIFETIME_SECONDS));
    const unusedSeconds = shorter(unusedMinutes, UNUSED_SECONDS);
    const row = {
      id: randomUUID(),
      principalArn: principal.principalArn,
      userId: principal.identity?.userId ?? '',
      tokenHash: hashOf(token),
      createdAt,
      expiresAt,
      validUntil: earlier(expiresAt, after(createdAt, unusedSeconds)),
      unusedSeconds,
    };
    await this.changes.transaction(call, async (manager) => {
      await removeRows(manager, RefreshTokenRow, { validUntil: LessThanOrEqual(createdAt) });
      await removeOldest(manager, row.principalArn);
      await manager.insert(RefreshTokenRow, manager.create(RefreshTokenRow, row));
      call.record.created({ refreshToken: { id: row.id } });
    });
    return { session: sessionOf(row, principal), refreshToken: token };
  }

  /** Finds the sign-in of a refresh token. @throws CckmException NCERRUnauthorizedAccess */
  async ofToken(refreshToken: string, now: Date): Promise<Session> {
    const row = await this.database.manager.findOneBy(RefreshTokenRow, { tokenHash: hashOf(refreshToken) });
    const session = row && (await this.#session(row, now));
    if (!session) throw invalidToken();
    return session;
  }

  /**
   * Prolongs a sign-in.
   *
   * @param renews true to replace the refresh token
   * @throws CckmException NCERRUnauthorizedAccess if the token isn't valid any more
   */
  async refresh(call: Call, refreshToken: string, renews: boolean): Promise<NewToken> {
    const { origin, principal } = call;
    return this.changes.transaction(call, async (manager, changed) => {
      const row = await manager.findOne(RefreshTokenRow, {
        where: { tokenHash: hashOf(refreshToken), principalArn: principal.principalArn },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row || row.validUntil <= origin.time) throw invalidToken();
      const next = renews ? randomBytes(32).toString('base64url') : refreshToken;
      const validUntil = earlier(row.expiresAt, after(origin.time, row.unusedSeconds));
      await manager.save(Object.assign(row, { validUntil, tokenHash: hashOf(next) }));
      changed(row.principalArn);
      return { session: sessionOf(row, principal), refreshToken: next };
    });
  }

  /** Finds the sign-in of a JWT. @throws CckmException NCERRUnauthorizedAccess if it has ended */
  async ofId(id: string, now: Date): Promise<Session> {
    const known = this.cache.known(id)?.value;
    const session = known ?? (await this.cache.read(id, () => inTime(this.#read(id, now))));
    if (!session || session.validUntil <= now)
      throw new CckmException('NCERRUnauthorizedAccess', 'Token has been revoked');
    return session;
  }

  /** Lists the caller's sign-ins, the newest first. */
  list({ principal, origin }: Call): Promise<RefreshTokenRow[]> {
    return this.database.manager
      .find(RefreshTokenRow, { where: ownedBy(principal), order: { createdAt: 'DESC' } })
      .then((rows) => rows.filter(({ validUntil }) => validUntil > origin.time));
  }

  /**
   * Ends a sign-in of the caller.
   *
   * @param which id of the sign-in, or its refresh token
   * @returns false if the caller has no such sign-in
   */
  async end(call: Call, which: { id: string } | { refreshToken: string }): Promise<boolean> {
    if ('id' in which && !isUuid(which.id)) return false;
    const where = 'id' in which ? which : { tokenHash: hashOf(which.refreshToken) };
    return this.changes.transaction(call, async (manager, changed) => {
      const removed = await removeRows(manager, RefreshTokenRow, { ...where, ...ownedBy(call.principal) });
      if (removed > 0) changed(call.principal.principalArn);
      return removed > 0;
    });
  }

  async #read(id: string, now: Date): Promise<Session | null> {
    const row = await this.database.manager.findOneBy(RefreshTokenRow, { id });
    return row && this.#session(row, now);
  }

  /** Returns a sign-in; null if it has ended, if its user was replaced, or if the password was set after it. */
  async #session(row: RefreshTokenRow, now: Date): Promise<Session | null> {
    if (row.validUntil <= now) return null;
    const passwordChangedAt = await this.callers.passwordChangedAt(row.principalArn);
    if (!passwordChangedAt || passwordChangedAt > row.createdAt) return null;
    const principal = await this.callers.find(row.principalArn);
    return principal?.identity?.userId === row.userId ? sessionOf(row, principal) : null;
  }
}

/** For a sign-in, its id takes the place of an access key ID, in audit events too. */
function sessionOf({ id, createdAt, validUntil }: Omit<RefreshTokenRow, 'mac'>, principal: Principal): Session {
  const { identity } = principal;
  const signedIn = {
    ...principal,
    accessKeyId: id,
    ...(identity && { identity: { ...identity, sessionIssuedAt: createdAt } }),
  };
  return { id, principal: signedIn, validUntil };
}

async function removeOldest(manager: EntityManager, principalArn: string): Promise<void> {
  const oldest = await manager.find(RefreshTokenRow, {
    where: { principalArn },
    order: { createdAt: 'DESC' },
    skip: MAX_SESSIONS - 1,
  });
  for (const { id } of oldest) await removeRows(manager, RefreshTokenRow, { id });
}

function ownedBy({ principalArn, identity }: Principal): { principalArn: string; userId: string } {
  return { principalArn, userId: identity?.userId ?? '' };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function shorter(minutes: number | undefined, seconds: number): number {
  return minutes === undefined || minutes === 0 ? seconds : Math.min(minutes * 60, seconds);
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function invalidToken(): CckmException {
  return new CckmException('NCERRUnauthorizedAccess', 'Invalid token');
}
