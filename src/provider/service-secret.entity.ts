import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret that the service made for itself. */
@Entity('service_secrets')
export class ServiceSecretRow {
  @PrimaryColumn('text')
  purpose!: string;

  /** 32 bytes under the master key. */
  @Column('bytea')
  sealed!: Buffer;
}
