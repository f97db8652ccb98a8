import { CryptoError } from '../../crypto/errors.js';
import { xorComponents } from '../../crypto/key-components.js';
import type { HostCommand, HostKey, KeyType } from '../command.js';
import { HostError } from '../host-error.js';
import { readKeyOptions, type KeyOptions, type WantedHeader } from '../key-options.js';
import { lendKey, requireGoodKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType, checkTypeOf } from '../key-types.js';
import { hasOddParity } from '../lmk/variant-lmk.js';
import type { KeyField } from '../request-fields.js';
import { checkValueField, isAesKey, readKeyType, readScheme } from './key-replies.js';

interface Request {
  readonly type: KeyType;
  readonly scheme: string;
  readonly components: readonly KeyField[];
  readonly options: KeyOptions;
}

/** A4: a DES key must have odd parity, which an even number of components with odd parity never produces. */
export const A4: HostCommand<Request> = {
  code: 'A4',
  title: 'Form a key from encrypted components',
  operation: 'ImportKey',
  isDefault: true,

  parse(fields) {
    const count = fields.number('number of components', 1);
    if (count < 2) throw new HostError('03', 'number of components: 2 to 9');
    const type = readKeyType(fields);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    const components = Array.from({ length: count }, (_, i) => fields.key(`component ${i + 1}`));
    return { type, scheme, components, options: readKeyOptions(fields) };
  },

  async execute({ type, scheme, components, options }, host) {
    checkKeyType(type);
    const keys: HostKey[] = [];
    for (const component of components)
      keys.push(await host.key(component, { type, rule: ANY_KEY, isComponent: true }));
    const header = headerOf(keys, options.header);
    const [first] = keys as [HostKey];
    checkTypeOf(type, first);
    const isAes = isAesKey(first);
    const issue = await host.services.issuer.under(host, { type, scheme, header });
    const key = combined(keys);
    try {
      if (!isAes) {
        requireGoodKey(key, 'The key');
        if (!hasOddParity(key)) throw new HostError('10', "The components don't form a key with odd parity");
      }
      return { fields: [['key under the LMK', issue(key)], checkValueField(key, isAes)] };
    } finally {
      key.fill(0);
    }
  },
};

/** Returns the header of the key: that of the components, which must agree. */
function headerOf(keys: readonly HostKey[], wanted: WantedHeader | undefined): WantedHeader | undefined {
  const [{ bytes, algorithm, attributes }] = keys as [HostKey];
  if (keys.some((key) => key.bytes !== bytes || key.algorithm !== algorithm))
    throw new HostError('27', 'The components have different lengths');
  if (!attributes) return undefined;
  const { usage, modeOfUse, exportability } = attributes;
  if (keys.some((key) => key.attributes?.usage !== usage))
    throw new HostError('A6', 'The components have different usages');
  if (keys.some((key) => key.attributes?.modeOfUse !== modeOfUse))
    throw new HostError('A8', 'The components have different modes of use');
  if (keys.some((key) => key.attributes?.exportability !== exportability))
    throw new HostError('AA', 'The components have different exportability');
  const keyVersionNumber = wanted?.keyVersionNumber ?? '00';
  return { usage, modeOfUse, exportability, keyVersionNumber, bytes, isAes: algorithm.startsWith('AES') };
}

/** @throws HostError 11 for components that cancel each other out, which would result in a key that the host knows */
function combined(keys: readonly HostKey[]): Buffer {
  const [{ bytes }] = keys as [HostKey];
  const components: Buffer[] = [];
  try {
    for (const key of keys) components.push(lendKey(key, (clear) => Buffer.from(clear)));
    return xorComponents(components, bytes);
  } catch (error) {
    throw error instanceof CryptoError ? new HostError('11', error.message) : error;
  } finally {
    for (const component of components) component.fill(0);
  }
}
