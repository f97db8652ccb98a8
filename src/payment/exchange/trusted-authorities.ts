import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { type Certificate, isIssuedBy, readCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import { ECC_KEY_ALGORITHMS, RSA_KEY_ALGORITHMS } from '../keys/key-attributes.js';
import type { Key } from '../keys/key.entity.js';
import { KeyRepository } from '../keys/key.repository.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';

/** The certificate authorities that the caller imported, roots and those below. */
@Injectable()
export class TrustedAuthorities {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  /**
   * What CertificateAuthorityPublicKeyIdentifier names: an imported public key of usage S0. It was checked when it was
   * imported and is a trust anchor from then on (RFC 5280 section 6.1.1), so that its own validity is not looked at again.
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
        unrestricted: false,
      },
      identifier,
    );
    if (key.class !== 'PUBLIC_KEY')
      throw new ValidationException(`KeyClass of the input key ${key.arn} is invalid for the operation.`);
    const certificate = this.provider.use(key, readCertificate);
    return { key, certificate };
  }

  /** The certificate of the imported authority that issued a certificate; its own, where it is self-signed. */
  async issuerOf(call: Call, certificate: Certificate): Promise<Certificate | undefined> {
    if (isIssuedBy(certificate, certificate)) return certificate;
    const authorities = await this.keys.authorities(call);
    return authorities
      .map((key) => this.provider.use(key, readCertificate))
      .find((authority) => isIssuedBy(certificate, authority));
  }
}
