import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Call } from '../../call.js';
import type { Nothing } from '../../http/fields.js';
import { LOGGER } from '../../logger.js';
import { KmsException } from '../exceptions.js';
import { KmsKey } from '../keys/kms-key.entity.js';
import { CustomKeyStoreRepository, invalidStoreState } from './custom-key-store.repository.js';
import type { NamedCustomKeyStoreInput } from './stores.schema.js';
import { TokenKeyRemovals } from './token-key-removals.js';

@Injectable()
export class DeleteCustomKeyStoreOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly removals: TokenKeyRemovals,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute(call: Call, { CustomKeyStoreId }: NamedCustomKeyStoreInput): Promise<Nothing> {
    const left = await this.stores.change(call, CustomKeyStoreId, async ({ manager, store, changed }) => {
      if (store.connectionState !== 'DISCONNECTED') throw invalidStoreState(store, 'DISCONNECTED');
      if (await manager.existsBy(KmsKey, { customKeyStoreId: store.id }))
        throw new KmsException(
          'CustomKeyStoreHasCMKsException',
          `Custom key store ${store.id} has KMS keys, or some that are pending deletion.`,
        );
      const keyArns = await this.removals.leftIn(manager, store.id);
      await manager.remove(store);
      changed();
      return keyArns;
    });
    // They are no longer destroyed: as with AWS, the cluster is left unchanged.
    for (const keyArn of left)
      this.logger.warn({ keyArn, store: CustomKeyStoreId }, 'key on a token left behind by its deleted store');
    return {};
  }
}
