import { Column, Entity, type EntityManager, ForeignKey, PrimaryColumn } from 'typeorm';
import { KmsCustomKeyStore } from './kms-custom-key-store.entity.js';

/**
 * A key on a token that belongs to no KMS key and is to be destroyed: the KMS key was deleted, or a process ended while
 * it was creating one.
 */
@Entity('kms_token_key_removals')
export class KmsTokenKeyRemoval {
  @PrimaryColumn('text', { name: 'key_arn' })
  keyArn!: string;

  @ForeignKey(() => KmsCustomKeyStore, { name: 'kms_token_key_removals_store', onDelete: 'CASCADE' })
  @Column('text', { name: 'custom_key_store_id' })
  customKeyStoreId!: string;

  /** Not before this time, because the key may still be being created. */
  @Column('timestamp with time zone', { name: 'due_at', precision: 3 })
  dueAt!: Date;
}

/** Notes a key on a token that is to be destroyed. */
export async function noteRemoval(manager: EntityManager, removal: KmsTokenKeyRemoval): Promise<void> {
  await manager.insert(KmsTokenKeyRemoval, removal);
}
