import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../logger.js';
import { PrincipalRepository } from './principal.repository.js';

const INTERVAL_MS = 60_000;

/** When access keys were last used: noted in memory, written once a minute and when the service stops. */
@Injectable()
export class AccessKeyUse implements OnApplicationBootstrap, OnApplicationShutdown {
  #times = new Map<string, Date>();
  #timer?: NodeJS.Timeout;
  #run: Promise<void> = Promise.resolve();

  constructor(
    private readonly principals: PrincipalRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void (this.#run = this.write()), INTERVAL_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#run;
    await this.write();
  }

  note(accessKeyId: string, time: Date): void {
    this.#times.set(accessKeyId, time);
  }

  /** Writes what was noted; what can't be written is of no use to anyone a minute later. */
  async write(): Promise<void> {
    const times = this.#times;
    this.#times = new Map();
    try {
      await this.principals.noteUse(times);
    } catch (error) {
      this.logger.error({ error: (error as Error).message }, 'the use of access keys could not be written');
    }
  }
}
