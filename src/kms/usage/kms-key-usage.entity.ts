import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { TrackedOperation } from '../fields.js';
import { KmsKey } from '../keys/kms-key.entity.js';

/** The last successful cryptographic call with a key. It decides nothing, so the row is not bound. */
@Entity('kms_key_usage')
export class KmsKeyUsage {
  @ForeignKey(() => KmsKey, { name: 'kms_key_usage_key', onDelete: 'CASCADE' })
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  @Column('text')
  operation!: TrackedOperation;

  @Column('timestamp with time zone', { name: 'used_at', precision: 3 })
  usedAt!: Date;

  @Column('text', { name: 'request_id' })
  requestId!: string;

  /** Id of the call's audit event. */
  @Column('text', { name: 'event_id' })
  eventId!: string;
}
