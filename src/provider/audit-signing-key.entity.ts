import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';
import { Sealed } from './sealed.js';

/** A key that signs exports and checkpoints of the audit log. */
@Entity('audit_signing_keys')
@Unique('audit_signing_keys_number_key', ['number'])
@Sealed(({ id, number, publicKey }: Pick<AuditSigningKeyRow, 'id' | 'number' | 'publicKey'>) => [
  'audit signing key',
  id,
  number,
  publicKey.toString('base64'),
])
export class AuditSigningKeyRow {
  /** See `AuditPublicKey`. */
  @PrimaryColumn('text')
  id!: string;

  @Column('integer')
  number!: number;

  @Column('bytea', { name: 'public_key' })
  publicKey!: Buffer;

  @Column('bytea', { nullable: true })
  signature!: Buffer | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  /** The private key: PKCS#8 in DER, sealed under the master key; null once the key has a successor. */
  @Column('bytea', { nullable: true })
  sealed!: Buffer | null;
}
