import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { type Cache, Changes } from '../../changes/changes.js';
import { CONFIG, type Config } from '../../config/config.js';
import type { Cluster } from '../../config/clusters-file.js';
import { Token } from '../../hsm/token.js';
import { TokenError } from '../../hsm/token-error.js';
import { LOGGER } from '../../logger.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import type { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';
import { findStore } from './read-store.js';
import { isStoreArn, storeIdOf } from './store-arn.js';

/** Time for which calls don't retry a failed connection. */
const RETRY_MS = 1000;

/** The token of a store in this process. */
interface Connection {
  token: Promise<Token>;
  /** Present if the connection failed. */
  failure?: { error: unknown; at: number; isOfPin: boolean };
}

/**
 * The tokens of this process's connected custom key stores, each served by a separate process. A token is connected on
 * first use, and disconnected with its store.
 */
@Injectable()
export class StoreConnections implements Cache, OnApplicationShutdown {
  readonly #connections = new Map<string, Connection>();

  constructor(
    private readonly database: DataSource,
    private readonly provider: CryptoProvider,
    changes: Changes,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    changes.subscribe(this);
  }

  cluster(id: string | null): Cluster | undefined {
    return this.config.clusters.find((cluster) => cluster.id === id);
  }

  /**
   * Returns the token of a connected store.
   *
   * @throws TokenError
   */
  async token(storeId: string): Promise<Token> {
    const known = this.#connections.get(storeId);
    if (known && !mayRetry(known)) return known.token;
    const connection: Connection = { token: this.#open(storeId) };
    this.#connections.set(storeId, connection);
    connection.token.catch((error: unknown) => {
      const isOfPin = error instanceof TokenError && error.isOfPin;
      connection.failure = { error, at: performance.now(), isOfPin };
    });
    return connection.token;
  }

  /** Connects to a token with a password, which is tried only once. The caller closes it. @throws TokenError */
  connect(cluster: Cluster, password?: string): Promise<Token> {
    const { module, tokenLabel: label, tokenSerial: serial } = cluster;
    const { sessions, timeoutMs } = this.config.tokens;
    return Token.open({ address: { module, label, serial }, pin: password, sessions, timeoutMs });
  }

  /** Stores a connected token. */
  keep(storeId: string, token: Token): void {
    void this.close(storeId);
    this.#connections.set(storeId, { token: Promise.resolve(token) });
  }

  /** Disconnects the token of a store. */
  async close(storeId: string): Promise<void> {
    const connection = this.#connections.get(storeId);
    this.#connections.delete(storeId);
    await connection?.token.then(
      (token) => token.close(),
      () => undefined,
    );
  }

  owns(arn: string): boolean {
    return isStoreArn(arn);
  }

  forget(arn: string): void {
    const id = storeIdOf(arn);
    if (this.#connections.has(id)) void this.#closeIfDisconnected(id);
  }

  clear(): void {
    for (const id of this.#connections.keys()) void this.#closeIfDisconnected(id);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#connections.keys()].map((id) => this.close(id)));
  }

  async #open(storeId: string): Promise<Token> {
    const store = await findStore(this.database.manager, storeId);
    // A call may have read the store before it was disconnected, which would leave the session logged in.
    if (store?.connectionState !== 'CONNECTED')
      throw new TokenError('TOKEN_NOT_FOUND', 'The custom key store is not connected.');
    const cluster = this.cluster(store.clusterId);
    if (!cluster) throw new TokenError('TOKEN_NOT_FOUND', 'No cluster is configured for the custom key store.');
    const password = this.provider.use(store, (clear) => clear.toString());
    return this.connect(cluster, password);
  }

  /** Another process may have disconnected or changed the store. */
  async #closeIfDisconnected(id: string): Promise<void> {
    try {
      const store: KmsCustomKeyStore | null = await findStore(this.database.manager, id);
      const connection = this.#connections.get(id);
      // The password of a connected store can't change, so a refused one would be refused again.
      const mayRetry = connection?.failure?.isOfPin === false;
      if (store?.connectionState !== 'CONNECTED' || mayRetry) await this.close(id);
    } catch (error) {
      this.logger.warn({ store: id, error: (error as Error).message }, 'a custom key store could not be read');
    }
  }
}

/** A wrong password isn't retried until the store changes, because each attempt brings the token closer to locking. */
function mayRetry({ failure }: Connection): boolean {
  return failure !== undefined && !failure.isOfPin && performance.now() > failure.at + RETRY_MS;
}
