import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { toHex } from '../../crypto/bytes.js';
import { KeyRepository } from '../../keys/key.repository.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { checkMessage, macScheme } from './mac-algorithms.js';
import type { GenerateMacInput, GenerateMacOutput } from './mac.schema.js';

@Injectable()
export class GenerateMacOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async execute(call: Call, input: GenerateMacInput): Promise<GenerateMacOutput> {
    const scheme = macScheme(input.GenerationAttributes);
    const message = Buffer.from(input.MessageData, 'hex');
    const key = await this.keys.getFor(call, { ...scheme.needs, mode: 'Generate' }, input.KeyIdentifier);
    checkMessage(scheme, message);

    // A longer MAC than there is comes whole.
    const length = Math.min(input.MacLength ?? scheme.defaultBytes(key.algorithm), scheme.wholeBytes(key.algorithm));
    const mac = this.provider.use(key, (clear) => toHex(scheme.mac(clear, message, length, key.algorithm)));
    return { KeyArn: key.arn, KeyCheckValue: key.kcv, Mac: mac };
  }
}
