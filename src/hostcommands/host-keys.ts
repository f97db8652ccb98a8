import { scopeOf } from '../call.js';
import { isKeyId, keyArn } from '../payment/keys/arn.js';
import type { KeyRepository } from '../payment/keys/key.repository.js';
import type { CryptoProvider } from '../provider/crypto-provider.js';
import type { HostCall, HostKey, HostKeys, KeyNeeds } from './command.js';
import { HostError } from './host-error.js';
import type { KeyTable } from './key-table.js';
import type { KeyField } from './layouts/request-fields.js';
import { BlockKeys } from './lmk/block-keys.js';
import type { Lmks } from './lmk/lmks.js';
import { StoredKeys } from './lmk/stored-keys.js';
import { VariantKeys } from './lmk/variant-keys.js';

/**
 * Finds the keys of host commands: keys of the service, which the key table or the field itself names, and keys that
 * the host stores under an LMK.
 */
export class FieldKeys implements HostKeys {
  readonly blocks: BlockKeys;
  readonly variants: VariantKeys;
  readonly #stored: StoredKeys;

  constructor(
    readonly lmks: Lmks,
    private readonly table: KeyTable,
    keys: KeyRepository,
    provider: CryptoProvider,
  ) {
    this.blocks = new BlockKeys(lmks, keys, provider);
    this.variants = new VariantKeys(lmks);
    this.#stored = new StoredKeys(keys, provider);
  }

  find(host: HostCall, field: KeyField, needs: KeyNeeds): HostKey | Promise<HostKey> {
    const row = this.table.get(field.text);
    if (row) {
      if (row.usage && !row.usage.has(host.command))
        throw new HostError('29', `${field.name}: the key table doesn't allow this key in ${host.command}`);
      return this.#stored.find(host, field, needs, row.key);
    }
    if (field.scheme === '@') return this.#stored.find(host, field, needs, identifierOf(host, field, needs));
    if (field.scheme === 'S') return this.blocks.find(host, field, needs);
    if (field.scheme === 'R') throw new HostError('26', `${field.name} must be a key under the LMK, not under a ZMK`);
    return this.variants.find(host, field, needs);
  }
}

/** Returns the identifier that a name between two `@` stands for. A key id names a key in the caller's account and Region. */
function identifierOf({ call }: HostCall, { name, value }: KeyField, { code = '10' }: KeyNeeds): string {
  if (isKeyId(value)) return keyArn(scopeOf(call), value);
  if (value.startsWith('alias/') || value.startsWith('arn:')) return value;
  throw new HostError(code, `${name} must name the id of a key, an alias such as alias/zpk, or an ARN`);
}
