import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Rounds } from './rounds.js';

const INTERVAL_MS = 60_000;

/** Tracks when things were last used: collects the uses in memory, writes them every minute and on shutdown. */
export abstract class LastUses<T> implements OnApplicationBootstrap, OnApplicationShutdown {
  #uses = new Map<string, T>();
  readonly #rounds: Rounds;

  /** @param failure log message for uses that can't be written */
  constructor(logger: Logger, failure: string) {
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.write(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
    await this.#rounds.run();
  }

  /** Writes the collected uses. Uses that can't be written stay collected, unless newer ones have replaced them. */
  async write(): Promise<void> {
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.store(uses);
    } catch (error) {
      this.#uses = new Map([...uses, ...this.#uses]);
      throw error;
    }
  }

  /** Stores the last uses by the ids of what was used; an older use must not replace a newer one. */
  protected abstract store(uses: ReadonlyMap<string, T>): Promise<void>;

  /** Replaces the last use of something. */
  protected collect(id: string, use: T): void {
    this.#uses.set(id, use);
  }

  /** Returns the last use of something if it isn't written yet. */
  protected collected(id: string): T | undefined {
    return this.#uses.get(id);
  }
}
