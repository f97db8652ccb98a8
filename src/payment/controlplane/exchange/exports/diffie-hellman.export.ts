import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { KeyAgreement } from '../../../exchange/key-agreement.js';
import { KEY_BLOCK_PROTECTION_USAGES, kbpkAlgorithm } from '../../../exchange/key-block-protection.js';
import { checkStrength } from '../../../exchange/strength.js';
import { agreementOf } from '../agreement.js';
import type { ExportDiffieHellmanTr31KeyBlock } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';
import { exportKeyBlock } from './key-block.js';

/** Exports a TR-31 key block under a key that both parties derive by ECDH. */
@Injectable()
export class DiffieHellmanExport {
  constructor(private readonly agreement: KeyAgreement) {}

  async wrap(call: Call, input: ExportDiffieHellmanTr31KeyBlock, exported: ExportedKey): Promise<Exported> {
    const derived = await this.agreement.agree(call, agreementOf(input), KEY_BLOCK_PROTECTION_USAGES);
    for (const protection of derived.protections) checkStrength(exported.algorithm, protection);
    return derived.use((key) => ({
      WrappingKeyArn: derived.pair.arn,
      WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK' as const,
      KeyMaterial: exportKeyBlock(
        { algorithm: kbpkAlgorithm(derived.algorithm), key },
        exported,
        input.KeyBlockHeaders,
      ),
    }));
  }
}
