import type { EntityMetadata } from 'typeorm';
import { equal } from '../crypto/bytes.js';
import { hmac } from '../crypto/hmac.js';
import { boundBytes, type BoundRow, nameOf } from './bound.js';
import { MasterKey } from './master-key.js';

const BYTES = 32;
const MODULUS = 1n << BigInt(8 * BYTES);
const TALLY_AAD = Buffer.from('keyblock tally of bound rows');

/** Thrown for a row that was modified in the database. Such a row is never used. */
export class BoundRowError extends Error {
  override readonly name = 'BoundRowError';

  constructor(metadata: EntityMetadata, row: object) {
    super(`The row ${nameOf(metadata, row)} is not as the service wrote it: it was modified in the database.`);
  }
}

/** Number of bound rows, and the sum of their hashes, which is different for any other set of rows. */
export interface Tally {
  rows: number;
  sum: bigint;
}

/** Authenticates bound rows with a secret of the deployment, individually and as a whole. */
export class RowSeal {
  readonly #secret: Buffer;
  readonly #tallyKey: MasterKey;

  /** @param secret 32 bytes; the seal keeps the buffer */
  constructor(secret: Buffer) {
    this.#secret = secret;
    this.#tallyKey = new MasterKey(this.#hmac('tally', Buffer.alloc(0)));
  }

  macOf(metadata: EntityMetadata, row: object): Buffer {
    return this.#hmac('row', boundBytes(metadata, row));
  }

  /** True if a row, read with all its bound columns, is as the service wrote it. */
  matches(metadata: EntityMetadata, row: BoundRow): boolean {
    return row.mac?.length === BYTES && equal(this.macOf(metadata, row), row.mac);
  }

  /** @throws BoundRowError */
  verify(metadata: EntityMetadata, row: BoundRow): void {
    if (!this.matches(metadata, row)) throw new BoundRowError(metadata, row);
  }

  /**
   * Adds a row to a tally, or subtracts it if the factor is -1. The hash differs from the row's MAC, and is never
   * stored.
   */
  count(tally: Tally, metadata: EntityMetadata, row: object, factor: 1 | -1 = 1): void {
    const hash = BigInt(`0x${this.#hmac('tally of rows', boundBytes(metadata, row)).toString('hex')}`);
    tally.rows += factor;
    tally.sum = BigInt.asUintN(8 * BYTES, tally.sum + BigInt(factor) * hash);
  }

  sealTally({ rows, sum }: Tally): Buffer {
    const clear = Buffer.alloc(8 + BYTES);
    clear.writeBigInt64BE(BigInt(rows));
    clear.write((sum + MODULUS).toString(16).slice(1), 8, 'hex');
    return this.#tallyKey.seal(TALLY_AAD, clear);
  }

  /** @throws SealError if the tally was modified */
  openTally(sealed: Buffer): Tally {
    const clear = this.#tallyKey.open(TALLY_AAD, sealed);
    return { rows: Number(clear.readBigInt64BE()), sum: BigInt(`0x${clear.toString('hex', 8)}`) };
  }

  /** The purpose is one of the constants above. The NUL ensures that none is a prefix of another. */
  #hmac(purpose: string, bytes: Buffer): Buffer {
    return hmac('SHA256', this.#secret, Buffer.concat([Buffer.from(`${purpose}\0`), bytes]), BYTES);
  }
}
