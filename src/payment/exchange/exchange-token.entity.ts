import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RsaKeyAlgorithm } from '../keys/key-attributes.js';
import type { TokenPurpose } from '../../provider/pair-identity.js';

/**
 * Import or export token: a key pair of the service for key exchange in one account and Region, and its certificate.
 */
@Entity('exchange_tokens')
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
