import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';
import { Sealed } from '../provider/sealed.js';
import { PrincipalRow } from './principal.entity.js';

/**
 * The values that an access key's secret is bound to, so that editing the row can neither give the key to another
 * principal, nor prolong its session, nor make another caller its starter.
 */
type AccessKeyIdentity = Pick<
  AccessKeyRow,
  'id' | 'principalArn' | 'expiresAt' | 'sessionName' | 'sessionTokenHash' | 'startedBy'
>;

/** A long-term access key of a user or a role, or a temporary access key of a session. */
@Entity('access_keys')
@Bound<AccessKeyRow>('id', 'principalArn', 'active', 'createdAt', 'expiresAt', 'sessionName', 'sessionTokenHash')
@Sealed(({ id, principalArn, expiresAt, sessionName, sessionTokenHash, startedBy }: AccessKeyIdentity) => [
  'access key',
  id,
  principalArn,
  expiresAt?.toISOString() ?? null,
  sessionName,
  sessionTokenHash?.toString('base64') ?? null,
  // Sessions of version 0.2.0 and earlier, and long-term access keys, are sealed without it.
  ...(startedBy === null ? [] : [startedBy]),
])
@Index('access_keys_by_principal', ['principalArn'])
export class AccessKeyRow {
  /** AKIA… if long-term, ASIA… if temporary. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'principal_arn' })
  @ForeignKey(() => PrincipalRow, { name: 'access_keys_principal', onDelete: 'CASCADE' })
  principalArn!: string;

  /**
   * Secret access key, sealed under the master key with the immutable columns as associated data. Not selected by
   * default.
   */
  @Column('bytea', { select: false })
  sealed!: Buffer;

  @Column('boolean')
  active!: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** Updated by each node about once a minute. */
  @Column('timestamp with time zone', { name: 'last_used_at', precision: 3, nullable: true })
  lastUsedAt!: Date | null;

  /** Expiry of a temporary access key. */
  @Column('timestamp with time zone', { name: 'expires_at', precision: 3, nullable: true })
  expiresAt!: Date | null;

  @Column('text', { name: 'session_name', nullable: true })
  sessionName!: string | null;

  /** SHA-256 of the session token. */
  @Column('bytea', { name: 'session_token_hash', nullable: true })
  sessionTokenHash!: Buffer | null;

  /** Unique id of the principal that started the session: see `Identity`. */
  @Column('text', { name: 'started_by', nullable: true })
  startedBy!: string | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
