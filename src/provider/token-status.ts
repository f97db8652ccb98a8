import type { Logger } from 'pino';
import { type Home, ownEvent } from '../audit/audit-event.js';
import type { AuditLog } from '../audit/audit-log.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../http/metrics.js';
import type { TokenKey } from './token-key.js';

/** Number of failed probes, one a second, after which a service that requires its token isn't ready. */
const REQUIRED_PROBES = 3;

export interface TokenWatchers {
  audit: Pick<AuditLog, 'record'>;
  clock: Clock;
  home: Home;
  logger: Logger;
  metrics: Pick<Metrics, 'watchToken'>;
}

/** Availability of the token that encrypts the master key. A service without a token is always ready. */
export class TokenStatus {
  readonly #tokenKey: TokenKey | undefined;
  readonly #isRequired: boolean;

  constructor(tokenKey?: TokenKey, isRequired = false) {
    this.#tokenKey = tokenKey;
    this.#isRequired = isRequired;
  }

  /** Undefined without a token. */
  get state(): 'reachable' | 'unreachable' | undefined {
    if (!this.#tokenKey) return undefined;
    return this.#tokenKey.token.isUp ? 'reachable' : 'unreachable';
  }

  /** Label of the token; undefined without one. */
  get label(): string | undefined {
    return this.#tokenKey?.token.info.label;
  }

  /** False if the token is required and has become unavailable. */
  get isReady(): boolean {
    return !this.#isRequired || !this.#tokenKey || this.#tokenKey.token.failedProbes < REQUIRED_PROBES;
  }

  /** Starts to log and audit the loss and the return of the token, and adds its metric. */
  watch({ audit, clock, home, logger, metrics }: TokenWatchers): void {
    const tokenKey = this.#tokenKey;
    if (!tokenKey) return;
    const details = tokenKey.description;
    const record = (name: string) =>
      audit.record(ownEvent({ ...home, source: 'keyblock', name, details }, clock.now()));
    metrics.watchToken(() => (tokenKey.token.isUp ? 1 : 0));
    record('TokenConnected');
    tokenKey.token.onChange((fault) => {
      record(fault ? 'TokenLost' : 'TokenConnected');
      if (fault) logger.error({ ...details, fault: fault.message }, 'the token of the master key is unreachable');
      else logger.info(details, 'the token of the master key is reachable again');
    });
  }
}
