import pg from 'pg';
import type { DataSource } from 'typeorm';
import { cut, TIMEOUT_MS } from './connection.js';

/** SQLSTATE of a write on a standby, or in a database that is read-only. */
const READ_ONLY = '25006';
/** Node's errors for a host that can't be reached. */
const UNREACHABLE = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT)/;
/** Messages of node-postgres for the same, whose errors have no code. */
const NO_ANSWER = /timeout expired|connection timeout|Query read timeout|Connection terminated|not queryable/;
/** SQLSTATEs of a server that accepts no connections, because it is starting or stopping. */
const NOT_SERVING = /^(08|57P0)/;

/** True if a database that fails with this error can't serve at all: nothing answers, or it is starting or stopping. */
function isAway(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return isUnreachable(error) || (typeof code === 'string' && NOT_SERVING.test(code));
}

/**
 * True if this error means that the database didn't answer: connections are refused or reset, or time out. False for
 * every error that a server sent. Of several hosts, one must be unreachable and the others standbys, or starting or
 * stopping: the primary may be the one that can't be reached.
 */
export function isUnreachable(error: unknown): boolean {
  const { code, message, driverError } = error as Error & { code?: unknown; driverError?: unknown };
  if (driverError !== undefined) return isUnreachable(driverError); // TypeORM's QueryFailedError
  if (error instanceof NoPrimaryError) return error.isUnreachable;
  return typeof code === 'string' ? UNREACHABLE.test(code) : NO_ANSWER.test(message);
}

/** Thrown if a host is a standby, which is read-only. */
class StandbyError extends Error {
  override readonly name = 'StandbyError';
  readonly code = '57P03'; // cannot_connect_now
  constructor() {
    super('the server is a standby');
  }
}

/** Thrown if none of several hosts is a reachable primary. */
class NoPrimaryError extends Error {
  override readonly name = 'NoPrimaryError';
  readonly code = '08001'; // sqlclient_unable_to_establish_sqlconnection
  /** @param isUnreachable true if nothing answers at one of the hosts */
  constructor(
    failures: readonly string[],
    readonly isUnreachable: boolean,
  ) {
    super(`no host of DATABASE_URL is a primary that answers: ${failures.join('; ')}`);
  }
}

/** A connection to one of the hosts. */
interface Connection extends pg.Client {
  readonly url: string;
}

/**
 * The connections of a process to a database with one host or several, of which one at a time is the primary. A
 * connection is used only after its server has reported that it isn't a standby. When a host can't be reached or is a
 * standby, the next one is tried, beginning with the host that was the primary last. See docs/adr/0056.
 */
export class Primary {
  readonly #urls: readonly string[];
  readonly #clients = new Set<Connection>();
  /** URL of the host to which new connections are made. */
  #url: string;
  readonly #errors = new Map<string, number>();
  /** The pool, once it is open. */
  pool?: pg.Pool;
  /** Receives the time for which a query or transaction has waited for a connection. */
  waited: (seconds: number) => void = () => undefined;
  /** Opens connections to the current host. */
  readonly Client: new (options: pg.ClientConfig) => Connection;
  /** A pool of such connections. */
  readonly Pool: new (options: pg.PoolConfig) => pg.Pool;

  /** @param urls of the hosts, at least one */
  constructor(urls: readonly string[]) {
    const [first] = urls;
    if (first === undefined) throw new Error('A database has at least one host');
    this.#urls = urls;
    this.#url = first;
    this.Client = clientOf(this);
    this.Pool = poolOf(this);
  }

  /** The open connections. */
  get clients(): Set<Connection> {
    return this.#clients;
  }

  /** URL of the host to which new connections are made. */
  get url(): string {
    return this.#url;
  }

  /** Numbers of errors by SQLSTATE, or by Node's code for a host that can't be reached. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  countError(code: string): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** Time limit for connecting to one host. */
  get hostTimeoutMs(): number {
    return TIMEOUT_MS / this.#urls.length;
  }

  /** Opens a connection outside the pool. */
  async connect(options: pg.ClientConfig): Promise<pg.Client> {
    return this.attempt(async () => {
      const client = new this.Client(options);
      client.on('error', () => undefined); // 'end' follows
      try {
        await client.connect();
        await this.prepare(client);
        return client;
      } catch (error) {
        cut([client]);
        throw error;
      }
    });
  }

  /**
   * Prepares a new connection. If the primary has changed, closes the connections to the other hosts, so
   * that this process never uses two servers at a time.
   *
   * @throws StandbyError
   */
  async prepare(client: Connection): Promise<void> {
    // Otherwise a node that hangs in a transaction would keep its locks.
    const text = `SELECT pg_is_in_recovery() AS "isStandby",
                         set_config('idle_in_transaction_session_timeout', '${TIMEOUT_MS}', false)`;
    const query: pg.QueryConfig & pg.ClientConfig = { text, query_timeout: this.hostTimeoutMs };
    const { rows } = await client.query<{ isStandby: boolean }>(query);
    if (rows[0]?.isStandby !== false) throw new StandbyError();
    cut([...this.#clients].filter(({ url }) => url !== client.url));
  }

  /** Connects to the current host, or to the next ones, each of them once, if it can't be reached or is a standby. */
  async attempt<T>(connect: () => Promise<T>): Promise<T> {
    const failures: string[] = [];
    let isOneUnreachable = false;
    for (;;) {
      const url = this.#url;
      try {
        return await connect();
      } catch (error) {
        const { code } = error as { code?: string };
        // Errors of the server are counted where they arrive.
        if (isAway(error) && !(error instanceof pg.DatabaseError)) this.countError(code ?? 'none');
        if (this.#urls.length === 1 || !isAway(error)) throw error;
        failures.push(`${new URL(url).host}: ${messageOf(error)}`);
        isOneUnreachable ||= isUnreachable(error);
        // Another connection may have moved on already.
        if (this.#url === url) this.#url = this.#urls[(this.#urls.indexOf(url) + 1) % this.#urls.length] ?? url;
        if (failures.length === this.#urls.length) throw new NoPrimaryError(failures, isOneUnreachable);
      }
    }
  }
}

/** Returns the reason why a host could not be used. */
export function messageOf(error: unknown): string {
  const { message, code } = error as Error & { code?: string };
  // A refused connection to a name with several addresses has a code but no message.
  return message || (code ?? 'no answer');
}

function clientOf(primary: Primary): Primary['Client'] {
  return class extends pg.Client {
    readonly url = primary.url;

    constructor(options: pg.ClientConfig) {
      super({ ...options, connectionString: primary.url, connectionTimeoutMillis: primary.hostTimeoutMs });
      primary.clients.add(this);
      this.once('end', () => primary.clients.delete(this));
      this.connection.on('errorMessage', ({ code }: { code?: string }) => {
        // The next connection may lead to the primary. The pool drops this one when it is released.
        if (code === READ_ONLY) void this.end();
      });
    }
  };
}

function poolOf(primary: Primary): Primary['Pool'] {
  type Connected = Parameters<pg.Pool['connect']>[0];
  return class extends pg.Pool {
    constructor(options: pg.PoolConfig) {
      super(options);
      primary.pool = this;
    }

    override connect(): Promise<pg.PoolClient>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<pg.PoolClient> | void {
      const startedAt = performance.now();
      const connecting = primary
        .attempt(() => super.connect())
        .finally(() => primary.waited((performance.now() - startedAt) / 1000));
      if (!callback) return connecting;
      connecting.then(
        (client) => callback(undefined, client, (error) => client.release(error as Error | boolean)),
        (error: unknown) => callback(error as Error, undefined, () => undefined),
      );
    }
  };
}

/** Returns the connections of a data source that `connect` opened. */
export function primaryOf(database: DataSource): Primary {
  const { primary } = database.options.extra as { primary: Primary };
  return primary;
}
