import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { equal } from '../../crypto/bytes.js';
import { hmac } from '../../crypto/hmac.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import { KmsException, requireNoDryRun } from '../exceptions.js';
import { KmsKeyRepository } from '../keys/kms-key.repository.js';
import { currentMaterial } from './current-material.js';
import { requireAlgorithm, requireUsage } from './key-usage.js';
import type { VerifyMacInput, VerifyMacOutput } from './mac.schema.js';
import { MAC_HASHES } from './mac-hashes.js';

@Injectable()
export class KmsVerifyMacOperation {
  constructor(
    private readonly keys: KmsKeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  execute(call: Call, input: VerifyMacInput): VerifyMacOutput | Promise<VerifyMacOutput> {
    const { KeyId, Message, MacAlgorithm, Mac, DryRun } = input;
    return whenReady(this.keys.usable(call, KeyId, { takesAlias: true }), (known) => {
      const { key } = known;
      requireUsage(key, 'GENERATE_VERIFY_MAC', 'VerifyMac');
      requireAlgorithm(key, MacAlgorithm);
      const held = this.provider.hold(currentMaterial(known));
      const mac = hmac(MAC_HASHES[MacAlgorithm], held, Buffer.from(Message, 'base64'));
      if (!equal(mac, Buffer.from(Mac, 'base64'))) throw new KmsException('KMSInvalidMacException');
      requireNoDryRun(DryRun);
      return { KeyId: key.arn, MacValid: true, MacAlgorithm };
    });
  }
}
