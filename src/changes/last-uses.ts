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

  /** Writes the collected uses. Uses that can't be written stay collected, merged with newer ones. */
  async write(): Promise<void> {
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.store(uses);
    } catch (error) {
      for (const [id, use] of uses) {
        const newer = this.#uses.get(id);
        this.#uses.set(id, newer ? this.merge(use, newer) : use);
      }
      throw error;
    }
  }

  /** Stores the last uses by id; an older use must not replace a newer one. */
  protected abstract store(uses: ReadonlyMap<string, T>): Promise<void>;

  /** Merges a use that couldn't be written with a newer one, which by default replaces it. */
  protected merge(_older: T, newer: T): T {
    return newer;
  }

  /** Number of ids whose uses wait to be written. */
  protected get size(): number {
    return this.#uses.size;
  }

  /** Replaces the last use of an id. */
  protected collect(id: string, use: T): void {
    this.#uses.set(id, use);
  }

  /** Returns the last use of an id if it isn't written yet. */
  protected collected(id: string): T | undefined {
    return this.#uses.get(id);
  }
}
