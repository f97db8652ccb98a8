import { CryptoError } from '../../crypto/errors.js';
import { xorComponents } from '../../crypto/key-components.js';
import type { HostCall, HostCommand, HostKey, Reply } from '../command.js';
import { HostError } from '../host-error.js';
import { lendKey, requireGoodKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType, checkTypeOf } from '../key-types.js';
import * as layouts from '../layouts/a4.js';
import type { Request } from '../layouts/a4.js';
import type { HostKeyAttributes } from '../layouts/block-header.js';
import type { CheckValue } from '../layouts/key-fields.js';
import { hasOddParity } from '../lmk/variant-lmk.js';
import { checkValueFields, headerUnderLmk, isAesKey } from './key-replies.js';

/** A4. */
export const A4: HostCommand<Request> = {
  ...layouts.A4,
  operation: 'ImportKey',
  isDefault: true,
  execute: (request, host) => formKey(host, request),
};

/**
 * Forms a key from components. A DES key's result must have odd parity, which an even number of components of odd parity
 * never gives.
 *
 * @param values 6 digits by default
 */
export async function formKey(
  host: HostCall,
  { type, scheme, components, options }: Request,
  values?: readonly CheckValue[],
): Promise<Reply> {
  checkKeyType(type);
  const keys: HostKey[] = [];
  for (const component of components) keys.push(await host.key(component, { type, rule: ANY_KEY, isComponent: true }));
  const attributes = sharedAttributes(keys, options.header?.keyVersionNumber);
  const [first] = keys as [HostKey];
  checkTypeOf(type, first);
  const isAes = isAesKey(first);
  const exportability = options.exportability ?? options.header?.exportability;
  const header = headerUnderLmk(type, { bytes: first.bytes, isAes, attributes }, options.header, exportability);
  const issue = await host.services.issuer.under(host, { type, scheme, header });
  const key = combined(keys);
  try {
    if (!isAes) {
      requireGoodKey(key, 'The key');
      if (!hasOddParity(key)) throw new HostError('10', "The components don't form a key with odd parity");
    }
    return { fields: [['key under the LMK', issue(key)], ...checkValueFields(key, isAes, values)] };
  } finally {
    key.fill(0);
  }
}

/**
 * Returns the attributes of the components, which must agree. A component without attributes would remove those of the
 * others.
 *
 * @param keyVersionNumber of the key; that of a component says that it is one
 */
function sharedAttributes(keys: readonly HostKey[], keyVersionNumber = '00'): HostKeyAttributes | undefined {
  const [{ bytes, algorithm, attributes }] = keys as [HostKey];
  if (keys.some((key) => key.bytes !== bytes || key.algorithm !== algorithm))
    throw new HostError('27', 'The components have different lengths');
  if (keys.some((key) => (key.attributes === undefined) !== (attributes === undefined)))
    throw new HostError('A9', 'The components must all be key blocks, or all be under a variant LMK');
  if (!attributes) return undefined;
  const { usage, modeOfUse, exportability } = attributes;
  if (keys.some((key) => key.attributes?.usage !== usage))
    throw new HostError('A6', 'The components have different usages');
  if (keys.some((key) => key.attributes?.modeOfUse !== modeOfUse))
    throw new HostError('A8', 'The components have different modes of use');
  if (keys.some((key) => key.attributes?.exportability !== exportability))
    throw new HostError('AA', 'The components have different exportability');
  return { usage, modeOfUse, exportability, keyVersionNumber };
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
