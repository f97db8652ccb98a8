import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ConditionKeys, TagFact } from '../access/request-context.js';
import type { Call } from '../call.js';

/** The subject of a call, for guards' conditions and approvers. */
export interface Subject {
  /** ARN of the key that was found by the name in the call. */
  readonly target?: string | undefined;
  /** In words, in the order in which approvers read them. */
  readonly facts: readonly Fact[];
  /** Identifies the state that the call replaces: an approval is no longer valid once this state has changed. */
  readonly replaces?: unknown;
  /** The document that the call replaces, and the new one. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly tags?: readonly TagFact[];
  readonly conditionKeys?: ConditionKeys;
  /** ARNs of teams whose approval the call needs even without a guard. */
  readonly teams?: readonly string[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** An operation that can need approvals. */
export interface GuardedOperation {
  /** `name` of its API. */
  readonly api: string;
  readonly operation: string;
  /** Name of its guard; undefined if only its subject can require teams. */
  readonly guard?: string;
  /** True if its resources belong to the account and not to a Region, so that guards of every Region apply. */
  readonly isGlobal?: true;
  /** True if its subject can require teams. */
  readonly requiresTeams?: true;
  /** Reads the subject in the transaction of the change and before it, and locks what the call replaces. */
  readonly read: (call: Call, manager: EntityManager) => Promise<Subject>;
  /**
   * Reads what the change has created, for an operation whose subject doesn't exist beforehand. Undefined if it has no
   * guard.
   */
  readonly readCreated?: (call: Call, manager: EntityManager) => Promise<Subject | undefined>;
}

/** The operations that can need approvals. Each product registers its own. */
@Injectable()
export class GuardedOperations {
  readonly #byName = new Map<string, GuardedOperation>();
  /** Describes resources of calls, by the beginning of their ARNs. */
  readonly #describers: ((arn: string, manager: EntityManager) => Promise<string | undefined>)[] = [];

  register(...operations: readonly GuardedOperation[]): void {
    for (const operation of operations) this.#byName.set(`${operation.api}:${operation.operation}`, operation);
  }

  /** @param describe returns a description in words, such as usage and check value; undefined for another's resource */
  describeWith(describe: (arn: string, manager: EntityManager) => Promise<string | undefined>): void {
    this.#describers.push(describe);
  }

  find({ api, operation }: Pick<Call, 'api' | 'operation'>): GuardedOperation | undefined {
    return this.#byName.get(`${api.name}:${operation}`);
  }

  /** Names that a guard can have. */
  get guards(): string[] {
    const names = [...this.#byName.values()].flatMap(({ guard }) => guard ?? []);
    return [...new Set(names)].toSorted();
  }

  /** Returns a description of a resource. */
  async describe(arn: string, manager: EntityManager): Promise<string> {
    for (const describe of this.#describers) {
      const words = await describe(arn, manager);
      if (words !== undefined) return `${arn} (${words})`;
    }
    return arn;
  }
}
