import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ServiceException } from '../../errors/exceptions.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { ifAllowed } from '../errors.js';
import { CckmKeys } from '../keys/cckm-keys.js';
import { KeyRecordRepository, type RecordedKey, regionOf } from '../keys/key-record.repository.js';
import type { AwsParam } from '../keys/keys.schema.js';
import { KmsCalls } from '../kms-calls.js';
import { CckmStores, kmsStoreOf } from '../stores/cckm-stores.js';
import { StoreRecordRepository } from '../stores/store-record.repository.js';
import type { Pass } from './jobs.schema.js';

/** Maximum page size of KMS ListKeys. */
const PAGE = 1000;

/** Number of keys that a job may still read. */
export interface Budget {
  keys: number;
}

type Counts = Pick<Pass, 'added' | 'updated' | 'gone' | 'remaining'>;

/** Compares the records of CCKM with the KMS resources that the caller may see. */
@Injectable()
export class Synchronizer {
  constructor(
    private readonly kms: KmsCalls,
    private readonly records: KeyRecordRepository,
    private readonly keys: CckmKeys,
    private readonly storeRecords: StoreRecordRepository,
    private readonly stores: CckmStores,
  ) {}

  /**
   * Synchronizes the keys of a container in a Region: adds records of new keys, then refreshes recorded keys, beginning
   * with the least recently synchronized.
   */
  keysOf(call: Call, container: ContainerRow, region: string, budget: Budget): Promise<Pass> {
    return counted(container, region, async (counts) => {
      const recorded = (await this.records.list()).filter(({ record }) => regionOf(record.keyArn) === region);
      const known = new Set(recorded.map(({ record }) => record.keyArn));
      const unknown = (await this.#list(call, region)).filter((keyArn) => !known.has(keyArn));
      for (const keyArn of unknown) {
        if (budget.keys === 0) counts.remaining++;
        else if (await this.#add(call, container, keyArn)) {
          counts.added++;
          budget.keys--;
        }
      }
      const own = recorded.filter((key) => key.container.id === container.id);
      for (const key of own.toSorted((a, b) => a.record.syncedAt.getTime() - b.record.syncedAt.getTime())) {
        const read = budget.keys > 0 ? await this.#readAgain(call, key) : undefined;
        if (budget.keys === 0) counts.remaining++;
        if (!read) continue;
        counts[read.gone ? 'gone' : 'updated']++;
        budget.keys--;
      }
    });
  }

  /** Synchronizes the custom key stores of a container in a Region. */
  storesOf(call: Call, container: ContainerRow, region: string): Promise<Pass> {
    return counted(container, region, async (counts) => {
      const recorded = (await this.storeRecords.list()).filter(({ record }) => regionOf(record.storeArn) === region);
      const known = new Set(recorded.map((store) => kmsStoreOf(store).CustomKeyStoreId));
      for (const CustomKeyStoreId of await this.stores.idsIn(call, region))
        if (!known.has(CustomKeyStoreId)) {
          await this.stores.record(call, container, { region, CustomKeyStoreId });
          counts.added++;
        }
      for (const store of recorded)
        if (store.container.id === container.id)
          counts[(await this.stores.changed(call, store)).gone ? 'gone' : 'updated']++;
    });
  }

  async #list(call: Call, region: string): Promise<string[]> {
    const arns: string[] = [];
    let Marker: string | undefined;
    do {
      const { Keys = [], NextMarker } = await this.kms.run(call, region, 'ListKeys', { Limit: PAGE, Marker });
      arns.push(...Keys.flatMap(({ KeyArn }) => KeyArn ?? []));
      Marker = NextMarker;
    } while (Marker !== undefined);
    return arns;
  }

  /** Records a key. @returns undefined for a key that the caller may not describe */
  async #add(call: Call, container: ContainerRow, keyArn: string): Promise<{ gone: boolean } | undefined> {
    if (!(await ifAllowed(this.kms.run(call, regionOf(keyArn), 'DescribeKey', { KeyId: keyArn })))) return undefined;
    return this.#readAgain(call, await this.records.add(call, container, keyArn, {} as AwsParam));
  }

  /** Reads a key. @returns undefined for a key that the caller may not describe */
  #readAgain(call: Call, key: RecordedKey): Promise<{ gone: boolean } | undefined> {
    return ifAllowed(this.keys.changed(call, key, undefined, call.origin.time));
  }
}

/** Runs a pass. A refusal by KMS ends the job and becomes its error. */
async function counted(
  { name: kms }: ContainerRow,
  region: string,
  work: (counts: Counts) => Promise<void>,
): Promise<Pass> {
  const counts = { added: 0, updated: 0, gone: 0, remaining: 0 };
  try {
    await work(counts);
    return { kms, region, status: 'completed', ...counts };
  } catch (error) {
    if (!(error instanceof ServiceException)) throw error;
    return { kms, region, status: 'failed', ...counts, error: `${error.name}: ${error.message}` };
  }
}
