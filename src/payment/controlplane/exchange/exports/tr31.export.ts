import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { kbpkAlgorithm, keyBlockProtection } from '../../../exchange/key-block-protection.js';
import { checkStrength } from '../../../exchange/strength.js';
import { KeyRepository } from '../../../keys/key.repository.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ExportTr31KeyBlock } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';
import { exportKeyBlock } from './key-block.js';

/** Exports a TR-31 key block under a stored key-encryption key. */
@Injectable()
export class Tr31Export {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async wrap(
    call: Call,
    { WrappingKeyIdentifier, KeyBlockHeaders }: ExportTr31KeyBlock,
    exported: ExportedKey,
  ): Promise<Exported> {
    const kek = await this.keys.getFor(call, keyBlockProtection('Wrap'), WrappingKeyIdentifier);
    checkStrength(exported.algorithm, { kek: kek.algorithm });
    const algorithm = kbpkAlgorithm(kek.algorithm);
    const block = this.provider.use(kek, (key) => exportKeyBlock({ algorithm, key }, exported, KeyBlockHeaders));
    return { WrappingKeyArn: kek.arn, WrappedKeyMaterialFormat: 'TR31_KEY_BLOCK', KeyMaterial: block };
  }
}
