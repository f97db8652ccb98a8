import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { CckmException } from '../errors.js';
import { CckmKeys } from '../keys/cckm-keys.js';
import { applyTemplate } from '../templates/apply-template.js';
import { Policies } from '../templates/policies.js';
import type { StartBulkInput } from './jobs.schema.js';

const DEFAULT_DAYS = 7;

/** Finds the action that a bulk job runs on each of its keys. */
@Injectable()
export class BulkAction {
  constructor(
    private readonly keys: CckmKeys,
    private readonly policies: Policies,
  ) {}

  /**
   * @throws CckmException NCERRBadRequest if the member that the operation needs is missing
   * @throws as `Policies.template`
   */
  async of(call: Call, input: StartBulkInput): Promise<(id: string) => Promise<unknown>> {
    const { operation, days = DEFAULT_DAYS, policy_template_id = '' } = input;
    switch (operation) {
      case 'enablekey':
        return (id) => this.keys.run(call, id, 'keyupdate', 'EnableKey', {});
      case 'disablekey':
        return (id) => this.keys.run(call, id, 'keyupdate', 'DisableKey', {});
      case 'schedulekeydeletion':
        return (id) => this.keys.run(call, id, 'keydelete', 'ScheduleKeyDeletion', { PendingWindowInDays: days });
      case 'cancelkeydeletion':
        return (id) => this.keys.run(call, id, 'keycanceldelete', 'CancelKeyDeletion', {});
      case 'applypolicytemplate': {
        if (policy_template_id === '') throw new CckmException('NCERRBadRequest', 'policy_template_id is required');
        const template = await this.policies.template(call, policy_template_id);
        return (id) => applyTemplate(this.keys, call, id, template);
      }
    }
  }
}
