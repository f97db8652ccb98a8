import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Bound } from '../provider/bound.js';
import { Sealed } from '../provider/sealed.js';
import { PrincipalRow } from './principal.entity.js';

/** The values that a password is bound to, so that editing the row can neither move it to another user nor restore it. */
type PasswordIdentity = Pick<PasswordRow, 'principalArn' | 'userId' | 'salt'>;

/** The password of a user. */
@Entity('passwords')
@Bound<PasswordRow>('principalArn', 'userId', 'salt', 'changedAt', 'failures', 'lockedUntil')
@Sealed(({ principalArn, userId, salt }: PasswordIdentity) => [
  'password',
  principalArn,
  userId,
  salt.toString('base64'),
])
export class PasswordRow {
  @PrimaryColumn('text', { name: 'principal_arn' })
  @ForeignKey(() => PrincipalRow, { name: 'passwords_principal' })
  principalArn!: string;

  /** The unique id of the user. */
  @Column('text', { name: 'user_id' })
  userId!: string;

  /** 16 random bytes, new with each password. */
  @Column('bytea')
  salt!: Buffer;

  /** The scrypt hash of the password, sealed under the master key. */
  @Column('bytea')
  sealed!: Buffer;

  @Column('timestamp with time zone', { name: 'changed_at', precision: 3 })
  changedAt!: Date;

  /** Wrong passwords in a row since the last right one or the last lock. */
  @Column('integer')
  failures!: number;

  /** End of the time in which no password is accepted. */
  @Column('timestamp with time zone', { name: 'locked_until', precision: 3, nullable: true })
  lockedUntil!: Date | null;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
