import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { textOf } from '../../exchange/certificate-text.js';
import { ExchangeTokens } from '../../exchange/exchange-tokens.js';
import { epochSeconds } from '../../../http/fields.js';
import type { GetParametersForExportInput, GetParametersForExportOutput } from './exchange.schema.js';

@Injectable()
export class GetParametersForExportOperation {
  constructor(private readonly tokens: ExchangeTokens) {}

  async execute(call: Call, input: GetParametersForExportInput): Promise<GetParametersForExportOutput> {
    const { KeyMaterialType, SigningKeyAlgorithm, ReuseLastGeneratedToken: reuse = false } = input;
    if (KeyMaterialType !== 'TR34_KEY_BLOCK')
      throw new ValidationException(`${KeyMaterialType} is exported without a token: use TR34_KEY_BLOCK.`);
    if (SigningKeyAlgorithm !== 'RSA_2048') throw new ValidationException('SigningKeyAlgorithm must be RSA_2048.');

    const { token, certificate, root } = await this.tokens.issue(call, {
      purpose: 'export TR34_KEY_BLOCK',
      algorithm: SigningKeyAlgorithm,
      reuse,
    });
    return {
      SigningKeyCertificate: textOf('CERTIFICATE', certificate.der),
      SigningKeyCertificateChain: textOf('CERTIFICATE', root.der),
      SigningKeyAlgorithm,
      ExportToken: token.id,
      ParametersValidUntilTimestamp: epochSeconds(token.expiresAt),
    };
  }
}
