import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LastUses } from '../changes/last-uses.js';
import { LOGGER } from '../logger.js';
import { PrincipalRepository } from './principal.repository.js';

/** Tracks when access keys were last used. */
@Injectable()
export class AccessKeyUse extends LastUses<Date> {
  constructor(
    private readonly principals: PrincipalRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    super(logger, 'the last use of access keys could not be written');
  }

  note(accessKeyId: string, time: Date): void {
    this.collect(accessKeyId, time);
  }

  protected store(times: ReadonlyMap<string, Date>): Promise<void> {
    return this.principals.noteUse(times);
  }
}
