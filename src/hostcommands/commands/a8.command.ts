import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, Reply } from '../command.js';
import { exportUnder, lendKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType, checkTypeOf } from '../key-types.js';
import * as layouts from '../layouts/a8.js';
import type { Request } from '../layouts/a8.js';
import type { CheckValue } from '../layouts/key-fields.js';
import { attributesFor, checkValueFields, findTransportKey, isAesKey } from './key-replies.js';

/** A8. */
export const A8: HostCommand<Request> = {
  ...layouts.A8,
  operation: 'ExportKey',
  isDefault: true,
  execute: (request, host) => exportKey(host, request),
};

/** Exports a key under a ZMK. @param values 6 digits by default */
export function exportKey(
  host: HostCall,
  { type, zmk: zmkField, zmkType, key: field, scheme, options }: Request,
  values?: readonly CheckValue[],
): Reply | Promise<Reply> {
  checkKeyType(type);
  return whenReady(findTransportKey(host, zmkField, 'Wrap', zmkType), (zmk) =>
    whenReady(host.key(field, { type, rule: ANY_KEY, code: '11' }), (key): Reply => {
      checkTypeOf(type, key);
      const { version, header } = options;
      const exportability = options.exportability ?? header?.exportability;
      const isAes = isAesKey(key);
      const named = attributesFor(type, { bytes: key.bytes, isAes, attributes: key.attributes }, header);
      // A key under a variant LMK may be exported; the fields after "#" describe the exported key block.
      const attributes = named && !key.attributes ? { ...named, exportability: 'S' } : named;
      const { takesAnsiX917 } = host.services.settings;
      return lendKey(key, (clear) => ({
        fields: [
          [
            `key under the ${zmkField.name}`,
            exportUnder(zmk, clear, isAes, { scheme, attributes, exportability, version, takesAnsiX917 }),
          ],
          ...checkValueFields(clear, isAes, values),
        ],
      }));
    }),
  );
}
