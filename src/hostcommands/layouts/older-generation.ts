import type { CheckValue } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
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
import type { KeyField, RequestFields } from './request-fields.js';

/** A DES key that a single-purpose command generates. */
export interface GeneratedKey {
  readonly type: KeyType;
  /** True for keys that are always of double length; the scheme tells the length of others. */
  readonly isDouble: boolean;
  /** Scheme under the LMK. */
  readonly scheme: string;
  /** ZMK or TMK under which the key is exported, too. */
  readonly exported?: { readonly under: KeyField; readonly underType: KeyType; readonly scheme: string };
  readonly values: readonly CheckValue[];
}

/** Reads the fields after the flag and the ZMK or TMK. */
function readGenerated(
  fields: RequestFields,
  kind: OlderKey,
  type: KeyType,
  under?: { field: KeyField; transport: Transport },
): GeneratedKey {
  const { schemes, values } = readTail(fields, kind, under?.transport.name);
  return {
    type,
    scheme: schemeOf(kind, schemes?.lmk),
    isDouble: kind.plain === 'double',
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
  kind: OlderKey,
  transport?: Transport,
): RequestLayout<GeneratedKey> => ({
  code,
  title: `Generate ${title} under ${transport ? `a ${transport.name} and ` : ''}the LMK`,
  parse: (fields) => read(fields, kind, transport),
});

export const AS = generating('AS', 'a CVK pair', CVK_PAIR);
export const BI = generating('BI', 'a BDK', withoutCheckValue(BDK));
export const FG = generating('FG', 'a PVK pair', PVK_PAIR, ZMK);
export const FI = generating('FI', 'a ZEK or ZAK', ZEK_OR_ZAK, ZMK);
export const HA = generating('HA', 'a TAK', withoutCheckValue(TAK), TMK);
export const HC = generating('HC', 'a TMK, TPK or PVK', withoutCheckValue(TMK_TPK_PVK), TMK);
export const IA = generating('IA', 'a ZPK', ZPK, ZMK);
