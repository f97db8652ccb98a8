import { Injectable } from '@nestjs/common';
import { DataSource, LessThanOrEqual, MoreThan, MoreThanOrEqual } from 'typeorm';
import { type Call, scopeOf } from '../../call.js';
import { Clock } from '../../clock.js';
import { publicKeyOf } from '../../crypto/rsa.js';
import { type Certificate, isIssuedBy, readCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import { newId } from '../keys/arn.js';
import { Changes } from '../../changes/changes.js';
import type { RsaKeyAlgorithm } from '../keys/key-attributes.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { AccountAuthority } from './account-authority.js';
import { ExchangeToken, type TokenPurpose } from './exchange-token.entity.js';
import { generatePair } from './key-pairs.js';

const DAY_MS = 86_400_000;
const TOKEN_DAYS = 30;
/** A token that expires sooner than this is not reused. */
const REUSE_DAYS = 7;

/** Token with its certificate and the root that issued the certificate. The other party needs both certificates. */
export interface CertifiedToken {
  token: ExchangeToken;
  certificate: Certificate;
  root: Certificate;
}

/** Import and export tokens of an account and Region. A token can be used for any number of keys until it expires. */
@Injectable()
export class ExchangeTokens {
  constructor(
    private readonly database: DataSource,
    private readonly changes: Changes,
    private readonly authority: AccountAuthority,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * Issues a token, valid for 30 days.
   *
   * @param reuse return the newest token of this purpose and algorithm instead, if it is valid for 7 more days and was
   *   issued by the account's current root
   */
  async issue(
    call: Call,
    { purpose, algorithm, reuse }: { purpose: TokenPurpose; algorithm: RsaKeyAlgorithm; reuse: boolean },
  ): Promise<CertifiedToken> {
    const owner = scopeOf(call);
    const now = this.clock.now();
    const authority = await this.authority.root(call, 'RSA_4096');
    const root = readCertificate(authority.certificate);
    if (reuse) {
      const goodUntil = MoreThanOrEqual(new Date(now.getTime() + REUSE_DAYS * DAY_MS));
      const newest = await this.database.manager.findOne(ExchangeToken, {
        where: { ...owner, purpose, algorithm, expiresAt: goodUntil },
        order: { expiresAt: 'DESC' },
      });
      const certificate = newest && readCertificate(newest.certificate);
      if (certificate && isIssuedBy(certificate, root)) return { token: newest, certificate, root };
    }

    const [direction] = purpose.split(' ');
    const identity = { ...owner, purpose, algorithm, id: `${direction}-token-${newId()}` };
    const pair = await generatePair(
      this.provider,
      ExchangeToken,
      identity,
      (privateKey) => this.authority.issue(authority, publicKeyOf(privateKey), TOKEN_DAYS).der,
    );
    const certificate = readCertificate(pair.certificate);
    const token = { ...pair, expiresAt: certificate.notAfter };
    await this.changes.transaction(call, async (manager) => {
      await manager.delete(ExchangeToken, { ...owner, expiresAt: LessThanOrEqual(now) });
      await manager.insert(ExchangeToken, token);
    });
    return { token, certificate, root };
  }

  /**
   * Returns the token with this ID.
   *
   * @throws ValidationException if the caller has no such token, if it is for another purpose or if it has expired
   */
  async get(call: Call, purpose: TokenPurpose, id: string): Promise<ExchangeToken> {
    const token = await this.database.manager.findOneBy(ExchangeToken, {
      id,
      ...scopeOf(call),
      purpose,
      expiresAt: MoreThan(this.clock.now()),
    });
    if (token) return token;
    const [direction = '', material = ''] = purpose.split(' ');
    const operation = direction === 'import' ? 'GetParametersForImport' : 'GetParametersForExport';
    throw new ValidationException(
      `The ${direction} token is unknown, has expired or is not for ${material}: get one from ${operation}.`,
    );
  }
}
