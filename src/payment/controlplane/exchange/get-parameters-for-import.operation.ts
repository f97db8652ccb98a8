import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { textOf } from '../../exchange/certificate-text.js';
import { ExchangeTokens } from '../../exchange/exchange-tokens.js';
import { RSA_KEY_ALGORITHMS } from '../../keys/key-attributes.js';
import type { TokenPurpose } from '../../exchange/exchange-token.entity.js';
import { epochSeconds } from '../../../http/fields.js';
import type { GetParametersForImportInput, GetParametersForImportOutput, KeyMaterialType } from './exchange.schema.js';

/** Token purposes by the key material types that are imported with a token. */
const PURPOSES: Partial<Record<KeyMaterialType, TokenPurpose>> = {
  TR34_KEY_BLOCK: 'import TR34_KEY_BLOCK',
  KEY_CRYPTOGRAM: 'import KEY_CRYPTOGRAM',
};

@Injectable()
export class GetParametersForImportOperation {
  constructor(private readonly tokens: ExchangeTokens) {}

  async execute(call: Call, input: GetParametersForImportInput): Promise<GetParametersForImportOutput> {
    const purpose = PURPOSES[input.KeyMaterialType];
    if (purpose === undefined)
      throw new ValidationException(
        `${input.KeyMaterialType} is imported without a token: use ${Object.keys(PURPOSES).join(' or ')}.`,
      );
    const algorithm = RSA_KEY_ALGORITHMS.find((rsa) => rsa === input.WrappingKeyAlgorithm);
    if (algorithm === undefined)
      throw new ValidationException(`WrappingKeyAlgorithm must be one of ${RSA_KEY_ALGORITHMS.join(', ')}.`);

    const { ReuseLastGeneratedToken: reuse = false } = input;
    const { token, certificate, root } = await this.tokens.issue(call, { purpose, algorithm, reuse });
    return {
      WrappingKeyCertificate: textOf('CERTIFICATE', certificate.der),
      WrappingKeyCertificateChain: textOf('CERTIFICATE', root.der),
      WrappingKeyAlgorithm: algorithm,
      ImportToken: token.id,
      ParametersValidUntilTimestamp: epochSeconds(token.expiresAt),
    };
  }
}
