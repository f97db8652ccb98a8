import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sealed } from '../../provider/sealed.js';

/** Key algorithms of roots: RSA_4096 certifies RSA keys, ECC_NIST_P521 certifies elliptic-curve keys. */
export type RootAlgorithm = 'RSA_4096' | 'ECC_NIST_P521';

/** Root that signs the certificates that the service issues in an account and Region. */
@Entity('certificate_authorities')
@Sealed(({ accountId, region, algorithm, certificate }: Omit<CertificateAuthority, 'sealed'>) => [
  'certificate authority',
  accountId,
  region,
  'root',
  algorithm,
  certificate.toString('base64'),
])
export class CertificateAuthority {
  @PrimaryColumn('text', { name: 'account_id' })
  accountId!: string;

  @PrimaryColumn('text')
  region!: string;

  @PrimaryColumn('text')
  algorithm!: RootAlgorithm;

  /** Self-signed certificate, DER. */
  @Column('bytea')
  certificate!: Buffer;

  @Column('bytea')
  sealed!: Buffer;
}
