import { randomBytes } from 'node:crypto';
import { generateTdesKey } from '../../crypto/des.js';
import type { HostCall, HostCommand, KeyType, Reply, ReplyField } from '../command.js';
import { type KeyOptions, readKeyOptions } from '../key-options.js';
import { exportUnder } from '../key-transport.js';
import { checkKeyType, checkUsageOfType } from '../key-types.js';
import { bytesOfScheme } from '../lmk/key-scheme.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type CheckValue, checkValueFields, findTransportKey, readKeyType, readScheme } from './key-replies.js';

interface Request {
  readonly type: KeyType;
  readonly scheme: string;
  readonly exported?: { readonly zmk: KeyField; readonly zmkType: KeyType; readonly scheme: string };
  readonly options: KeyOptions;
}

/** A0: the host keeps the key; nothing is stored. */
export const A0: HostCommand<Request> = {
  code: 'A0',
  title: 'Generate a key, and export it under a ZMK or TMK if wanted',
  operation: 'CreateKey',
  isDefault: true,

  parse(fields) {
    const mode = fields.choice('mode', ['0', '1']);
    const type = readKeyType(fields);
    const scheme = readScheme(fields, 'key scheme (LMK)');
    const exported = mode === '1' ? readExport(fields) : undefined;
    const options = readKeyOptions(fields);
    return { type, scheme, options, ...(exported && { exported }) };
  },

  async execute({ type, scheme, exported, options }, host) {
    const { header } = options;
    checkKeyType(type);
    if (header) checkUsageOfType(type, header.usage);
    const issue = await host.services.issuer.under(host, { type, scheme, header: headerOf(options) });
    const zmk = exported && (await findTransportKey(host.as('ExportKey'), exported.zmk, 'Wrap', exported.zmkType));
    const isAes = header?.isAes ?? false;
    const bytes = header && scheme === 'S' ? header.bytes : bytesOfScheme(scheme);
    const key = isAes ? randomBytes(bytes) : generateTdesKey(bytes as 8 | 16 | 24);
    try {
      const fields: ReplyField[] = [['key under the LMK', issue(key)]];
      if (zmk) {
        const { exportability, version } = options;
        const { takesAnsiX917 } = host.services.settings;
        const as = { scheme: exported.scheme, attributes: header, exportability, version, takesAnsiX917 };
        fields.push(['key under the ZMK', exportUnder(zmk, key, isAes, as)]);
      }
      return { fields: [...fields, ...checkValueFields(key, isAes)] };
    } finally {
      key.fill(0);
    }
  },
};

/** Returns the header of a block under the LMK, whose exportability may follow a `&`. */
function headerOf({ header, exportability }: KeyOptions): KeyOptions['header'] {
  return header && exportability !== undefined ? { ...header, exportability } : header;
}

function readExport(fields: RequestFields): NonNullable<Request['exported']> {
  fields.accept(';');
  const zmkType = fields.choice('ZMK or TMK flag', ['0', '1']) === '0' ? '000' : '002';
  return { zmkType, zmk: fields.key('ZMK'), scheme: readScheme(fields, 'key scheme (ZMK)') };
}

/** A DES key that a single-purpose command generates. */
export interface GeneratedKey {
  readonly type: KeyType;
  readonly bytes: 8 | 16 | 24;
  /** Scheme under the LMK. */
  readonly scheme: string;
  /** ZMK or TMK under which the key leaves, too. */
  readonly exported?: { readonly under: KeyField; readonly underType: KeyType; readonly scheme: string };
  readonly values: readonly CheckValue[];
}

/** Generates a key of one type, and returns it under a ZMK or TMK, where there is one, and under the LMK. */
export async function generateKey(
  host: HostCall,
  { type, bytes, scheme, exported, values }: GeneratedKey,
): Promise<Reply> {
  const issue = await host.services.issuer.under(host, { type, scheme });
  const { takesAnsiX917 } = host.services.settings;
  const kek = exported && (await findTransportKey(host.as('ExportKey'), exported.under, 'Wrap', exported.underType));
  const key = generateTdesKey(bytes);
  try {
    const fields: ReplyField[] = [];
    if (kek) {
      const as = { scheme: exported.scheme, takesAnsiX917 };
      fields.push([`key under the ${exported.under.name}`, exportUnder(kek, key, false, as)]);
    }
    return { fields: [...fields, ['key under the LMK', issue(key)], ...checkValueFields(key, false, values)] };
  } finally {
    key.fill(0);
  }
}
