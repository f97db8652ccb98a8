import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { Rounds } from '../changes/rounds.js';
import { LOGGER } from '../logger.js';
import { checkMasterKey } from './master-key-check.js';
import { MasterKey } from './master-key.js';

const INTERVAL_MS = 1000;
/** Longer than any call can hold a sealed value that it read before the rotation ended. */
const WIPE_AFTER_MS = 30_000;

/**
 * Follows a rotation of the master key by checking `master_key` every second, and zeroizes the keys that it retired. Every
 * process runs one.
 */
@Injectable()
export class MasterKeyWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #wiping = new Map<string, NodeJS.Timeout>();
  readonly #rounds: Rounds;

  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const failure = 'the master key could not be checked; retrying every second';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.#check(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    for (const timer of this.#wiping.values()) clearTimeout(timer);
  }

  async #check(): Promise<void> {
    const { id, retiringId } = this.masterKey;
    await checkMasterKey(this.database.manager, this.masterKey);
    const now = this.masterKey;
    if (now.id !== id || now.retiringId !== retiringId)
      this.logger.info({ masterKey: now.id, retiring: now.retiringId }, 'master key changed');
    const retired = this.masterKey.retiredIds.filter((each) => !this.#wiping.has(each));
    if (retired.length === 0) return;
    // Caches may hold values from before the rotation.
    this.changes.clear();
    for (const each of retired) this.#wiping.set(each, setTimeout(() => this.#wipe(each), WIPE_AFTER_MS).unref());
  }

  #wipe(id: string): void {
    this.#wiping.delete(id);
    this.masterKey.wipeRetired([id]);
  }
}
