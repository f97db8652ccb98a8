import { Injectable } from '@nestjs/common';
import type { Call } from '../../../../call.js';
import { Clock } from '../../../../clock.js';
import { type Certificate, verifyCertificate } from '../../../../crypto/x509/certificate.js';
import { ValidationException } from '../../../../errors/exceptions.js';
import { certificateOf } from '../../../exchange/certificate-text.js';
import { TrustedAuthorities } from '../../../exchange/trusted-authorities.js';
import type { KeyAttributes } from '../../../keys/key-attributes.js';
import type { RootCertificatePublicKey, TrustedCertificatePublicKey } from '../exchange.schema.js';
import type { Admit, AdmittedKey } from './admission.js';

/** Imports a public key in a certificate: a root that the caller trusts, or one issued by an imported authority. */
@Injectable()
export class PublicKeyImport {
  constructor(
    private readonly authorities: TrustedAuthorities,
    private readonly clock: Clock,
  ) {}

  openRoot({ KeyAttributes: attributes, PublicKeyCertificate }: RootCertificatePublicKey, admit: Admit): AdmittedKey {
    if (attributes.KeyUsage !== 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE')
      throw new ValidationException(
        'KeyUsage of a root certificate must be TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE.',
      );
    const certificate = certificateOf(PublicKeyCertificate);
    return this.#check(attributes, certificate, certificate, admit)(certificate.der);
  }

  async openTrusted(
    call: Call,
    { KeyAttributes: attributes, PublicKeyCertificate, ...input }: TrustedCertificatePublicKey,
    admit: Admit,
  ): Promise<AdmittedKey> {
    const authority = await this.authorities.get(call, input.CertificateAuthorityPublicKeyIdentifier);
    const certificate = certificateOf(PublicKeyCertificate);
    return this.#check(attributes, certificate, authority.certificate, admit)(certificate.der);
  }

  /** Validates the certificate. A key of usage S0 will vouch for other keys, so it must belong to a CA. */
  #check(attributes: KeyAttributes, certificate: Certificate, issuer: Certificate, admit: Admit): ReturnType<Admit> {
    if (attributes.KeyClass !== 'PUBLIC_KEY')
      throw new ValidationException('KeyClass of a certificate must be PUBLIC_KEY.');
    const seal = admit(attributes, true);
    verifyCertificate(certificate, { issuer, time: this.clock.now() });
    const { keyType, keyBits, isCa } = certificate;
    const algorithm = keyType === 'RSA' ? `RSA_${keyBits}` : `ECC_NIST_P${keyBits}`;
    if (attributes.KeyAlgorithm !== algorithm)
      throw new ValidationException(`KeyAlgorithm must be that of the key in the certificate, ${algorithm}.`);
    if (attributes.KeyUsage === 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE' && !isCa)
      throw new ValidationException(
        "The certificate must be a certificate authority's: its basic constraints must say CA:TRUE.",
      );
    return seal;
  }
}
