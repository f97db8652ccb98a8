import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { KeyAgreement } from '../../../exchange/key-agreement.js';
import { KeyBlocks } from '../../../exchange/key-blocks.js';
import { KEY_BLOCK_PROTECTION_USAGES, kbpkAlgorithm } from '../../../exchange/key-block-protection.js';
import { agreementOf } from '../agreement.js';
import type { ImportDiffieHellmanTr31KeyBlock } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';
import { importKeyBlock } from './key-block.js';

/** Imports a TR-31 key block under a key that both parties derive by ECDH. */
@Injectable()
export class DiffieHellmanImport {
  constructor(
    private readonly agreement: KeyAgreement,
    private readonly keyBlocks: KeyBlocks,
  ) {}

  async open(call: Call, input: ImportDiffieHellmanTr31KeyBlock, admit: Admit): Promise<AdmittedKey> {
    const derived = await this.agreement.agree(call, agreementOf(input), KEY_BLOCK_PROTECTION_USAGES);
    const { algorithm, protections } = derived;
    return derived.use((key) =>
      importKeyBlock(
        this.keyBlocks,
        { algorithm: kbpkAlgorithm(algorithm), key },
        input.WrappedKeyBlock,
        protections,
        admit,
      ),
    );
  }
}
