import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { ValidationException } from '../../errors/exceptions.js';
import { KmsException } from '../exceptions.js';
import { CloudHsmStore } from '../stores/cloudhsm-store.js';
import { CustomKeyStoreRepository, invalidStoreState } from '../stores/custom-key-store.repository.js';
import type { GenerateRandomInput, GenerateRandomOutput } from './data-keys.schema.js';
import { refuseRecipient } from './recipient.js';

@Injectable()
export class GenerateRandomOperation {
  constructor(
    private readonly stores: CustomKeyStoreRepository,
    private readonly cloudHsm: CloudHsmStore,
  ) {}

  execute(call: Call, input: GenerateRandomInput): GenerateRandomOutput | Promise<GenerateRandomOutput> {
    const { NumberOfBytes, CustomKeyStoreId, Recipient } = input;
    if (NumberOfBytes === undefined) throw new ValidationException('NumberOfBytes is required.');
    refuseRecipient(Recipient);
    if (CustomKeyStoreId !== undefined) return this.#inStore(call, CustomKeyStoreId, NumberOfBytes);
    return { Plaintext: randomBytes(NumberOfBytes).toString('base64') };
  }

  async #inStore(call: Call, id: string, bytes: number): Promise<GenerateRandomOutput> {
    const store = await this.stores.get(call, id);
    if (store.type === 'EXTERNAL_KEY_STORE')
      throw new KmsException('UnsupportedOperationException', 'An external key store generates no random bytes.');
    if (store.connectionState !== 'CONNECTED') throw invalidStoreState(store, 'CONNECTED');
    return { Plaintext: (await this.cloudHsm.randomOf(id, bytes)).toString('base64') };
  }
}
