import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../changes/rounds.js';
import { LOGGER } from '../logger.js';
import { PrincipalRepository } from './principal.repository.js';

const INTERVAL_MS = 60_000;

/** Tracks when access keys were last used: collects the times in memory, writes them every minute and on shutdown. */
@Injectable()
export class AccessKeyUse implements OnApplicationBootstrap, OnApplicationShutdown {
  #times = new Map<string, Date>();
  readonly #rounds: Rounds;

  constructor(
    private readonly principals: PrincipalRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    const failure = 'the last use of access keys could not be written';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.write(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    await this.#rounds.run();
  }

  note(accessKeyId: string, time: Date): void {
    this.#times.set(accessKeyId, time);
  }

  /** Writes the collected times. Times that can't be written are dropped: the next use of the key replaces them. */
  async write(): Promise<void> {
    const times = this.#times;
    this.#times = new Map();
    await this.principals.noteUse(times);
  }
}
