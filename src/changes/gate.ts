import type { EntityManager } from 'typeorm';
import type { Call } from '../call.js';

/** Lets a call change something only with the approvals that it needs. */
export interface Gate {
  /**
   * Returns the way of a call through the gate.
   *
   * @returns undefined for a call that needs no approval; a promise only if something isn't remembered
   */
  of(call: Call): Passage | undefined | Promise<Passage | undefined>;
}

/** The way of one call through the gate. */
export interface Passage {
  /** Reads, in the transaction of the change and before it, what the change will replace. */
  enter(manager: EntityManager): Promise<void>;
  /**
   * Uses up the approvals of the call after its change and before the commit, so that a call is approved once and a change
   * that fails costs no approval.
   *
   * @throws Unapproved, which rolls the change back
   */
  leave(manager: EntityManager): Promise<void>;
  /** Requests the missing approvals after the rollback. @returns the exception that tells the caller */
  request(): Promise<Error>;
}

/** Thrown by `leave` if the call lacks an approval. */
export class Unapproved extends Error {
  override readonly name = 'Unapproved';
}
