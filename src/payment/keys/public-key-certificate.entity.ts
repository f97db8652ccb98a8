import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { Key } from './key.entity.js';

/** The latest certificate that the account's certificate authority issued for a key pair. */
@Entity('public_key_certificates')
export class PublicKeyCertificate {
  @PrimaryColumn('text', { name: 'key_arn' })
  @ForeignKey(() => Key, { name: 'public_key_certificates_key' })
  keyArn!: string;

  /** DER. */
  @Column('bytea')
  certificate!: Buffer;
}
