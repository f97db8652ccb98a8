import { existsSync, rmSync, statfsSync } from 'node:fs';
import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { endInTime } from '../connection.js';
import { Rounds } from '../../changes/rounds.js';

const MIB = 1024 * 1024;
/** Free space below which the database becomes read-only: PostgreSQL aborts when it can't extend its WAL. */
const LOW_BYTES = 64 * MIB;
/** Free space above which it becomes writable again. */
const ENOUGH_BYTES = LOW_BYTES + 32 * MIB;
/** Size of one WAL segment, which is reserved for a disk that fills up faster than it is checked. */
const RESERVE_BYTES = 16 * MIB;
const INTERVAL_MS = 500;
/** Space that initdb, the schema and the WAL of a first start take. */
const FIRST_START_BYTES = 64 * MIB;

/**
 * Refuses a start on a disk where the database would be read-only at once: the service writes as it starts.
 *
 * @throws an error with the code ENOSPC, since a later start may succeed
 */
export function requireSpace(folder: string, isFirstStart: boolean): void {
  const { bavail, bsize } = statfsSync(folder);
  const [free, needed] = [bavail * bsize, LOW_BYTES + (isFirstStart ? FIRST_START_BYTES : 0)];
  if (free >= needed) return;
  const message = `${folder} has ${Math.floor(free / MIB)} MiB of free space, and the database starts with ${needed / MIB}`;
  throw Object.assign(new Error(message), { code: 'ENOSPC' });
}

/**
 * Keeps an embedded database alive on a full disk: makes it read-only while little space is left, so that reads go on,
 * and writable again once there is space.
 */
export class DiskWatch {
  readonly #reservePath: string;
  readonly #rounds: Rounds;
  #isReadOnly: boolean | undefined;

  private constructor(
    private readonly folder: string,
    private readonly databaseUrl: string,
    private readonly logger: Logger,
  ) {
    this.#reservePath = join(folder, 'reserve');
    const failure = 'the free space for the database could not be checked';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.#check(), logger, failure });
  }

  /**
   * Checks once, so that a database left read-only by an earlier process becomes writable again if possible, and keeps
   * checking.
   */
  static async start(folder: string, databaseUrl: string, logger: Logger): Promise<DiskWatch> {
    const watch = new DiskWatch(folder, databaseUrl, logger);
    await watch.#rounds.run();
    watch.#rounds.start();
    return watch;
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #check(): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    const free = bavail * bsize;
    if (free < LOW_BYTES) {
      rmSync(this.#reservePath, { force: true });
      if (this.#isReadOnly !== true) await this.#setReadOnly(true, free);
    } else if (free > ENOUGH_BYTES) {
      if (this.#isReadOnly !== false) await this.#setReadOnly(false, free);
      // Write every byte: a sparse file would reserve nothing.
      if (!existsSync(this.#reservePath))
        await writeFile(this.#reservePath, Buffer.alloc(RESERVE_BYTES), { mode: 0o600, flush: true });
    }
  }

  async #setReadOnly(isReadOnly: boolean, free: number): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      connectionTimeoutMillis: 2000,
      query_timeout: 2000,
    });
    client.on('error', () => undefined); // the query in progress rejects
    await client.connect();
    try {
      const wanted = isReadOnly ? 'on' : 'off';
      const { rows } = await client.query<{ now: string }>(`SELECT current_setting('transaction_read_only') AS now`);
      if (rows[0]?.now !== wanted) {
        await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${wanted}`);
        await client.query('SELECT pg_reload_conf()');
      }
    } finally {
      await endInTime([client], () => client.end());
    }
    const freeMiB = Math.floor(free / MIB);
    if (isReadOnly) this.logger.error({ freeMiB }, 'the disk is full: the database is read-only until there is space');
    else if (this.#isReadOnly) this.logger.info({ freeMiB }, 'the disk has space again: the database accepts writes');
    this.#isReadOnly = isReadOnly;
  }
}
