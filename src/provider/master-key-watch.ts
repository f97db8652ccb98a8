import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Changes } from '../changes/changes.js';
import { LOGGER } from '../logger.js';
import { checkMasterKey } from './master-key-check.js';
import { MasterKey } from './master-key.js';

const INTERVAL_MS = 1000;
/** Longer than any call has hold of a value that it read. */
const WIPE_AFTER_MS = 30_000;

/** Follows a rotation of the master key by looking at it every second, and zeroizes what it retired. Every node has one. */
@Injectable()
export class MasterKeyWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #wiping = new Map<string, NodeJS.Timeout>();
  #timer?: NodeJS.Timeout;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  #problem?: string;

  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly changes: Changes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#next();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const timer of this.#wiping.values()) clearTimeout(timer);
    await this.#round;
  }

  async #look(): Promise<void> {
    const { id, retiringId } = this.masterKey;
    await checkMasterKey(this.database.manager, this.masterKey);
    this.#problem = undefined;
    const now = this.masterKey;
    if (now.id !== id || now.retiringId !== retiringId)
      this.logger.info({ masterKey: now.id, retiring: now.retiringId }, 'master key changed');
    const retired = this.masterKey.retiredIds.filter((each) => !this.#wiping.has(each));
    if (retired.length === 0) return;
    // What is remembered may be as it was before the rotation.
    this.changes.clear();
    for (const each of retired) this.#wiping.set(each, setTimeout(() => this.#wipe(each), WIPE_AFTER_MS).unref());
  }

  #wipe(id: string): void {
    this.#wiping.delete(id);
    this.masterKey.wipeRetired([id]);
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.#look()
        .catch((error: unknown) => this.#report((error as Error).message))
        .finally(() => this.#stopped || this.#next());
    }, INTERVAL_MS).unref();
  }

  /** Once for as long as it stays the same. */
  #report(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.logger.error({ error: problem }, 'the master key could not be looked up; tried again every second');
  }
}
