import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Call } from '../../call.js';
import { Clock } from '../../clock.js';
import { publicKeyOf } from '../../crypto/rsa.js';
import { type Certificate, isIssuedBy, readCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import { Changes } from '../../changes/changes.js';
import type { Key } from '../keys/key.entity.js';
import { PublicKeyCertificate } from '../keys/public-key-certificate.entity.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { AccountAuthority, rootAlgorithmOf } from './account-authority.js';
import { TrustedAuthorities } from './trusted-authorities.js';

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 90;
/** A certificate that expires sooner than this is replaced. */
const REUSE_DAYS = 30;

/** Certificate of a key, and the certificate that verifies its signature. */
export interface CertifiedKey {
  certificate: Certificate;
  issuer: Certificate;
}

/** Certificates of asymmetric keys. */
@Injectable()
export class PublicKeyCertificates {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly authority: AccountAuthority,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the certificate of an asymmetric key. The account's certificate authority certifies key pairs, and the
   * same certificate is returned as long as it is valid for 30 more days. An imported public key keeps the certificate
   * that it was imported with, because the account's authority vouches only for keys whose private key the service
   * holds.
   *
   * @throws ValidationException for other key classes, or if the issuer of an imported certificate is deleted or
   *   stopped
   */
  async get(call: Call, key: Key): Promise<CertifiedKey> {
    if (key.class === 'ASYMMETRIC_KEY_PAIR') return this.#ofPair(call, key);
    if (key.class !== 'PUBLIC_KEY')
      throw new ValidationException(`KeyClass of the input key ${key.arn} is invalid for the operation.`);
    const certificate = this.provider.use(key, readCertificate);
    const issuer = await this.authorities.issuerOf(call, certificate);
    if (issuer) return { certificate, issuer };
    throw new ValidationException(
      `The certificate authority that issued the certificate of ${key.arn} is deleted or stopped.`,
    );
  }

  async #ofPair(call: Call, key: Key): Promise<CertifiedKey> {
    const publicKey = this.provider.use(key, publicKeyOf);
    const authority = await this.authority.root(call, rootAlgorithmOf(publicKey));
    const issuer = readCertificate(authority.certificate);
    const last = await this.database.manager.findOneBy(PublicKeyCertificate, { keyArn: key.arn });
    if (last) {
      const certificate = readCertificate(last.certificate);
      const goodUntil = this.clock.now().getTime() + REUSE_DAYS * DAY_MS;
      if (certificate.notAfter.getTime() >= goodUntil && isIssuedBy(certificate, issuer))
        return { certificate, issuer };
    }
    const certificate = this.authority.issue(authority, publicKey, CERTIFICATE_DAYS);
    const row = { keyArn: key.arn, certificate: certificate.der };
    await this.changes.transaction(call, (manager) => manager.upsert(PublicKeyCertificate, row, ['keyArn']));
    return { certificate, issuer };
  }
}
