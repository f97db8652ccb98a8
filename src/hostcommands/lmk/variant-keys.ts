import { scopeOf } from '../../call.js';
import type { HostCall, HostKey, HostKeys, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../layouts/request-fields.js';
import { authorizeLmk } from './authorize-lmk.js';
import type { VariantScheme } from './key-scheme.js';
import { lmkArn, type Lmks, type VariantLmkEntry } from './lmks.js';
import { LentKey, opened, type OpenedKey, takesLength } from './opened-key.js';
import { OpenedKeys } from './opened-keys.js';
import { hasOddParity, isKeyType } from './variant-lmk.js';

/** Opens keys under variant LMKs. */
export class VariantKeys implements HostKeys {
  readonly #opened = new OpenedKeys<OpenedKey>();

  constructor(private readonly lmks: Lmks) {}

  /** @throws HostError 13 if there is no such LMK, otherwise as in HostKeys */
  find(host: HostCall, field: KeyField, needs: KeyNeeds): HostKey {
    const entry = this.lmks.get(host.lmk);
    if (!entry) throw new HostError('13', `LMK identifier: there is no LMK ${host.lmk}`);
    if (entry.scheme !== 'variant')
      throw new HostError(
        needs.code ?? '10',
        `${field.name} isn't a key block, but LMK ${entry.id} is a key block LMK`,
      );
    const arn = lmkArn(scopeOf(host.call), entry.id);
    host.call.record.uses(arn);
    authorizeLmk(host.call, arn);
    const key = this.#open(entry, field, needs);
    host.notes(key.kcv);
    checkLength(field, needs, key);
    return new LentKey(arn, key);
  }

  #open(entry: VariantLmkEntry, field: KeyField, { type, code = '10' }: KeyNeeds): OpenedKey {
    if (!isVariantScheme(field.scheme)) throw new HostError('26', `${field.name} isn't a key under a variant LMK`);
    const scheme = field.scheme;
    return this.#opened.get(`${entry.id} ${type} ${field.text}`, () => {
      if (!isKeyType(type)) throw new HostError('28', `Key type ${type} of ${field.name} doesn't exist`);
      const clear = entry.lmk.open(type, scheme, Buffer.from(field.value, 'hex'));
      try {
        if (!hasOddParity(clear))
          throw new HostError(
            code,
            `${field.name} doesn't have odd parity: it isn't a key of type ${type} under this LMK`,
          );
        return opened(clear, false);
      } finally {
        clear.fill(0);
      }
    });
  }
}

/** Returns true for the schemes of keys that variant LMKs encrypt. */
export function isVariantScheme(scheme: KeyField['scheme']): scheme is VariantScheme {
  return scheme !== 'S' && scheme !== 'R' && scheme !== '@';
}

function checkLength({ name }: KeyField, { rule }: KeyNeeds, key: Pick<OpenedKey, 'algorithm' | 'bytes'>): void {
  if (!takesLength(rule, key))
    throw new HostError('27', `${name} is a key of ${key.bytes} bytes, which this command doesn't accept`);
}
