import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { Bound } from '../../provider/bound.js';
import { Sealed } from '../../provider/sealed.js';

export type StoreType = 'AWS_CLOUDHSM' | 'EXTERNAL_KEY_STORE';
export type ConnectionState = 'CONNECTED' | 'CONNECTING' | 'FAILED' | 'DISCONNECTED' | 'DISCONNECTING';

/** A custom key store: keys on a PKCS#11 token, or behind an external key store proxy. */
@Entity('kms_custom_key_stores')
@Bound<KmsCustomKeyStore>(
  'id',
  'accountId',
  'region',
  'name',
  'type',
  'clusterId',
  'trustAnchor',
  'connectivity',
  'uriEndpoint',
  'uriPath',
  'accessKeyId',
  'connectionState',
)
@Sealed((store: Pick<KmsCustomKeyStore, 'accountId' | 'region' | 'id'>) => [
  'kms custom key store',
  store.accountId,
  store.region,
  store.id,
])
@Index('kms_custom_key_stores_by_name', ['accountId', 'region', 'name'], { unique: true })
export class KmsCustomKeyStore {
  /** `cks-` and 17 hexadecimal digits. */
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { name: 'account_id' })
  accountId!: string;

  @Column('text')
  region!: string;

  @Column('text')
  name!: string;

  @Column('text')
  type!: StoreType;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt!: Date;

  @Column('text', { name: 'connection_state' })
  connectionState!: ConnectionState;

  /** Present in the state FAILED only. */
  @Column('text', { name: 'connection_error_code', nullable: true })
  connectionErrorCode!: string | null;

  /** Until this time, one node handles the state CONNECTING or DISCONNECTING; afterwards another node may. */
  @Column('timestamp with time zone', { name: 'worked_on_until', precision: 3, nullable: true })
  workedOnUntil!: Date | null;

  /** Number of consecutive connections that the token refused because of the password. */
  @Column('integer', { name: 'failed_logins' })
  failedLogins!: number;

  /** Id in the file of clusters. Null for an external key store, which has no trust anchor either. */
  @Column('text', { name: 'cluster_id', nullable: true })
  clusterId!: string | null;

  /** PEM, as it was sent. */
  @Column('text', { name: 'trust_anchor', nullable: true })
  trustAnchor!: string | null;

  /** Null for a store of AWS_CLOUDHSM, like the following columns. */
  @Column('text', { nullable: true })
  connectivity!: 'PUBLIC_ENDPOINT' | null;

  @Column('text', { name: 'uri_endpoint', nullable: true })
  uriEndpoint!: string | null;

  @Column('text', { name: 'uri_path', nullable: true })
  uriPath!: string | null;

  @Column('text', { name: 'access_key_id', nullable: true })
  accessKeyId!: string | null;

  /** The key store password, or the proxy's raw secret access key, in UTF-8. Queries must select it explicitly. */
  @Column('bytea', { select: false })
  sealed!: Buffer;

  @Column('bytea', { nullable: true })
  mac?: Buffer | null;
}
