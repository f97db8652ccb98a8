import { parseKeyBlock } from '../crypto/tr31/key-block.js';
import { CONTROL_PLANE } from '../payment/api.js';
import { KeyCache } from '../payment/keys/key-cache.js';
import { Key } from '../payment/keys/key.entity.js';
import { KeyRepository } from '../payment/keys/key.repository.js';
import { Quotas } from '../payment/keys/quotas.js';
import { Regions } from '../payment/keys/regions.js';
import { ReplicationWork } from '../payment/keys/replication-work.js';
import type { KeyTableRow } from '../hostcommands/key-table.js';
import { type Operator, withOperator } from './operator.js';
import { addRow, readTable, type VerifiedRow } from './payshield-key-file.js';

/** Opens the deployment that the environment names, and runs work on its keys. */
export function withPayshieldKeys(work: (keys: PayshieldKeys) => Promise<void>): Promise<void> {
  return withOperator('keyblock payshield', (operator) => work(new PayshieldKeys(operator)));
}

/** The key table of host commands, administered by the operator, who acts as the root. */
export class PayshieldKeys {
  readonly #keys: KeyRepository;

  constructor(private readonly operator: Operator) {
    const { changes, deployment } = operator;
    const { config, database, clock } = deployment;
    const cache = changes.subscribe(new KeyCache(changes.freshness, config.keyCache));
    const work = new ReplicationWork(database, changes, clock);
    this.#keys = new KeyRepository(database, cache, changes, new Regions(config.regions), work, new Quotas(config));
  }

  /** Appends a row to a key table. @throws ResourceNotFoundException, ValidationException, Failure */
  async add(path: string, match: string, row: KeyTableRow): Promise<VerifiedRow> {
    const { kcv } = await this.#keys.getEnabled(this.#call(), row.key);
    addRow(path, match, row);
    return { match, key: row.key, kcv };
  }

  /** Looks up the key of every row. @throws Failure */
  async verify(path: string): Promise<VerifiedRow[]> {
    const rows: VerifiedRow[] = [];
    for (const [match, { key }] of readTable(path)) {
      try {
        const { kcv } = await this.#keys.getEnabled(this.#call(), key);
        rows.push({ match, key, kcv });
      } catch (error) {
        rows.push({ match, key, fault: (error as Error).message });
      }
    }
    return rows;
  }

  /**
   * Lists the keys whose check value is that of a key block's optional block KC. Six digits don't identify a key
   * reliably, so the operator decides.
   *
   * @param block X9.143 key block
   * @throws CryptoError KEY_BLOCK
   */
  async suggest(block: string): Promise<{ arn: string; kcv: string }[]> {
    const data = parseKeyBlock(block.replace(/^[RS]/, '')).optionalBlocks.find(({ id }) => id === 'KC')?.data;
    if (data === undefined) return [];
    const kcv = data.slice(2, 8);
    const { accountId, region } = this.operator.deployment.config;
    const found = await this.operator.deployment.database.manager.findBy(Key, { accountId, region, kcv });
    return found.map(({ arn }) => ({ arn, kcv }));
  }

  #call() {
    return this.operator.call('GetKey', {}, CONTROL_PLANE);
  }
}
