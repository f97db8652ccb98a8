import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { wrapWorkingKey } from '../../../../crypto/as2805.js';
import { toHex } from '../../../../crypto/bytes.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { AS2805_USAGES, as2805Kek } from '../../../exchange/as2805.js';
import { checkStrength, requireOtherKey } from '../../../exchange/strength.js';
import { isTdes } from '../../../keys/key-attributes.js';
import { KeyRepository } from '../../../keys/key.repository.js';
import { CryptoProvider } from '../../../../provider/crypto-provider.js';
import type { ExportAs2805KeyCryptogram } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';

/** Exports a bare key under a variant of a TDES key-encryption key: AS 2805.6.3. */
@Injectable()
export class As2805Export {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  async wrap(
    call: Call,
    { WrappingKeyIdentifier, As2805KeyVariant: variant }: ExportAs2805KeyCryptogram,
    exported: ExportedKey,
  ): Promise<Exported> {
    if (exported.usage !== AS2805_USAGES[variant])
      throw new ValidationException(`${variant} is for keys of KeyUsage ${AS2805_USAGES[variant]}.`);
    if (!isTdes(exported.algorithm))
      throw new ValidationException('A key in an AS 2805 cryptogram must be of TDES_2KEY or TDES_3KEY.');
    const kek = await this.keys.getFor(call, as2805Kek('Wrap'), WrappingKeyIdentifier);
    checkStrength(exported.algorithm, { kek: kek.algorithm });

    const cryptogram = this.provider.use(kek, (clearKek) =>
      exported.use((key) => {
        requireOtherKey(key, clearKek);
        return wrapWorkingKey({ kek: clearKek, variant }, key);
      }),
    );
    return { WrappingKeyArn: kek.arn, WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM', KeyMaterial: toHex(cryptogram) };
  }
}
