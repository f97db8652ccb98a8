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
/** Longest validity of an issued certificate. A root that expires sooner than this is replaced. */
const MAX_LEAF_DAYS = 90;

/**
 * Certificate authority of an account and Region. Its self-signed roots are generated when they are first needed:
 * one for RSA keys, and one for elliptic-curve keys, on P-521 so that no certified key is stronger than its root.
 */
@Injectable()
export class AccountAuthority {
  constructor(
    private readonly database: DataSource,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the root of the caller's account and Region, and generates it if necessary. If several nodes generate
   * one at the same time, all of them return the one that was stored first.
   */
  async root(call: Call, algorithm: RootAlgorithm): Promise<CertificateAuthority> {
    const found = await this.#find(call, algorithm);
    if (found && this.#lasts(found)) return found;

    const generated = await this.#generate(call, algorithm);
    if (found) {
      const { accountId, region, certificate } = found;
      const unchanged = { accountId, region, algorithm, certificate: Equal(certificate) };
      await this.database.transaction((manager) => manager.update(CertificateAuthority, unchanged, generated));
    } else {
      await this.database.transaction((manager) =>
        manager.createQueryBuilder().insert().into(CertificateAuthority).values(generated).orIgnore().execute(),
      );
    }
    return this.root(call, algorithm);
  }

  /**
   * Issues a certificate for a public key of the account.
   *
   * @param root      root of the algorithm `rootAlgorithmOf(publicKey)`
   * @param publicKey SubjectPublicKeyInfo, DER
   * @param days      validity in days from now, at most 90
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

  async #generate(call: Call, algorithm: RootAlgorithm): Promise<CertificateAuthority> {
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

  /** Starts an hour ago, in case a client's clock is slow. Certificates have a resolution of one second. */
  #validity(days: number): Validity {
    const now = Math.floor(this.clock.now().getTime() / 1000) * 1000;
    return { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + days * DAY_MS) };
  }
}

/** Returns the root algorithm for a public key (SubjectPublicKeyInfo, DER). @throws CryptoError CERTIFICATE */
export function rootAlgorithmOf(publicKey: Buffer): RootAlgorithm {
  return publicKeyStrength(publicKey).keyType === 'RSA' ? 'RSA_4096' : 'ECC_NIST_P521';
}
