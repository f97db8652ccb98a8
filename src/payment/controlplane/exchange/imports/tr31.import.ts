import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { kbpkAlgorithm, keyBlockProtection } from '../../../exchange/key-block-protection.js';
import { KeyBlocks } from '../../../exchange/key-blocks.js';
import { KeyRepository } from '../../../keys/key.repository.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ImportTr31KeyBlock } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';
import { importKeyBlock } from './key-block.js';

/** Imports a TR-31 key block under a stored key-encryption key. */
@Injectable()
export class Tr31Import {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
    private readonly keyBlocks: KeyBlocks,
  ) {}

  async open(
    call: Call,
    { WrappingKeyIdentifier, WrappedKeyBlock }: ImportTr31KeyBlock,
    admit: Admit,
  ): Promise<AdmittedKey> {
    const kek = await this.keys.getFor(call, keyBlockProtection('Unwrap'), WrappingKeyIdentifier);
    return this.provider.use(kek, (key) =>
      importKeyBlock(
        this.keyBlocks,
        { algorithm: kbpkAlgorithm(kek.algorithm), key },
        WrappedKeyBlock,
        [{ kek: kek.algorithm }],
        admit,
      ),
    );
  }
}
