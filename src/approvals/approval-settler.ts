import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from '../changes/rounds.js';
import { LOGGER } from '../logger.js';
import { ApprovalSessions } from './approval-sessions.js';

const INTERVAL_MS = 10_000;

/** Ends expired sessions, and executes those that an operator has approved, within ten seconds. Every node runs it. */
@Injectable()
export class ApprovalSettler implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(sessions: ApprovalSessions, @Inject(LOGGER) logger: Logger) {
    const failure = 'approval sessions could not be looked up; retrying every ten seconds';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => sessions.settle(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }
}
