import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { CckmException } from '../errors.js';
import { CckmKeys } from '../keys/cckm-keys.js';
import { TemplateRepository } from '../templates/template.repository.js';
import { applyTemplate } from '../templates/apply-template.js';
import type { StartBulkInput } from './jobs.schema.js';

const DEFAULT_DAYS = 7;

/** Finds the action that a bulk job runs on each of its keys. */
@Injectable()
export class BulkAction {
  constructor(
    private readonly keys: CckmKeys,
    private readonly templates: TemplateRepository,
  ) {}

  /** @throws CckmException NCERRBadRequest without the member that the operation needs */
  async of(input: StartBulkInput): Promise<(call: Call, id: string) => Promise<unknown>> {
    const { operation, days = DEFAULT_DAYS, policy_template_id = '' } = input;
    switch (operation) {
      case 'enablekey':
        return (call, id) => this.keys.run(call, id, 'keyupdate', 'EnableKey', {});
      case 'disablekey':
        return (call, id) => this.keys.run(call, id, 'keyupdate', 'DisableKey', {});
      case 'schedulekeydeletion':
        return (call, id) => this.keys.run(call, id, 'keydelete', 'ScheduleKeyDeletion', { PendingWindowInDays: days });
      case 'cancelkeydeletion':
        return (call, id) => this.keys.run(call, id, 'keycanceldelete', 'CancelKeyDeletion', {});
      case 'applypolicytemplate': {
        if (policy_template_id === '') throw new CckmException('NCERRBadRequest', 'policy_template_id is required');
        const template = await this.templates.find(policy_template_id);
        return (call, id) => applyTemplate(this.keys, call, id, template);
      }
    }
  }
}
