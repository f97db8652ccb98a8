import type { Call } from '../../call.js';
import type { CckmKeys } from '../keys/cckm-keys.js';
import { NO_GRANTEES } from '../keys/grantees.js';
import type { Key } from '../keys/keys.schema.js';
import { TEMPLATE_TAG } from './policies.js';
import type { TemplateRow } from './template.entity.js';

/** Replaces the policy of a key with that of a template, and tags the key with the template's id. */
export function applyTemplate(keys: CckmKeys, call: Call, id: string, template: TemplateRow): Promise<Key> {
  return keys.change(call, id, 'keyupdate', async (run) => {
    await run('PutKeyPolicy', { Policy: template.policy });
    await run('TagResource', { Tags: [{ TagKey: TEMPLATE_TAG, TagValue: template.id }] });
    return NO_GRANTEES;
  });
}
