import { Injectable } from '@nestjs/common';
import { MaskedKeys } from './masked-keys.js';
import { MasterKey } from './master-key.js';
import { aadOf, type SealedRow } from './sealed.js';

/** The result of a computation with a lent key. A promise is refused, because the key is zeroized when the computation returns. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T;

/** Seals key material under the master key, and lends it: outside `use`, no stored key exists in the clear. */
@Injectable()
export class CryptoProvider {
  /** Keyed by the row object: KeyCache freezes a row and hands the same object to every call, until the row is read again. */
  readonly #opened = new MaskedKeys();

  constructor(private readonly masterKey: MasterKey) {}

  /**
   * Seals key material for a row that is about to be written.
   *
   * @param entity the class of the row, which the row itself may be a plain copy of
   * @param row    with at least the values that the entity binds its sealed value to
   * @param clear  the key material; stays the caller's to zeroize
   */
  seal<T extends SealedRow>(entity: new () => T, row: Partial<T>, clear: Buffer): Buffer {
    return this.masterKey.seal(aadOf(entity, row), clear);
  }

  /**
   * Lends the clear key for one computation and zeroizes it afterwards.
   *
   * @param row     an entity as TypeORM read it, with its sealed value
   * @param compute gets the key material as it was sealed; must not keep the buffer or a view of it
   * @throws SealError if the sealed value or its associated data was changed
   */
  use<T>(row: SealedRow, compute: (clear: Buffer) => Synchronous<T>): T {
    const clear = this.#opened.get(row) ?? this.#open(row);
    try {
      return compute(clear);
    } finally {
      clear.fill(0);
    }
  }

  #open(row: SealedRow): Buffer {
    if (!row.sealed) throw new Error(`A row of ${row.constructor.name} was read without its sealed value`);
    const clear = this.masterKey.open(aadOf(row.constructor, row), row.sealed);
    this.#opened.remember(row, clear);
    return clear;
  }
}
