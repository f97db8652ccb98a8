import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { ChainReport, Fault } from '../audit/chain-check.js';
import { describeChainEvent } from '../audit/chain-events.js';
import { verificationMac } from '../audit/chain.js';
import { verifyTable } from '../audit/verify.js';
import { Clock } from '../clock.js';
import { equal } from '../crypto/bytes.js';
import { LOCKS, tryWithLock } from '../database/locks.js';
import { ConflictException } from '../errors/exceptions.js';
import { LOGGER } from '../logger.js';
import { MasterKey } from '../provider/master-key.js';
import { serviceSecret } from '../provider/service-secret.js';

/** Maximum number of chains with a report in the result: first those with faults, then the newest. */
const MAX_REPORTS = 1000;

/** Ratio of pauses to work, so that the verification uses at most a quarter of the thread. */
const REST_PER_WORK = 3;
const MAX_REST_MS = 1000;

/** The report of a chain, as stored and returned. */
export interface VerifiedChain extends Omit<ChainReport, 'chainEvents' | 'fault'> {
  fault?: Omit<Fault, 'kind'> & { kind: Fault['kind'] | 'reported' };
}

/** A verification of all chains. */
export interface Verification {
  state: 'RUNNING' | 'INTACT' | 'BROKEN' | 'FAILED' | 'INTERRUPTED' | 'MODIFIED';
  /** ISO 8601 */
  started?: string;
  ended?: string;
  /** ARN of the caller. */
  startedBy?: string;
  /** Numbers of chains, of those with a fault, and of events. */
  chains?: number;
  faulty?: number;
  events?: number;
  /** The fault of the set of chains as a whole. */
  fault?: string;
  reports?: VerifiedChain[];
}

/** Thrown to end a verification because the service stops. */
class Stopped extends Error {}

/**
 * Verifies the audit chains in the background, one verification at a time in the deployment. The row with the result has
 * a MAC: otherwise anyone who can edit the log could also edit the result.
 */
@Injectable()
export class ChainVerification implements OnApplicationShutdown {
  #running?: Promise<void>;
  #isStopped = false;

  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Starts a verification.
   *
   * @throws ConflictException if one is running on any node
   */
  async start(startedBy: string): Promise<Verification> {
    const secret = await this.#secret();
    const begun: Verification = { state: 'RUNNING', started: this.clock.now().toISOString(), startedBy };
    return new Promise((resolve, reject) => {
      const running = tryWithLock(this.database, LOCKS.auditVerification, async () => {
        await this.#store(secret, begun);
        resolve(begun);
        await this.#verify(secret, begun);
      })
        .then((isFirst) => {
          if (!isFirst) reject(new ConflictException('The audit chains are being verified: wait for the result.'));
        })
        .catch((error: unknown) => {
          const failure = error instanceof Error ? error : new Error(String(error));
          this.logger.error({ error: failure.message }, 'the verification of the audit chains failed');
          reject(failure);
        })
        .finally(() => {
          if (this.#running === running) this.#running = undefined;
        });
      // A refused verification doesn't affect the running one.
      this.#running ??= running;
    });
  }

  /** Returns the last verification; undefined if there was none. */
  async latest(): Promise<Verification | undefined> {
    const found = await this.#read();
    if (found?.state !== 'RUNNING' || (await this.#isLocked())) return found;
    // It may have ended between the two queries.
    const again = await this.#read();
    return again?.state === 'RUNNING' ? { ...again, state: 'INTERRUPTED' } : again;
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #verify(secret: Buffer, begun: Verification): Promise<void> {
    const kept = new KeptReports();
    let ended: Partial<Verification>;
    try {
      const fault = await verifyTable(this.database, secret, (report) => kept.add(report), { rest: this.#rest() });
      const result = kept.result();
      ended = { state: fault === undefined && result.faulty === 0 ? 'INTACT' : 'BROKEN', fault, ...result };
    } catch (error) {
      // A stopped verification remains RUNNING without a lock, which is reported as INTERRUPTED.
      if (error instanceof Stopped) return;
      this.logger.error({ error: (error as Error).message }, 'the verification of the audit chains failed');
      ended = { state: 'FAILED' };
    }
    await this.#store(secret, { ...begun, ...ended, ended: this.clock.now().toISOString() });
  }

  /** Returns a function that pauses in proportion to the work since its last call. */
  #rest(): () => Promise<void> {
    let since = performance.now();
    return async () => {
      if (this.#isStopped) throw new Stopped();
      await pause(Math.min((performance.now() - since) * REST_PER_WORK, MAX_REST_MS));
      since = performance.now();
    };
  }

  async #store(secret: Buffer, verification: Verification): Promise<void> {
    const report = JSON.stringify(verification);
    await this.database.query(
      `INSERT INTO audit_verification (id, report, mac) VALUES (1, $1, $2)
       ON CONFLICT (id) DO UPDATE SET report = $1, mac = $2`,
      [report, verificationMac(secret, [report])],
    );
  }

  async #read(): Promise<Verification | undefined> {
    const [row] = await this.database.query<{ report: string; mac: Buffer }[]>(
      'SELECT report, mac FROM audit_verification',
    );
    if (!row) return undefined;
    if (!equal(verificationMac(await this.#secret(), [row.report]), row.mac)) return { state: 'MODIFIED' };
    return JSON.parse(row.report) as Verification;
  }

  async #isLocked(): Promise<boolean> {
    const [row] = await this.database.query<{ locked: boolean }[]>(
      `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locked`,
      [LOCKS.auditVerification],
    );
    return row?.locked === true;
  }

  #secret(): Promise<Buffer> {
    return serviceSecret(this.database.manager, this.masterKey, 'audit');
  }
}

/** Collects reports of chains, and keeps only some of them. */
class KeptReports {
  /** Faults that events of later chains report, by chain. */
  readonly #reported = new Map<number, string>();
  readonly #faulty = new Map<number, VerifiedChain>();
  #intact: VerifiedChain[] = [];
  #chains = 0;
  #events = 0;

  add({ chainEvents, fault, ...report }: ChainReport): void {
    this.#chains += 1;
    this.#events += report.events;
    if (fault) this.#faulty.set(report.chain, { ...report, fault });
    else {
      this.#intact.push(report);
      if (this.#intact.length > 2 * MAX_REPORTS) this.#intact = this.#intact.slice(-MAX_REPORTS);
    }
    for (const event of chainEvents) {
      const about = event.eventName === 'AuditChainBroken' ? event.serviceEventDetails.chain : report.chain;
      this.#reported.set(about, describeChainEvent(event, report.chain));
    }
  }

  result(): Required<Pick<Verification, 'chains' | 'faulty' | 'events' | 'reports'>> {
    for (const [chain, what] of this.#reported) {
      if (this.#faulty.has(chain)) continue;
      const report = this.#intact.find((intact) => intact.chain === chain) ?? {
        chain,
        events: 0,
        head: { sequence: 0, hash: '' },
      };
      this.#faulty.set(chain, { ...report, fault: { kind: 'reported', what } });
    }
    const faulty = [...this.#faulty.values()];
    const intact = this.#intact.filter(({ chain }) => !this.#faulty.has(chain)).reverse();
    return {
      chains: this.#chains,
      faulty: faulty.length,
      events: this.#events,
      reports: [...faulty, ...intact].slice(0, MAX_REPORTS),
    };
  }
}
