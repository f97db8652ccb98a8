import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { hmac } from '../../crypto/hmac.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import { requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { currentMaterial } from './current-material.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import type { GenerateMacInput, GenerateMacOutput } from './mac.schema.js';
import { MAC_HASHES } from './mac-hashes.js';

@Injectable()
export class KmsGenerateMacOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  execute(call: Call, input: GenerateMacInput): GenerateMacOutput | Promise<GenerateMacOutput> {
    const { KeyId, Message, MacAlgorithm, DryRun } = input;
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), (known) => {
      const { key } = known;
      requireUsage(key, 'GENERATE_VERIFY_MAC', 'GenerateMac');
      requireAlgorithm(key, MacAlgorithm);
      requireNoDryRun(DryRun);
      const held = this.provider.hold(currentMaterial(known));
      const mac = hmac(MAC_HASHES[MacAlgorithm], held, Buffer.from(Message, 'base64'));
      return { Mac: mac.toString('base64'), MacAlgorithm, KeyId: key.arn };
    });
  }
}
