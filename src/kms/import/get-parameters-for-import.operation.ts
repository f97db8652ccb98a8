import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { epochSeconds } from '../../http/fields.js';
import { requireOrigin } from '../keys/key-kinds.js';
import type { KmsKey } from '../keys/kms-key.entity.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { ImportTokens } from './import-tokens.js';
import type { GetParametersForImportInput, GetParametersForImportOutput } from './import.schema.js';
import { KmsWrappingKey } from './kms-wrapping-key.entity.js';
import { requireFit, wrappingOf } from './wrapping-algorithms.js';
import { WrappingKeys } from './wrapping-keys.js';

@Injectable()
export class GetParametersForImportOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly wrappingKeys: WrappingKeys,
    private readonly tokens: ImportTokens,
  ) {}

  async execute(call: Call, input: GetParametersForImportInput): Promise<GetParametersForImportOutput> {
    const { KeyId, WrappingAlgorithm, WrappingKeySpec } = input;
    const use = { require: (key: KmsKey) => requireOrigin(key, 'EXTERNAL') };
    const { key } = await this.keys.usable(call, KeyId, use);
    const wrapping = wrappingOf(WrappingAlgorithm, WrappingKeySpec);
    requireFit(key.spec, wrapping);
    // Generating a pair takes a long time, so the key isn't locked meanwhile.
    const { row, publicKey } = await this.wrappingKeys.generate(key.arn, wrapping, call.origin.time);
    await this.keys.change(call, KeyId, use, async ({ manager }) => {
      await manager.insert(KmsWrappingKey, row);
    });
    return {
      KeyId: key.arn,
      ImportToken: this.tokens.issue(row).toString('base64'),
      PublicKey: publicKey.toString('base64'),
      ParametersValidTo: epochSeconds(row.validTo),
    };
  }
}
