import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Callers } from '../access/callers.js';
import { AuditLog } from '../audit/audit-log.js';
import { Changes } from '../changes/changes.js';
import { Clock } from '../clock.js';
import { CONFIG, type Config } from '../config/config.js';
import { type HostListenerConfig, isTestLmk } from '../config/payshield-file.js';
import { TokenBuckets } from '../front/token-buckets.js';
import { Metrics } from '../http/metrics.js';
import { LOGGER } from '../logger.js';
import { Dispatcher, type Served } from './dispatcher.js';
import { HostPrincipals } from './host-principals.js';
import { HostListener } from './listener.js';
import { ListenerCounts, ListenerReports } from './listener-reports.js';
import { ListenerServicesFactory } from './listener-services.js';
import { servedCommands } from './registry.js';
import { TurnWrites } from './turn-writes.js';

/** The listeners for host commands, which KEYBLOCK_PAYSHIELD_FILE configures. */
@Injectable()
export class HostCommands {
  readonly #listeners: HostListener[] = [];

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly audit: AuditLog,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly callers: Callers,
    private readonly changes: Changes,
    private readonly services: ListenerServicesFactory,
    private readonly reports: ListenerReports,
  ) {}

  /** Ports of the listeners, in the order of the configuration. */
  get ports(): readonly number[] {
    return this.#listeners.map(({ port }) => port);
  }

  /** The earliest expiry of a listener's certificate; undefined if no listener uses TLS. */
  get certificateExpiresAt(): Date | undefined {
    const ends = this.#listeners.flatMap(({ certificateExpiresAt }) => certificateExpiresAt?.getTime() ?? []);
    return ends.length === 0 ? undefined : new Date(Math.min(...ends));
  }

  /** Starts the listeners. Call `close` if this fails. */
  async listen(): Promise<void> {
    const { payshield, dataPlaneRate } = this.config;
    if (!payshield) return;
    for (const [lmk, configured] of payshield.lmks)
      if (isTestLmk(configured))
        this.logger.warn({ lmk }, 'the LMK is the public test set: anyone can decrypt the keys under it');
    const principals = this.changes.subscribe(new HostPrincipals(this.callers, this.changes.freshness));
    const rate = dataPlaneRate === undefined ? undefined : new TokenBuckets(dataPlaneRate);
    const turns = new TurnWrites();
    for (const config of payshield.listeners) {
      const counts = new ListenerCounts();
      const listener = new HostListener(config, turns, counts, this.logger);
      this.#listeners.push(listener);
      await listener.listen(({ name }) => this.#dispatcher(config, { name, counts }, principals, rate));
      this.reports.add(() => counts.report(listener.name, config));
    }
  }

  /** Stops the listeners. @param deadlineMs by the monotonic clock */
  async close(deadlineMs: number): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(deadlineMs)));
  }

  #dispatcher(
    config: HostListenerConfig,
    { name, counts }: Pick<Served, 'name' | 'counts'>,
    principals: HostPrincipals,
    rate: TokenBuckets | undefined,
  ): Dispatcher {
    const { audit, metrics, clock, logger } = this;
    const { headerLength, maxConnections, region, commands } = config;
    const { accountId } = this.config;
    return new Dispatcher({
      ...{ principals, rate, audit, metrics, clock, logger },
      staleServing: this.changes.staleServing,
      served: { name, counts, headerLength, maxConnections, region, accountId },
      needsApproval: (call) => this.changes.needsApproval(call),
      commands: servedCommands(commands),
      ...this.services.of(config),
    });
  }
}
