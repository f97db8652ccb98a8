import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Changes } from '../changes/changes.js';
import { Rounds } from '../changes/rounds.js';
import { LOGGER } from '../logger.js';
import { checkMasterKeyRows, masterKeyRowsOf } from './master-key-check.js';
import { MasterKey } from './master-key.js';

const INTERVAL_MS = 250;
/**
 * Delay before retired keys are zeroized: longer than any call can hold a sealed value that it read before the rotation
 * ended.
 */
const WIPE_AFTER_MS = 30_000;

/**
 * Reads `change_epoch` and `master_key` in one query, four times a second: the first keeps the caches fresh, the second
 * shows a rotation of the master key. Zeroizes the keys that a rotation retired. Every process has one.
 */
@Injectable()
export class MasterKeyWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #wiping = new Map<string, NodeJS.Timeout>();
  readonly #rounds: Rounds;

  constructor(
    private readonly masterKey: MasterKey,
    private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const failure = 'the change epoch and the master key could not be checked; retrying four times a second';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.#check(), logger, failure });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#rounds.start();
    await this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    for (const timer of this.#wiping.values()) clearTimeout(timer);
  }

  async #check(): Promise<void> {
    const { id, retiringId } = this.masterKey;
    const rows = await this.changes.readEpochAnd('master_key');
    checkMasterKeyRows(masterKeyRowsOf(rows.filter((row) => row['id'] !== null)), this.masterKey);
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
