import type { PinFormat } from './pin-fields.js';
import type { PinKey } from './pin-keys.js';

/** The translation that a request asks for. */
export interface Translation {
  readonly from: PinKey;
  readonly to: PinKey;
  /** Maximum length of the PIN; 12 if the request has none. */
  readonly maximum: number;
  readonly block: Buffer;
  readonly fromFormat: PinFormat;
  readonly toFormat: PinFormat;
  readonly pan: string;
  /** PAN of the destination, which must be the same, unless the PIN block of the source has none. */
  readonly toPan: string;
}
