import { Injectable } from '@nestjs/common';
import type { NewKmsKey } from '../keys/kms-key.entity.js';
import { CloudHsmStore } from './cloudhsm-store.js';
import { ExternalStore } from './external-store.js';
import type { KeyStore } from './key-store.js';

/** The kinds of custom key stores, by the origin of their keys. */
@Injectable()
export class KeyStores {
  constructor(
    private readonly cloudHsm: CloudHsmStore,
    private readonly external: ExternalStore,
  ) {}

  /** @param key a key in a custom key store */
  of({ origin }: Pick<NewKmsKey, 'origin'>): KeyStore {
    return origin === 'EXTERNAL_KEY_STORE' ? this.external : this.cloudHsm;
  }
}
