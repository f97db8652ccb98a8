import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { LastUses } from '../changes/last-uses.js';
import { LOGGER } from '../logger.js';

/** Tracks when access keys were last used. */
@Injectable()
export class AccessKeyUse extends LastUses<Date> {
  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger, 'the last use of access keys could not be written');
  }

  note(accessKeyId: string, time: Date): void {
    this.collect(accessKeyId, time);
  }

  /**
   * An older time changes nothing. Rows locked by another transaction are skipped to avoid a deadlock.
   *
   * @param times by access key id
   */
  protected async store(times: ReadonlyMap<string, Date>): Promise<void> {
    if (times.size === 0) return;
    await this.database.query(
      `UPDATE access_keys SET last_used_at = used.at
         FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at),
              (SELECT id FROM access_keys WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED) AS free
        WHERE access_keys.id = used.id AND access_keys.id = free.id
          AND (last_used_at IS NULL OR last_used_at < used.at)`,
      [[...times.keys()], [...times.values()].map((time) => time.toISOString())],
    );
  }
}
