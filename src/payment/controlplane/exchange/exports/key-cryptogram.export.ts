import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { Clock } from '../../../../clock.js';
import { toHex } from '../../../../crypto/bytes.js';
import { rsaEncrypt } from '../../../../crypto/rsa.js';
import { verifyCertificate } from '../../../../crypto/x509/certificate.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { certificateOf } from '../../../exchange/certificate-text.js';
import { cryptogramKeyBytes, OAEP } from '../../../exchange/key-cryptogram.js';
import { checkStrength } from '../../../exchange/strength.js';
import { TrustedAuthorities } from '../../../exchange/trusted-authorities.js';
import type { ExportKeyCryptogram } from '../exchange.schema.js';
import type { ExportedKey } from './exported-key.js';
import type { Exported } from './exported.js';

/** Exports a bare key under the receiver's RSA key: RSAES-OAEP, RFC 8017 section 7.1. */
@Injectable()
export class KeyCryptogramExport {
  constructor(
    private readonly authorities: TrustedAuthorities,
    private readonly clock: Clock,
  ) {}

  async wrap(call: Call, input: ExportKeyCryptogram, exported: ExportedKey): Promise<Exported> {
    const { WrappingSpec = 'RSA_OAEP_SHA_256' } = input;
    cryptogramKeyBytes(exported.algorithm);
    const authority = await this.authorities.get(call, input.CertificateAuthorityPublicKeyIdentifier);
    const receiver = certificateOf(input.WrappingKeyCertificate);
    verifyCertificate(receiver, { issuer: authority.certificate, time: this.clock.now() });
    if (receiver.keyType !== 'RSA') throw new ValidationException('WrappingKeyCertificate must be that of an RSA key.');
    checkStrength(exported.algorithm, { rsaBits: receiver.keyBits });

    const cryptogram = exported.use((key) => rsaEncrypt(receiver.publicKey, OAEP[WrappingSpec], key));
    return {
      WrappingKeyArn: authority.key.arn,
      WrappedKeyMaterialFormat: 'KEY_CRYPTOGRAM',
      KeyMaterial: toHex(cryptogram),
    };
  }
}
