import type { EntityManager } from 'typeorm';
import type { Call } from '../call.js';

/** Lets a call make changes only with the approvals that it needs. */
export interface Gate {
  /**
   * Returns the passage of a call through the gate.
   *
   * @returns undefined for a call that needs no approval; a promise only if something isn't cached
   */
  of(call: Call): Passage | undefined | Promise<Passage | undefined>;
}

/** The passage of one call through the gate. */
export interface Passage {
  /** Reads the state that the change will replace, in the change's transaction and before the change. */
  enter(manager: EntityManager): Promise<void>;
  /**
   * Consumes the approvals after the change and before the commit, so that each approval is used once and a failed
   * change uses none.
   *
   * @throws Unapproved, which rolls the change back
   */
  leave(manager: EntityManager): Promise<void>;
  /** Requests the missing approvals after the rollback. @returns the exception for the caller */
  request(): Promise<Error>;
}

/** Thrown by `leave` if the call lacks an approval. */
export class Unapproved extends Error {
  override readonly name = 'Unapproved';
}
