import type { CheckValue } from './key-fields.js';
import type { KeyType, RequestLayout } from './layout.js';
import {
  BDK,
  CVK_PAIR,
  type OlderKey,
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
  ZMK_KEY,
  ZPK,
} from './older-keys.js';
import type { KeyField, RequestFields } from './request-fields.js';

export interface Request {
  readonly type: KeyType;
  readonly zmk: KeyField;
  readonly zmkType: KeyType;
  readonly key: KeyField;
  /** Scheme of the key in the reply. */
  readonly scheme: string;
  readonly values: readonly CheckValue[];
}

function read(
  fields: RequestFields,
  kind: OlderKey,
  { name, type: zmkType }: Transport,
  replyUnder: 'transport' | 'lmk',
): Request {
  const type = kind.readType(fields);
  const readRest = (hasDoubleZmk: boolean): Request => {
    const zmk = fields.key(name, { isDouble: hasDoubleZmk });
    const key = fields.key('key', { isDouble: kind.plain === 'double' || (kind.plain === 'zmk' && hasDoubleZmk) });
    const { schemes, values } = readTail(fields, kind, name);
    return { type, zmk, zmkType, key, scheme: schemeOf(kind, schemes?.[replyUnder], key), values };
  };
  return name === 'ZMK' ? readWithZmk(fields, readRest) : readRest(false);
}

const importing = (code: string, title: string, kind: OlderKey): RequestLayout<Request> => ({
  code,
  title: `Translate ${title} from a ZMK to the LMK`,
  parse: (fields) => read(fields, kind, ZMK, 'lmk'),
});

const exporting = (code: string, title: string, kind: OlderKey, under = ZMK): RequestLayout<Request> => ({
  code,
  title: `Translate ${title} from the LMK to a ${under.name}`,
  parse: (fields) => read(fields, kind, under, 'transport'),
});

export const AE = exporting('AE', 'a TMK, TPK or PVK', withoutCheckValue(TMK_TPK_PVK), TMK);
export const AG = exporting('AG', 'a TAK', TAK, TMK);
export const AU = exporting('AU', 'a CVK pair', CVK_PAIR);
export const AW = importing('AW', 'a CVK pair', CVK_PAIR);
export const BY = importing('BY', 'a ZMK', ZMK_KEY);
export const DW = importing('DW', 'a BDK', BDK);
export const DY = exporting('DY', 'a BDK', BDK);
export const FA = importing('FA', 'a ZPK', ZPK);
export const FC = importing('FC', 'a TMK, TPK or PVK', TMK_TPK_PVK);
export const FE = exporting('FE', 'a TMK, TPK or PVK', TMK_TPK_PVK);
export const FK = importing('FK', 'a ZEK or ZAK', ZEK_OR_ZAK);
export const FM = exporting('FM', 'a ZEK or ZAK', ZEK_OR_ZAK);
export const GC = exporting('GC', 'a ZPK', ZPK);
export const MG = exporting('MG', 'a TAK', TAK);
export const MI = importing('MI', 'a TAK', TAK);
