import { Injectable } from '@nestjs/common';
import { HeldKey, lendBytes } from '../crypto/held-key.js';
import { inSpan } from '../tracing/tracing.js';
import { MasterKey } from './master-key.js';
import { aadOf, type SealedRow } from './sealed.js';

/**
 * The result of a computation with a lent key. A promise is refused, because the key is zeroized when the computation
 * returns.
 */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * Seals key material under the master key, and lends it to computations: outside this class and OpenSSL, no stored key
 * exists in the clear.
 */
@Injectable()
export class CryptoProvider {
  /**
   * Keys by their rows: KeyCache returns the same object to every call. A key is dropped with
   * its row, when the row is read again or dropped from the cache. See docs/adr/0016.
   */
  readonly #held = new WeakMap<SealedRow, HeldKey>();

  constructor(private readonly masterKey: MasterKey) {}

  /**
   * Seals key material for a row that is about to be written.
   *
   * @param entity the class of the row; the row itself may be a plain object
   * @param row    with at least the values that the entity binds its sealed value to
   * @param clear  the key material; stays the caller's to zeroize
   */
  seal<T extends SealedRow>(entity: new () => T, row: Partial<T>, clear: Buffer): Buffer {
    return this.masterKey.seal(aadOf(entity, row), clear);
  }

  /**
   * Lends the clear key to one computation and zeroizes it afterwards.
   *
   * @param row an entity read by TypeORM, with its sealed value
   * @param compute receives the key material; must not keep the buffer or a view of it
   * @throws SealError if the sealed value or its associated data was changed
   */
  use<T>(row: SealedRow, compute: (clear: Buffer) => Synchronous<T>): T {
    return inSpan('provider', 'internal', usageOf(row), () => {
      const held = this.#held.get(row);
      if (held) return lendBytes(held, compute);
      const clear = this.#open(row);
      try {
        return compute(clear);
      } finally {
        clear.fill(0);
      }
    });
  }

  /**
   * Returns the key of a row as a HeldKey. Its OpenSSL objects are created once and kept for as long as the row is
   * cached.
   *
   * @param row an entity read by TypeORM, with its sealed value
   * @throws SealError if the sealed value or its associated data was changed
   */
  hold(row: SealedRow): HeldKey {
    let held = this.#held.get(row);
    if (!held) this.#held.set(row, (held = this.use(row, (clear) => new HeldKey(clear))));
    return held;
  }

  #open(row: SealedRow): Buffer {
    if (!row.sealed) throw new Error(`A row of ${row.constructor.name} was read without its sealed value`);
    return this.masterKey.open(aadOf(row.constructor, row), row.sealed);
  }
}

/** Returns the usage of a key as an attribute of its span; rows of secrets other than keys have none. */
function usageOf(row: SealedRow & { usage?: unknown }): Record<string, string> {
  return typeof row.usage === 'string' ? { keyUsage: row.usage } : {};
}
