import type { Scope } from '../../call.js';
import type { LmkShape } from '../layouts/request-fields.js';
import type { VariantLmk } from './variant-lmk.js';

/** An LMK made of pairs of DES keys. */
export interface VariantLmkEntry extends LmkShape {
  readonly scheme: 'variant';
  readonly id: string;
  readonly lmk: VariantLmk;
}

/** An LMK that is an AES-256 key of this service. */
export interface KeyBlockLmkEntry extends LmkShape {
  readonly scheme: 'keyblock';
  readonly id: string;
  /** Key ARN, alias ARN or alias name. */
  readonly key: string;
}

export type Lmk = VariantLmkEntry | KeyBlockLmkEntry;

/** The LMKs of the configuration by their identifiers, two digits. */
export type Lmks = ReadonlyMap<string, Lmk>;

/** Returns the ARN of a variant LMK for policies. */
export function lmkArn({ region, accountId }: Scope, id: string): string {
  return `arn:aws:keyblock:${region}:${accountId}:lmk/${id}`;
}
