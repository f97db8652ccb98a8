import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { requireRegion } from '../containers/container.repository.js';
import { KmsCalls } from '../kms-calls.js';
import { Policies, TEMPLATE_TAG } from '../templates/policies.js';
import { aliasNameOf } from './aliases.js';
import { CckmKeys } from './cckm-keys.js';
import { requireFree } from './create-key.operation.js';
import { KeyRecordRepository } from './key-record.repository.js';
import type { AwsParam, Key, ReplicateKeyInput } from './keys.schema.js';

@Injectable()
export class ReplicateKeyOperation {
  constructor(
    private readonly kms: KmsCalls,
    private readonly keys: CckmKeys,
    private readonly records: KeyRecordRepository,
    private readonly policies: Policies,
  ) {}

  /** @param policy key policy as JSON, as the request states it */
  async execute(call: Call, id: string, input: ReplicateKeyInput, policy: string | undefined): Promise<Key> {
    const { replica_region: region, aws_param: param = {}, tags = [], ...choice } = input;
    const chosen = await this.policies.choose(call, choice, policy);
    const alias = param.Alias ? aliasNameOf(param.Alias) : undefined;
    const { container } = await this.records.find(id);
    requireRegion(container, region, 'replica_region');
    if (alias !== undefined) await requireFree(this.kms, call, region, alias);

    let replica: Key | undefined;
    await this.keys.change(call, id, 'keycreate', async (run) => {
      const { ReplicaKeyMetadata, ReplicaPolicy, ReplicaTags } = await run('ReplicateKey', {
        ReplicaRegion: region,
        ...(chosen && { Policy: chosen.text }),
        ...(param.Description && { Description: param.Description }),
        ...(param.BypassPolicyLockoutSafetyCheck && { BypassPolicyLockoutSafetyCheck: true }),
        Tags: [
          ...(param.Tags ?? []),
          ...tags.map(({ tag_key, tag_value }) => ({ TagKey: tag_key, TagValue: tag_value })),
          ...(chosen?.template === undefined ? [] : [{ TagKey: TEMPLATE_TAG, TagValue: chosen.template }]),
        ],
      });
      const keyArn = ReplicaKeyMetadata?.Arn ?? '';
      // Recorded first, so that the caller can find the replica even if its alias can't be created.
      const recorded = await this.records.add(call, container, keyArn, {} as AwsParam, chosen?.grantees);
      if (alias !== undefined)
        await this.kms.run(call, region, 'CreateAlias', { AliasName: alias, TargetKeyId: keyArn });
      const key = await this.keys.changed(call, recorded);
      replica = { ...key, aws_param: { ...key.aws_param, ReplicaPolicy, ReplicaTags } };
      return undefined;
    });
    return replica as Key;
  }
}
