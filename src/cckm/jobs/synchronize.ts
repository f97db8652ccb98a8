import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { AccessDeniedException, ServiceException } from '../../errors/exceptions.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { CckmKeys } from '../keys/cckm-keys.js';
import { KeyRecordRepository, type RecordedKey, regionOf } from '../keys/key-record.repository.js';
import type { AwsParam } from '../keys/keys.schema.js';
import { KmsCalls } from '../kms-calls.js';
import type { Pass } from './jobs.schema.js';

/** Most keys of a page of KMS ListKeys. */
const PAGE = 1000;

/** Compares the records of CCKM with the keys of KMS, as the caller may see them. */
@Injectable()
export class Synchronizer {
  constructor(
    private readonly kms: KmsCalls,
    private readonly records: KeyRecordRepository,
    private readonly keys: CckmKeys,
  ) {}

  /** Passes over the keys of a Region: records new ones, reads the others again, and finds those that are gone. */
  async pass(call: Call, container: ContainerRow, region: string): Promise<Pass> {
    const counts = { added: 0, updated: 0, gone: 0 };
    const at = { kms: container.name, region };
    try {
      const recorded = new Map<string, RecordedKey>();
      for (const key of await this.records.list())
        if (regionOf(key.record.keyArn) === region) recorded.set(key.record.keyArn, key);
      for (const keyArn of await this.#list(call, region)) {
        const known = recorded.get(keyArn);
        recorded.delete(keyArn);
        if (known && known.container.id !== container.id) continue;
        if (await this.#read(call, known, { container, keyArn })) counts[known ? 'updated' : 'added']++;
      }
      for (const key of recorded.values())
        if (key.container.id === container.id && (await this.#readAgain(call, key))?.gone) counts.gone++;
      return { ...at, status: 'completed', ...counts };
    } catch (error) {
      if (!(error instanceof ServiceException)) throw error;
      return { ...at, status: 'failed', ...counts, error: `${error.name}: ${error.message}` };
    }
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

  /** @returns false for a key that the caller may not describe */
  async #read(
    call: Call,
    known: RecordedKey | undefined,
    { container, keyArn }: { container: ContainerRow; keyArn: string },
  ): Promise<boolean> {
    if (known) return (await this.#readAgain(call, known)) !== undefined;
    try {
      await this.kms.run(call, regionOf(keyArn), 'DescribeKey', { KeyId: keyArn });
    } catch (error) {
      if (error instanceof AccessDeniedException) return false;
      throw error;
    }
    return (await this.#readAgain(call, await this.records.add(call, container, keyArn, {} as AwsParam))) !== undefined;
  }

  /** @returns the key; undefined if the caller may not describe it */
  async #readAgain(call: Call, key: RecordedKey): Promise<{ gone: boolean } | undefined> {
    try {
      return await this.keys.changed(call, key, undefined, call.origin.time);
    } catch (error) {
      if (error instanceof AccessDeniedException) return undefined;
      throw error;
    }
  }
}
