import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TokenMechanism } from '../hsm/token-protocol.js';

/**
 * A master key encrypted under a PKCS#11 token's key. Nothing in it is secret. While the key of the token is
 * being replaced, a master key has two.
 */
@Entity('master_key_envelopes')
export class MasterKeyEnvelope {
  @PrimaryColumn('text', { name: 'master_key_id' })
  masterKeyId!: string;

  /** CKA_ID of the key of the token, in hexadecimal. */
  @PrimaryColumn('text', { name: 'token_key_id' })
  tokenKeyId!: string;

  @Column('text', { name: 'token_key_label' })
  tokenKeyLabel!: string;

  @Column('text', { name: 'token_serial' })
  tokenSerial!: string;

  @Column('text')
  mechanism!: TokenMechanism;

  /** 12 bytes with AES-GCM; empty with RSA. */
  @Column('bytea')
  iv!: Buffer;

  /** With AES-GCM, the 16-byte tag is at its end. */
  @Column('bytea')
  ciphertext!: Buffer;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;
}
