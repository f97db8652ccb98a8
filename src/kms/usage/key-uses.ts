import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { Call } from '../../call.js';
import { LastUses } from '../../changes/last-uses.js';
import { LOGGER } from '../../logger.js';
import { KMS } from '../api.js';
import { TrackedOperation } from '../fields.js';
import { KmsKeyUsage } from './kms-key-usage.entity.js';

export type KeyUsage = Omit<KmsKeyUsage, 'keyArn'>;

const TRACKED: ReadonlySet<string> = new Set(TrackedOperation.options);
const isTracked = (operation: string): operation is TrackedOperation => TRACKED.has(operation);

/** Tracks the last successful cryptographic call with each key. */
@Injectable()
export class KeyUses extends LastUses<KeyUsage> {
  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger, 'the last use of KMS keys could not be written');
  }

  /** Records a successful cryptographic call for all KMS keys that it used, in any API. */
  note({ api, operation, origin, requestId, record }: Call): void {
    if (api.audit.keyType !== KMS.audit.keyType || !isTracked(operation)) return;
    const usage = { operation, usedAt: origin.time, requestId, eventId: record.eventId };
    for (const arn of record.keyArns) this.collect(arn, usage);
  }

  /** Returns the last use of a key, as far as this process knows it. Those of other processes are up to a minute late. */
  async of(keyArn: string): Promise<KeyUsage | undefined> {
    const noted = this.collected(keyArn);
    const stored = await this.database.manager.findOneBy(KmsKeyUsage, { keyArn });
    return noted && !(stored && stored.usedAt > noted.usedAt) ? noted : (stored ?? undefined);
  }

  /** Stores uses of keys that still exist, in the order in which keys are locked everywhere. */
  protected async store(uses: ReadonlyMap<string, KeyUsage>): Promise<void> {
    if (uses.size === 0) return;
    const all = [...uses.values()];
    await this.database.manager.query(
      `INSERT INTO kms_key_usage (key_arn, operation, used_at, request_id, event_id)
       SELECT used.* FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[]) AS used (arn),
              (SELECT arn FROM kms_keys WHERE arn = ANY ($1) ORDER BY arn FOR KEY SHARE) AS kept
        WHERE used.arn = kept.arn
        ORDER BY used.arn
       ON CONFLICT (key_arn) DO UPDATE
         SET operation = excluded.operation, used_at = excluded.used_at, request_id = excluded.request_id,
             event_id = excluded.event_id
       WHERE kms_key_usage.used_at <= excluded.used_at`,
      [
        [...uses.keys()],
        all.map(({ operation }) => operation),
        all.map(({ usedAt }) => usedAt.toISOString()),
        all.map(({ requestId }) => requestId),
        all.map(({ eventId }) => eventId),
      ],
    );
  }
}
