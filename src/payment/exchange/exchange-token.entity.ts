import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Sealed } from '../../provider/sealed.js';
import type { RsaKeyAlgorithm } from '../keys/key-attributes.js';

/** The operation and the form of key material that a token is for, by AWS's names. */
export type TokenPurpose = 'import TR34_KEY_BLOCK' | 'import KEY_CRYPTOGRAM' | 'export TR34_KEY_BLOCK';

/**
 * Import or export token: a key pair of the service for key exchange in one account and Region, and its certificate.
 */
@Entity('exchange_tokens')
@Sealed(({ purpose, accountId, region, id, algorithm, certificate }: Omit<ExchangeToken, 'sealed' | 'expiresAt'>) => [
  purpose,
  accountId,
  region,
  id,
  algorithm,
  certificate.toString('base64'),
])
@Index('exchange_tokens_by_owner', ['accountId', 'region', 'expiresAt'])
export class ExchangeToken {
  /** `import-token-…` or `export-token-…` */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  @Column('text')
  purpose!: TokenPurpose;

  @Column('text')
  algorithm!: RsaKeyAlgorithm;

  /** Certificate issued by the account's certificate authority, DER. */
  @Column('bytea')
  certificate!: Buffer;

  @Column('bytea')
  sealed!: Buffer;

  /** End of the certificate's validity. */
  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;
}
