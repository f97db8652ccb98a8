import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sealed } from './sealed.js';

/** A secret that the service made for itself. */
@Entity('service_secrets')
@Sealed(({ purpose }: Pick<ServiceSecretRow, 'purpose'>) => ['service secret', purpose])
export class ServiceSecretRow {
  @PrimaryColumn('text')
  purpose!: string;

  /** 32 bytes under the master key. */
  @Column('bytea')
  sealed!: Buffer;
}
