import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { textOf } from '../../exchange/certificate-text.js';
import { PublicKeyCertificates } from '../../exchange/public-key-certificates.js';
import { KeyRepository } from '../../keys/key.repository.js';
import type { GetPublicKeyCertificateInput, GetPublicKeyCertificateOutput } from './exchange.schema.js';

@Injectable()
export class GetPublicKeyCertificateOperation {
  constructor(
    private readonly keys: KeyRepository,
    private readonly certificates: PublicKeyCertificates,
  ) {}

  async execute(call: Call, { KeyIdentifier }: GetPublicKeyCertificateInput): Promise<GetPublicKeyCertificateOutput> {
    const key = await this.keys.getEnabled(call, KeyIdentifier);
    const { certificate, issuer } = await this.certificates.get(call, key);
    return {
      KeyCertificate: textOf('CERTIFICATE', certificate.der),
      KeyCertificateChain: textOf('CERTIFICATE', issuer.der),
    };
  }
}
