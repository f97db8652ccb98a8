import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { endInTime } from '../database/connection.js';
import { primaryOf } from '../database/primary.js';

export const CHANNEL = 'keyblock_changes';

/** Application name of the connection in PostgreSQL. */
export const LISTENER = 'keyblock listener';

const RECONNECT_MS = 1000;
/** Time limit for a notification that this process sends to itself. */
const GREETING_MS = 1000;
/** Time limit for a query, after which its answer would be useless; the connection is then replaced. */
const QUERY_TIMEOUT_MS = 2000;

const UNHEARD =
  'a notification of this process to itself did not arrive: a pooler may drop them. Changes made by other nodes are ' +
  'seen within a second, and each makes this node read its keys again';

/**
 * The connection on which this process is notified of changes; it reconnects when it is lost. The connection also runs
 * short queries that must not wait until the pool has a connection.
 */
export class ChangeListener {
  #connection?: pg.Client;
  #isListening = false;
  #isStopped = false;
  #retry?: NodeJS.Timeout;
  #query: Promise<unknown> = Promise.resolve();
  #starting: Promise<void> = Promise.resolve();
  /** The notification that this process has sent to itself, until it arrives. */
  #greeting?: string;

  /**
   * @param receive  is called with the payload of each notification
   * @param listened is called when the connection begins to listen
   */
  constructor(
    private readonly database: DataSource,
    private readonly logger: Logger,
    private readonly receive: (payload: string) => void,
    private readonly listened: () => void,
  ) {}

  /** True while the connection is open and listens. */
  get isListening(): boolean {
    return this.#isListening;
  }

  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#isStopped) return;
    let connection: pg.Client;
    try {
      connection = await primaryOf(this.database).connect({
        application_name: LISTENER,
        keepAlive: true,
        query_timeout: QUERY_TIMEOUT_MS,
      });
    } catch {
      this.#reconnect();
      return;
    }
    this.#connection = connection;
    connection.on('notification', ({ payload = '' }) => this.#received(payload));
    connection.once('end', () => this.#reconnect());
    try {
      await connection.query(`LISTEN ${CHANNEL}`);
      this.#isListening = true;
      this.listened();
      void this.#greet();
    } catch {
      await connection.end().catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isListening = false;
    clearTimeout(this.#retry);
    await this.#starting;
    await this.#query.catch(() => undefined);
    const connection = this.#connection;
    if (connection) await endInTime([connection], () => connection.end());
  }

  /** Runs a query on this connection, or on one of the pool while this connection is lost. */
  async query<T>(sql: string): Promise<T[]> {
    const connection = this.#isListening ? this.#connection : undefined;
    if (!connection) return this.database.query<T[]>(sql);
    try {
      const answer = connection.query<T & object>(sql);
      this.#query = answer;
      return (await answer).rows;
    } catch (error) {
      // Notifications may not arrive on this connection either, so it is replaced.
      void connection.end().catch(() => undefined);
      throw error;
    }
  }

  /**
   * Checks that notifications arrive, by sending one to this process from another connection: a pooler may accept
   * LISTEN and drop notifications.
   */
  async #greet(): Promise<void> {
    const greeting = randomUUID();
    this.#greeting = greeting;
    setTimeout(() => {
      // A busy process may have received the notification without having read it yet.
      setImmediate(() => {
        if (this.#greeting === greeting && !this.#isStopped) this.logger.warn(UNHEARD);
      });
    }, GREETING_MS).unref();
    // If the query fails, the listener reconnects and sends a new test notification.
    await this.database.query('SELECT pg_notify($1, $2)', [CHANNEL, greeting]).catch(() => undefined);
  }

  #received(payload: string): void {
    if (payload === this.#greeting) this.#greeting = undefined;
    else this.receive(payload);
  }

  #reconnect(): void {
    this.#isListening = false;
    if (this.#isStopped) return;
    this.logger.warn('the connection that listens for changes was lost; reconnecting');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.start(), RECONNECT_MS).unref();
  }
}
