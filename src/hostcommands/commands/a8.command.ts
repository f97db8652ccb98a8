import { whenReady } from '../../when-ready.js';
import type { HostCall, HostCommand, KeyType, Reply } from '../command.js';
import { type KeyOptions, readKeyOptions } from '../key-options.js';
import { exportUnder, lendKey } from '../key-transport.js';
import { ANY_KEY, checkKeyType, checkTypeOf } from '../key-types.js';
import type { KeyField } from '../request-fields.js';
import {
  attributesFor,
  type CheckValueDigits,
  checkValueField,
  findTransportKey,
  isAesKey,
  readKeyType,
  readScheme,
} from './key-replies.js';

interface Request {
  readonly type: KeyType;
  readonly zmk: KeyField;
  readonly key: KeyField;
  readonly scheme: string;
  readonly options: KeyOptions;
}

/** A8. */
export const A8: HostCommand<Request> = {
  code: 'A8',
  title: 'Export a key under a ZMK',
  operation: 'ExportKey',
  isDefault: true,

  parse(fields) {
    const type = readKeyType(fields);
    const zmk = fields.key('ZMK');
    const key = fields.key('key');
    return { type, zmk, key, scheme: readScheme(fields, 'key scheme (ZMK)'), options: readKeyOptions(fields) };
  },

  execute: (request, host) => exportKey(host, request),
};

/** Exports a key under a ZMK. @param digits of the check value */
export function exportKey(
  host: HostCall,
  { type, zmk: zmkField, key: field, scheme, options }: Request,
  digits?: CheckValueDigits,
): Reply | Promise<Reply> {
  checkKeyType(type);
  return whenReady(findTransportKey(host, zmkField, 'Wrap'), (zmk) =>
    whenReady(host.key(field, { type, rule: ANY_KEY, code: '11' }), (key): Reply => {
      checkTypeOf(type, key);
      const { version, header } = options;
      const exportability = options.exportability ?? header?.exportability;
      const named = attributesFor(type, key.bytes, key.attributes, header);
      // A key under a variant LMK may be exported; the fields after "#" describe the exported key block.
      const attributes = named && !key.attributes ? { ...named, exportability: 'S' } : named;
      const { takesAnsiX917 } = host.services.settings;
      const isAes = isAesKey(key);
      return lendKey(key, (clear) => ({
        fields: [
          [
            'key under the ZMK',
            exportUnder(zmk, clear, isAes, { scheme, attributes, exportability, version, takesAnsiX917 }),
          ],
          checkValueField(clear, isAes, digits),
        ],
      }));
    }),
  );
}
