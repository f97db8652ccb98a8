import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { countUnexportedDays } from '../audit/export.js';
import { countDefaultRows, makePartitions } from '../audit/partitions.js';
import { LOCKS, tryWithLock } from '../database/locks.js';
import { LOGGER } from '../logger.js';
import { Rounds } from './rounds.js';

const INTERVAL_MS = 3_600_000;

/**
 * Makes the partitions of the audit log for the coming days, every hour, in one process of a deployment. Every process
 * counts the remaining work: rows to be moved, and days to be exported.
 */
@Injectable()
export class AuditPartitions implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;
  #defaultRows = 0;
  #unexportedDays?: number;

  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#rounds = new Rounds({
      intervalMs: INTERVAL_MS,
      round: () => this.#make(),
      logger,
      failure: 'partitions of the audit log could not be made',
    });
  }

  /** Number of rows of the audit log that are in the default partition, as of the last round. */
  get defaultRows(): number {
    return this.#defaultRows;
  }

  /** Number of days that are over and not exported, as of the last round; undefined if none was ever exported. */
  get unexportedDays(): number | undefined {
    return this.#unexportedDays;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#rounds.run();
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  async #make(): Promise<void> {
    await tryWithLock(this.database, LOCKS.migration, ({ manager }) => makePartitions(manager));
    this.#defaultRows = await countDefaultRows(this.database.manager);
    if (this.#defaultRows > 0)
      this.logger.error({ rows: this.#defaultRows }, 'the audit log has rows of days without a partition');
    this.#unexportedDays = await countUnexportedDays(this.database.manager);
  }
}
