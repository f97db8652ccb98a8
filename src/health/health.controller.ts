import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { isTestLmk } from '../config/payshield-file.js';
import { DestructionWatch, type Hold } from '../changes/destruction-watch.js';
import { Changes } from '../changes/changes.js';
import { inTime } from '../changes/in-time.js';
import type { StaleState } from '../changes/stale-serving.js';
import { Drain } from '../http/drain.js';
import { sharedWork } from '../http/shared-work.js';
import { checkMasterKey } from '../provider/master-key-check.js';
import { MasterKey } from '../provider/master-key.js';
import { TokenStatus } from '../provider/token-status.js';

interface Readiness {
  status: string;
  reason?: string;
  /** Present if a token encrypts the master key. */
  token?: 'reachable' | 'unreachable';
  /** Present while the data plane is served from the caches, because the database can't be reached. */
  stale?: StaleState;
  /** Present while destruction is on hold. */
  destruction?: { held: readonly Hold[]; waiting: Record<string, number> };
  /** Identifiers of the LMKs of host commands that are the public test set. Present if there are any. */
  testLmks?: readonly string[];
}

/** Probes for orchestrators. They need no signature. */
@Controller()
export class HealthController {
  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly drain: Drain,
    private readonly watch: DestructionWatch,
    private readonly changes: Changes,
    private readonly token: TokenStatus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Liveness: the process responds. */
  @Get('healthz')
  health(): { status: string } {
    return { status: 'ok' };
  }

  /**
   * Readiness: the service isn't stopping, the database is reachable and writable, and the master key opens its check
   * value. A node on which destruction is on hold is ready, but the response shows the hold. So is one whose token is
   * unreachable, unless the token is required, and one that serves the data plane while the database is unreachable.
   */
  @Get('readyz')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    try {
      if (this.drain.hasBegun) throw new StoppingError();
      if (!this.token.isReady) throw new TokenAwayError();
      const stale = this.#stale ?? (await this.#check());
      return { status: 'ok', token: this.token.state, stale, ...this.#destruction(), ...this.#testLmks() };
    } catch (error) {
      reply.status(503);
      return { status: 'unavailable', reason: (error as Error).name, token: this.token.state };
    }
  }

  get #stale(): StaleState | undefined {
    return this.changes.staleServing.state;
  }

  /** Checks the database. @returns undefined, unless it turns out to be unreachable while calls are served without it */
  async #check(): Promise<StaleState | undefined> {
    try {
      await this.#checkDatabase();
      return undefined;
    } catch (error) {
      const stale = this.#stale;
      if (!stale) throw error;
      return stale;
    }
  }

  readonly #checkDatabase = sharedWork(() =>
    inTime(checkMasterKey(this.database.manager, this.masterKey).then(() => checkWritable(this.database))),
  );

  #destruction(): Pick<Readiness, 'destruction'> {
    const { holds, waiting } = this.watch;
    if (holds.length === 0) return {};
    return { destruction: { held: holds, waiting: Object.fromEntries(waiting) } };
  }

  #testLmks(): Pick<Readiness, 'testLmks'> {
    const lmks = [...(this.config.payshield?.lmks ?? [])].filter(([, lmk]) => isTestLmk(lmk));
    return lmks.length === 0 ? {} : { testLmks: lmks.map(([id]) => id) };
  }
}

/** Thrown once the service has been told to stop. */
class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

/** Thrown if the service requires its token and the token is unavailable. */
class TokenAwayError extends Error {
  override readonly name = 'TokenAwayError';
}

/** Thrown if the database is read-only: a standby, or an embedded one whose disk is full. */
class ReadOnlyDatabaseError extends Error {
  override readonly name = 'ReadOnlyDatabaseError';
}

async function checkWritable(database: DataSource): Promise<void> {
  const [row] = await database.query<{ isReadOnly: string }[]>(
    `SELECT current_setting('transaction_read_only') AS "isReadOnly"`,
  );
  if (row?.isReadOnly !== 'off') throw new ReadOnlyDatabaseError();
}
