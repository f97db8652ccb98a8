import { Column, Entity, type EntityManager, ForeignKey, PrimaryColumn } from 'typeorm';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';

/**
 * A key on a token without a KMS key, which will be destroyed: the KMS key was deleted, or a process ended while
 * it was creating one.
 */
@Entity('kms_token_key_removals')
export class KmsTokenKeyRemoval {
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  @ForeignKey(() => KmsCustomKeyStore, { name: 'kms_token_key_removals_store', onDelete: 'CASCADE' })
  @Column('text', { name: 'custom_key_store_id' })
  customKeyStoreId!: string;

  /** Earliest time, because the key's creation may still be in progress. */
  @Column('timestamp with time zone', { name: 'due_at', precision: 3 })
  dueAt!: Date;
}

/** Records a key on a token that will be destroyed. */
export async function noteRemoval(manager: EntityManager, removal: KmsTokenKeyRemoval): Promise<void> {
  await manager.insert(KmsTokenKeyRemoval, removal);
}
