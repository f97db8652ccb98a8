import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';

/**
 * A sign-in of a user, and the refresh token that prolongs it. The row of a removed user is deleted when it expires.
 */
@Entity('cckm_refresh_tokens')
@Bound<RefreshTokenRow>(
  'id',
  'principalArn',
  'userId',
  'tokenHash',
  'createdAt',
  'expiresAt',
  'validUntil',
  'unusedSeconds',
)
@Index('cckm_refresh_tokens_by_hash', ['tokenHash'], { unique: true })
@Index('cckm_refresh_tokens_by_principal', ['principalArn', 'createdAt'])
@Index('cckm_refresh_tokens_by_end', ['validUntil'])
export class RefreshTokenRow {
  /** A UUID; `sid` in the JWTs of the sign-in. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'principal_arn' })
  principalArn!: string;

  /** The unique id of the user, so that a later user of the same name doesn't inherit the sign-in. */
  @Column('text', { name: 'user_id' })
  userId!: string;

  /** SHA-256 of the refresh token, which has 256 random bits. */
  @Column('bytea', { name: 'token_hash' })
  tokenHash!: Buffer;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt!: Date;

  /** Expiry unless the token is used before: `unusedSeconds` after its last use, at most `expiresAt`. */
  @Column('timestamp with time zone', { name: 'valid_until', precision: 3 })
  validUntil!: Date;

  @Column('integer', { name: 'unused_seconds' })
  unusedSeconds!: number;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
