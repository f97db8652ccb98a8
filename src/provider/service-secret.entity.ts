import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sealed } from './sealed.js';

/** A secret that the service generated for its own use. */
@Entity('service_secrets')
@Sealed(({ purpose }: Pick<ServiceSecretRow, 'purpose'>) => ['service secret', purpose])
export class ServiceSecretRow {
  @PrimaryColumn('text')
  purpose!: string;

  /** 32 bytes, sealed under the master key. */
  @Column('bytea')
  sealed!: Buffer;
}
