import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { type Certificate, isIssuedBy, readCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import { ECC_KEY_ALGORITHMS, RSA_KEY_ALGORITHMS } from '../keys/key-attributes.js';
import type { Key } from '../keys/key.entity.js';
import { KeyRepository } from '../keys/key.repository.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';

/** Root and intermediate certificate authorities that the caller has imported. */
@Injectable()
export class TrustedAuthorities {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  /**
   * Returns the authority that CertificateAuthorityPublicKeyIdentifier names: an imported public key of usage S0. Its
   * certificate was validated on import and has been a trust anchor since (RFC 5280 section 6.1.1), so its validity
   * period is not checked again.
   *
   * @throws ValidationException, ResourceNotFoundException, AccessDeniedException
   */
  async get(call: Call, identifier: string): Promise<{ key: Key; certificate: Certificate }> {
    const key = await this.keys.getFor(
      call,
      {
        usages: ['TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE'],
        algorithms: [...RSA_KEY_ALGORITHMS, ...ECC_KEY_ALGORITHMS],
        modes: ['Verify'],
      },
      identifier,
    );
    if (key.class !== 'PUBLIC_KEY')
      throw new ValidationException(`KeyClass of the input key ${key.arn} is invalid for the operation.`);
    const certificate = this.provider.use(key, readCertificate);
    return { key, certificate };
  }

  /**
   * Returns the certificate of the imported authority that issued a certificate. A self-signed certificate is its own
   * issuer.
   */
  async issuerOf(call: Call, certificate: Certificate): Promise<Certificate | undefined> {
    if (isIssuedBy(certificate, certificate)) return certificate;
    const authorities = await this.keys.authorities(call);
    return authorities
      .map((key) => this.provider.use(key, readCertificate))
      .find((authority) => isIssuedBy(certificate, authority));
  }
}
