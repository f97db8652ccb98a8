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
/** A certificate with less to go is replaced. */
const REUSE_DAYS = 30;

/** A certificate and the one that its signature verifies with. */
export interface CertifiedKey {
  certificate: Certificate;
  issuer: Certificate;
}

/** The certificates of asymmetric keys. */
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
   * Of a key pair by the account's certificate authority, the last one again while it is good for 30 days. Of an imported
   * public key the certificate that it came in: the account's authority vouches for keys that the service holds only.
   *
   * @throws ValidationException for other keys, and where the issuer of an imported certificate is no longer there
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
