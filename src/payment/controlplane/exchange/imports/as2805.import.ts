import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { unwrapWorkingKey } from '../../../../crypto/as2805.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { AS2805_USAGES, as2805Kek } from '../../../exchange/as2805.js';
import { checkStrength, requireOtherKey } from '../../../exchange/strength.js';
import { BLOCK_CIPHER_BYTES, type BlockCipherAlgorithm, isTdes } from '../../../keys/key-attributes.js';
import { KeyRepository } from '../../../keys/key.repository.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ImportAs2805KeyCryptogram } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';

/**
 * Imports a bare key under a variant of a TDES key-encryption key: AS 2805.6.3. The cryptogram is not authenticated,
 * so a wrong KEK or variant goes unnoticed.
 */
@Injectable()
export class As2805Import {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async open(call: Call, input: ImportAs2805KeyCryptogram, admit: Admit): Promise<AdmittedKey> {
    const { As2805KeyVariant: variant, KeyAlgorithm, KeyModesOfUse, Exportable } = input;
    if (!isTdes(KeyAlgorithm))
      throw new ValidationException('KeyAlgorithm of an AS 2805 cryptogram must be TDES_2KEY or TDES_3KEY.');
    const cryptogram = Buffer.from(input.WrappedKeyCryptogram, 'hex');
    const keyBytes = BLOCK_CIPHER_BYTES[KeyAlgorithm as BlockCipherAlgorithm];
    if (input.WrappedKeyCryptogram.length !== 2 * keyBytes)
      throw new ValidationException(`WrappedKeyCryptogram of a ${KeyAlgorithm} key must be ${2 * keyBytes} digits.`);
    const seal = admit(
      { KeyUsage: AS2805_USAGES[variant], KeyClass: 'SYMMETRIC_KEY', KeyAlgorithm, KeyModesOfUse },
      Exportable,
    );
    const kek = await this.keys.getFor(call, as2805Kek('Unwrap'), input.WrappingKeyIdentifier);
    checkStrength(KeyAlgorithm, { kek: kek.algorithm });

    return this.provider.use(kek, (clearKek) => {
      const clear = unwrapWorkingKey({ kek: clearKek, variant }, cryptogram);
      try {
        requireOtherKey(clear, clearKek);
        return seal(clear);
      } finally {
        clear.fill(0);
      }
    });
  }
}
