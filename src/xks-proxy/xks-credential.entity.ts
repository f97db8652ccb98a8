import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';
import { Sealed } from '../provider/sealed.js';

/** An access key with which AWS KMS signs its calls to one prefix of the XKS proxy. */
@Entity('xks_credentials')
@Bound<XksCredentialRow>('accessKeyId', 'accountId', 'prefix', 'createdAt')
@Sealed(({ accessKeyId, accountId, prefix }: Pick<XksCredentialRow, 'accessKeyId' | 'accountId' | 'prefix'>) => [
  'xks credential',
  accessKeyId,
  accountId,
  prefix,
])
@Index('xks_credentials_by_prefix', ['accountId', 'prefix'])
export class XksCredentialRow {
  /** 24 characters of base32, the first four XKSP. */
  @PrimaryColumn('text', { name: 'access_key_id' })
  accessKeyId!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  /** Segments separated by slashes; empty for the path without a prefix. */
  @Column('text')
  prefix!: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** Secret access key, sealed under the master key. Not selected by default. */
  @Column('bytea', { select: false })
  sealed!: Buffer;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
