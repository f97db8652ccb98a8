import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, Equal } from 'typeorm';
import { type Call, scopeOf } from '../../call.js';
import { Clock } from '../../clock.js';
import { type Certificate, publicKeyStrength, readCertificate } from '../../crypto/x509/certificate.js';
import { issueLeaf, issueRoot, type Validity } from '../../crypto/x509/issue.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CertificateAuthority, type RootAlgorithm } from './certificate-authority.entity.js';
import { generatePair } from './key-pairs.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROOT_DAYS = 3650;
/** No certificate is issued for longer than this, and a root with less to go is replaced. */
const MAX_LEAF_DAYS = 90;

/**
 * The certificate authority of an account and Region: self-signed roots, made when they are first needed. Keys on curves
 * have a root of their own, on a curve that none of them is stronger than.
 */
@Injectable()
export class AccountAuthority {
  constructor(
    private readonly database: DataSource,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /** The root of the caller's account and Region. Many nodes may make it at once: all get the one that was first. */
  async root(call: Call, algorithm: RootAlgorithm): Promise<CertificateAuthority> {
    const found = await this.#find(call, algorithm);
    if (found && this.#lasts(found)) return found;

    const made = await this.#make(call, algorithm);
    if (found) {
      const { accountId, region, certificate } = found;
      const unchanged = { accountId, region, algorithm, certificate: Equal(certificate) };
      await this.database.transaction((manager) => manager.update(CertificateAuthority, unchanged, made));
    } else {
      await this.database.transaction((manager) =>
        manager.createQueryBuilder().insert().into(CertificateAuthority).values(made).orIgnore().execute(),
      );
    }
    return this.root(call, algorithm);
  }

  /**
   * Issues a certificate for a public key of the account.
   *
   * @param root      as for the key's type: see `rootAlgorithmOf`
   * @param publicKey SubjectPublicKeyInfo, DER
   * @param days      from now, at most 90
   */
  issue(root: CertificateAuthority, publicKey: Buffer, days: number): Certificate {
    const certificate = readCertificate(root.certificate);
    return this.provider.use(root, (privateKey) =>
      issueLeaf({
        subject: [
          { type: 'CN', value: root.accountId },
          { type: 'serialNumber', value: String(randomInt(10 ** 10)).padStart(10, '0') },
        ],
        publicKey,
        validity: this.#validity(days),
        issuer: { certificate, privateKey },
      }),
    );
  }

  #find(call: Call, algorithm: RootAlgorithm): Promise<CertificateAuthority | null> {
    return this.database.manager.findOneBy(CertificateAuthority, { ...scopeOf(call), algorithm });
  }

  #lasts({ certificate }: CertificateAuthority): boolean {
    return readCertificate(certificate).notAfter >= this.#validity(MAX_LEAF_DAYS).notAfter;
  }

  async #make(call: Call, algorithm: RootAlgorithm): Promise<CertificateAuthority> {
    const scope = scopeOf(call);
    return generatePair(
      this.provider,
      CertificateAuthority,
      { ...scope, algorithm },
      (privateKey) =>
        issueRoot({
          subject: [
            { type: 'O', value: 'Keyblock' },
            { type: 'OU', value: scope.region },
            { type: 'OU', value: algorithm },
            { type: 'CN', value: scope.accountId },
          ],
          privateKey,
          validity: this.#validity(ROOT_DAYS),
        }).der,
    );
  }

  /** From an hour ago, so that a client's clock may be behind; certificates count whole seconds. */
  #validity(days: number): Validity {
    const now = Math.floor(this.clock.now().getTime() / 1000) * 1000;
    return { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + days * DAY_MS) };
  }
}

/** Which root signs the certificate of a public key (SubjectPublicKeyInfo, DER). @throws CryptoError CERTIFICATE */
export function rootAlgorithmOf(publicKey: Buffer): RootAlgorithm {
  return publicKeyStrength(publicKey).keyType === 'RSA' ? 'RSA_4096' : 'ECC_NIST_P521';
}
