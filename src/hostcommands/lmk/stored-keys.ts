import { BLOCK_CIPHER_BYTES } from '../../payment/keys/key-attributes.js';
import { modeLetter, usageCode } from '../../payment/keys/key-block-attributes.js';
import { requireEnabled } from '../../payment/keys/key-life-cycle.js';
import type { Key } from '../../payment/keys/key.entity.js';
import type { KeyRepository } from '../../payment/keys/key.repository.js';
import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { whenReady } from '../../when-ready.js';
import type { HostCall, HostKey, KeyNeeds } from '../command.js';
import { HostError } from '../host-error.js';
import type { KeyField } from '../layouts/request-fields.js';
import { lookUp } from './refusals.js';

/** Provides keys of this service that host commands or the key table name. */
export class StoredKeys {
  constructor(
    private readonly keys: KeyRepository,
    private readonly provider: CryptoProvider,
  ) {}

  /**
   * Returns a key of the service, under the rules of the AWS operation.
   *
   * @param identifier key ARN, alias ARN or alias name
   * @throws HostError 10 or 11 for a key that doesn't exist or isn't enabled, 29; A6 to A8 for an unsuitable key, 27 and 28 if
   *   the host sent a key that isn't a key block; A9 where a component is wanted
   */
  find(
    host: HostCall,
    field: KeyField,
    { rule, code = '10', isComponent = false }: KeyNeeds,
    identifier: string,
  ): HostKey | Promise<HostKey> {
    if (isComponent) throw new HostError('A9', `${field.name} names a key of this service, which is not a component`);
    const enabled = () =>
      whenReady(this.keys.get(host.call, identifier), (key) => {
        requireEnabled(key);
        return key;
      });
    return whenReady(lookUp(enabled, code, field.name), (key) => {
      const [usage, algorithm, mode] = field.scheme === 'S' || field.scheme === '@' ? BLOCK_CODES : VARIANT_CODES;
      if (!rule.usages.includes(key.usage)) throw unsuitable(usage, field, key, 'KeyUsage');
      if (!rule.algorithms.includes(key.algorithm)) throw unsuitable(algorithm, field, key, 'KeyAlgorithm');
      const isUnrestricted = key.modes.NoRestrictions && rule.unrestrictedRefusal === undefined;
      if (!isUnrestricted && !rule.modes.every((each) => key.modes[each]))
        throw unsuitable(mode, field, key, 'KeyModesOfUse');
      return this.#lent(key);
    });
  }

  #lent(key: Key): HostKey {
    const { arn, kcv, algorithm } = key;
    return {
      arn,
      kcv,
      algorithm,
      bytes: BLOCK_CIPHER_BYTES[algorithm as keyof typeof BLOCK_CIPHER_BYTES],
      attributes: {
        usage: usageCode(key.usage),
        modeOfUse: modeLetter(key.modes),
        keyVersionNumber: '00',
        exportability: key.exportable ? 'E' : 'N',
      },
      use: (compute) => compute(this.provider.hold(key)),
    };
  }
}

const BLOCK_CODES = ['A6', 'A7', 'A8'] as const;
const VARIANT_CODES = ['28', '27', '28'] as const;

function unsuitable(code: '27' | '28' | 'A6' | 'A7' | 'A8', { name }: KeyField, { arn }: Key, what: string): HostError {
  return new HostError(code, `${name} names ${arn}, whose ${what} this command doesn't accept`);
}
