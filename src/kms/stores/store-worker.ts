import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource, In } from 'typeorm';
import { Changes } from '../../changes/changes.js';
import { Rounds } from '../../changes/rounds.js';
import { Clock } from '../../clock.js';
import { TokenError } from '../../hsm/token-error.js';
import { LOGGER } from '../../logger.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { lockStore } from './custom-key-store.repository.js';
import type { KmsCustomKeyStore as Store } from './kms-custom-key-store.entity.js';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { storeArn } from './store-arn.js';
import { StoreConnections } from './store-connections.js';
import { connectionErrorCode } from './store-errors.js';
import { TokenKeyRemovals } from './token-key-removals.js';
import { XksHealth } from './xks-health.js';

const INTERVAL_MS = 5000;
/** Time in which a node must complete a connection; afterwards another node may try. */
const LEASE_MS = 60_000;
/** Wrong passwords in a row after which the user counts as locked out. */
const MAX_FAILED_LOGINS = 5;

/** Outcome of an attempt to connect. */
interface Outcome {
  connectionState: 'CONNECTED' | 'FAILED';
  connectionErrorCode: string | null;
  failedLogins: number;
}

/** Connects and disconnects custom key stores in the background. Any node can do this, one at a time per store. */
@Injectable()
export class StoreWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #rounds: Rounds;

  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly connections: StoreConnections,
    private readonly removals: TokenKeyRemovals,
    private readonly xks: XksHealth,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const failure = 'custom key stores could not be connected or disconnected; retrying every 5 s';
    this.#rounds = new Rounds({ intervalMs: INTERVAL_MS, round: () => this.#round(), logger, failure });
  }

  onApplicationBootstrap(): void {
    this.#rounds.start();
    void this.#rounds.run();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#rounds.stop();
  }

  /**
   * Looks for work immediately, after a call has created some. A running round may have looked before the call.
   */
  async kick(): Promise<void> {
    await this.#rounds.run();
    await this.#rounds.run();
  }

  async #round(): Promise<void> {
    const stores = await this.database.manager.findBy(KmsCustomKeyStore, {
      connectionState: In(['CONNECTING', 'DISCONNECTING']),
    });
    try {
      await Promise.all(stores.map(({ id }) => this.#work(id)));
    } finally {
      await this.removals.sweep(this.clock.now());
    }
  }

  async #work(id: string): Promise<void> {
    const store = await this.#claim(id);
    if (!store) return;
    if (store.connectionState === 'DISCONNECTING') {
      await this.connections.close(id);
      await this.#settle(store, { connectionState: 'DISCONNECTED', connectionErrorCode: null });
      return;
    }
    const outcome = await this.#connect(store);
    const isSettled = await this.#settle(store, outcome);
    if (!isSettled || outcome.connectionState === 'FAILED') await this.connections.close(id);
    const { connectionState, connectionErrorCode } = outcome;
    this.logger.info({ store: id, connectionState, connectionErrorCode }, 'custom key store connection settled');
  }

  /** Claims the work of a store, unless another node has. */
  async #claim(id: string): Promise<Store | undefined> {
    const now = this.clock.now();
    return this.changes.ownTransaction(async (manager) => {
      const store = await lockStore(manager, id);
      const isDue = store?.connectionState === 'CONNECTING' || store?.connectionState === 'DISCONNECTING';
      if (!store || !isDue || (store.workedOnUntil && store.workedOnUntil > now)) return undefined;
      store.workedOnUntil = new Date(now.getTime() + LEASE_MS);
      await manager.save(store);
      return store;
    });
  }

  /** Stores the result of the work, unless a call has changed the state meanwhile, even to the same value. */
  async #settle({ id, connectionState, workedOnUntil }: Store, outcome: Partial<Store>): Promise<boolean> {
    return this.changes.ownTransaction(async (manager, changed) => {
      const store = await lockStore(manager, id);
      if (store?.connectionState !== connectionState) return false;
      if (store.workedOnUntil?.getTime() !== workedOnUntil?.getTime()) return false;
      await manager.save(Object.assign(store, outcome, { workedOnUntil: null }));
      changed(storeArn(store));
      return true;
    });
  }

  async #connect(store: Store): Promise<Outcome> {
    try {
      return store.type === 'AWS_CLOUDHSM' ? await this.#connectToken(store) : await this.#connectProxy(store);
    } catch (error) {
      // For example, the sealed password was modified in the database.
      this.logger.error(
        { store: store.id, error: (error as Error).message },
        'custom key store could not be connected',
      );
      return failed('INTERNAL_ERROR', store.failedLogins);
    }
  }

  async #connectToken(store: Store): Promise<Outcome> {
    const { failedLogins } = store;
    const cluster = this.connections.cluster(store.clusterId);
    if (!cluster) return failed('CLUSTER_NOT_FOUND', failedLogins);
    if (failedLogins >= MAX_FAILED_LOGINS) return failed('USER_LOCKED_OUT', failedLogins);
    const password = this.provider.use(store, (clear) => clear.toString());
    try {
      const token = await this.connections.connect(cluster, password);
      try {
        await token.run('checkAes');
      } catch (error) {
        await token.close();
        throw error;
      }
      this.connections.keep(store.id, token);
      return { connectionState: 'CONNECTED', connectionErrorCode: null, failedLogins: 0 };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.logger.warn({ store: store.id, error: error.message }, 'custom key store could not be connected');
      const code = connectionErrorCode(error);
      return failed(code, code === 'INVALID_CREDENTIALS' ? failedLogins + 1 : failedLogins);
    }
  }

  async #connectProxy(store: Store): Promise<Outcome> {
    const code = await this.xks.connectionError(store);
    return code === undefined
      ? { connectionState: 'CONNECTED', connectionErrorCode: null, failedLogins: 0 }
      : failed(code, 0);
  }
}

function failed(connectionErrorCode: string, failedLogins: number): Outcome {
  return { connectionState: 'FAILED', connectionErrorCode, failedLogins };
}
