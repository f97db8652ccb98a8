import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sealed } from '../../provider/sealed.js';

/** Keys of roots. The first signs certificates of RSA keys, the second those of keys on a curve. */
export type RootAlgorithm = 'RSA_4096' | 'ECC_NIST_P521';

/** A root that signs the service's certificates of an account and Region. */
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

  /** Self-signed, DER. */
  @Column('bytea')
  certificate!: Buffer;

  @Column('bytea')
  sealed!: Buffer;
}
