import { EventEmitter } from 'node:events';
import { PGlite, type QueryOptions, types } from '@electric-sql/pglite';

/** Opens the database of a folder, or makes it. */
export function openPglite(path: string): Promise<PGlite> {
  return PGlite.create(path);
}

type Done = (error: Error | undefined, client?: PgliteClient, release?: () => void) => void;

/**
 * What TypeORM's PostgreSQL driver needs of node-postgres' Pool, over one PGlite. PGlite has a single session, so a client
 * is leased to one borrower at a time, from connect() to release(): transactions never interleave.
 */
export class PglitePool extends EventEmitter {
  readonly #pglite: PGlite;
  readonly #waiting: (() => void)[] = [];
  #leased = false;

  /** @param options TypeORM passes on what is in its `extra`: an open PGlite, the pool's to close */
  constructor({ pglite }: { pglite: PGlite }) {
    super();
    this.#pglite = pglite;
  }

  connect(done: Done): void {
    const lease = () => {
      this.#leased = true;
      const client = new PgliteClient(this.#pglite);
      done(undefined, client, () => {
        if (client.released) return;
        client.released = true;
        this.#leased = false;
        this.#waiting.shift()?.();
      });
    };
    if (this.#leased) this.#waiting.push(lease);
    else lease();
  }

  end(done: (error?: Error) => void): void {
    this.#pglite.close().then(() => done(), done);
  }
}

/** A lease, with the part of node-postgres' Client that TypeORM calls. */
class PgliteClient extends EventEmitter {
  released = false;

  constructor(private readonly pglite: PGlite) {
    super();
  }

  /** With a callback as TypeORM's driver calls it at start, with a promise as its query runner does. */
  query(sql: string, parameters?: unknown[] | ((error?: unknown, result?: QueryResult) => void)): Promise<QueryResult> {
    const result = this.#run(sql, Array.isArray(parameters) ? parameters : []);
    if (typeof parameters === 'function') result.then((value) => parameters(undefined, value), parameters);
    return result;
  }

  async #run(sql: string, parameters: unknown[]): Promise<QueryResult> {
    if (this.released) throw new Error('The database client was released');
    const { rows, affectedRows } = await this.pglite.query<Record<string, unknown>>(sql, parameters, {
      parsers: PARSERS,
      serializers: SERIALIZERS,
    });
    return { rows, rowCount: affectedRows ?? rows.length, command: /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '' };
  }
}

interface QueryResult {
  rows: Record<string, unknown>[];
  rowCount: number;
  command: string;
}

/** As node-postgres reads them: bytes as Buffer, 64-bit integers as text. */
const PARSERS = {
  [types.BYTEA]: (text: string) => Buffer.from(text.slice(2), 'hex'),
  [types.INT8]: (text: string) => text,
};

/**
 * Parameters as the bytes they are. PGlite would write bytes in hexadecimal digits, and count the characters of a text one by
 * one: ten times, and twice, what the database takes for them.
 */
const SERIALIZERS = {
  [types.BYTEA]: (bytes: Buffer) => bytes,
  [types.TEXT]: (text: string | number) => Buffer.from(String(text)),
} as unknown as SerializerOptions;

type SerializerOptions = NonNullable<QueryOptions['serializers']>;
