import type { HostCommand } from '../command.js';
import { bytesOfScheme } from '../lmk/key-scheme.js';
import type { KeyField, RequestFields } from '../request-fields.js';
import { type GeneratedKey, generateKey } from './a0.command.js';
import {
  BDK,
  CVK_PAIR,
  type OlderKey,
  PVK_PAIR,
  readTail,
  readWithZmk,
  schemeOf,
  TAK,
  TMK,
  TMK_TPK_PVK,
  type Transport,
  withoutCheckValue,
  ZEK_OR_ZAK,
  ZMK,
  ZPK,
} from './older-keys.js';

/** Reads the fields after the flag and the ZMK or TMK. */
function readGenerated(
  fields: RequestFields,
  kind: OlderKey,
  type: GeneratedKey['type'],
  under?: { field: KeyField; transport: Transport },
): GeneratedKey {
  const { schemes, values } = readTail(fields, kind, under?.transport.name);
  const scheme = schemeOf(kind, schemes?.lmk);
  return {
    type,
    scheme,
    bytes: kind.plain === 'double' ? 16 : bytesOfScheme(scheme),
    values,
    ...(under && {
      exported: { under: under.field, underType: under.transport.type, scheme: schemeOf(kind, schemes?.transport) },
    }),
  };
}

function read(fields: RequestFields, kind: OlderKey, transport: Transport | undefined): GeneratedKey {
  const type = kind.readType(fields);
  if (!transport) return readGenerated(fields, kind, type);
  const readRest = (isDouble: boolean) => {
    const field = fields.key(transport.name, { isDouble });
    return readGenerated(fields, kind, type, { field, transport });
  };
  return transport === ZMK ? readWithZmk(fields, readRest) : readRest(false);
}

const generating = (
  code: string,
  title: string,
  isDefault: boolean,
  kind: OlderKey,
  transport?: Transport,
): HostCommand<GeneratedKey> => ({
  code,
  title: `Generate ${title} under ${transport ? `a ${transport.name} and ` : ''}the LMK`,
  operation: 'CreateKey',
  isDefault,
  parse: (fields) => read(fields, kind, transport),
  execute: (request, host) => generateKey(host, request),
});

export const AS = generating('AS', 'a CVK pair', false, CVK_PAIR);
export const BI = generating('BI', 'a BDK', false, withoutCheckValue(BDK));
export const FG = generating('FG', 'a PVK pair', false, PVK_PAIR, ZMK);
export const FI = generating('FI', 'a ZEK or ZAK', true, ZEK_OR_ZAK, ZMK);
export const HA = generating('HA', 'a TAK', true, withoutCheckValue(TAK), TMK);
export const HC = generating('HC', 'a TMK, TPK or PVK', true, withoutCheckValue(TMK_TPK_PVK), TMK);
export const IA = generating('IA', 'a ZPK', false, ZPK, ZMK);
