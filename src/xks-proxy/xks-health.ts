import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACCOUNT_ID } from '../access/principal.repository.js';
import { Changes } from '../changes/changes.js';
import { LISTENER } from '../changes/change-listener.js';
import { inTime } from '../changes/in-time.js';
import { VERSION } from '../config/version.js';
import { equal } from '../crypto/bytes.js';
import { HeldKey } from '../crypto/held-key.js';
import { checkMasterKey } from '../provider/master-key-check.js';
import { MasterKey } from '../provider/master-key.js';
import { internal } from './exceptions.js';
import { open, seal } from './xks-cipher.js';
import type { GetHealthStatusOutput } from './xks-proxy.schema.js';

/** Time for which a check is valid; the specification allows a minute. */
const GOOD_FOR_MS = 10_000;

const VENDOR = 'Keyblock';

/** Reports to AWS KMS whether a call that follows will succeed. */
@Injectable()
export class XksHealth {
  /** The last check that succeeded. */
  #last?: { readonly fleetSize: number; readonly at: number };

  constructor(
    private readonly database: DataSource,
    private readonly masterKey: MasterKey,
    @Inject(ACCOUNT_ID) private readonly accountId: string,
    private readonly changes: Changes,
  ) {}

  /**
   * Returns the status; while calls are served although the database is unreachable, with the last known number of processes.
   *
   * @throws Error of the database or the master key, if this process can't use them
   */
  async read(): Promise<GetHealthStatusOutput> {
    checkCipher();
    const isGood = this.#last && performance.now() <= this.#last.at + GOOD_FOR_MS;
    if (!this.#last || !(isGood || this.changes.staleServing.servesStale())) {
      const at = performance.now();
      this.#last = { fleetSize: await inTime(this.#checkDatabase()), at };
    }
    const product = `${VENDOR} ${VERSION}`;
    return {
      xksProxyFleetSize: this.#last.fleetSize,
      xksProxyVendor: VENDOR,
      xksProxyModel: product,
      ekmVendor: VENDOR,
      ekmFleetDetails: [{ id: `keyblock-${this.accountId}`, model: product, healthStatus: 'ACTIVE' }],
    };
  }

  /** @returns the number of processes of the service, each of which has one connection that listens for changes */
  async #checkDatabase(): Promise<number> {
    const { manager } = this.database;
    await checkMasterKey(manager, this.masterKey);
    const [row] = await manager.query<{ processes: number }[]>(
      `SELECT count(*)::int AS processes FROM pg_stat_activity
        WHERE application_name = $1 AND datname = current_database()`,
      [LISTENER],
    );
    // The connection of this process may be about to be replaced.
    return Math.max(1, row?.processes ?? 0);
  }
}

/** Encrypts and decrypts with a temporary key, so that no released key appears to be used. */
function checkCipher(): void {
  const clear = randomBytes(32);
  const material = { materialId: '0'.repeat(64), held: new HeldKey(clear) };
  const sealed = seal(material, clear, clear);
  const opened = open(material.held, sealed, clear);
  const isIntact = equal(opened, clear);
  clear.fill(0);
  opened.fill(0);
  if (!isIntact) throw internal();
}
