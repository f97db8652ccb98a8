import type { HostListenerConfig, LmkConfig } from '../config/payshield-file.js';
import type { FieldSettings } from './layouts/request-fields.js';

/** Digits of the longest PIN under a key block LMK. */
const LONGEST_PIN = 12;

/** Returns the settings for parsing a listener's requests. */
export function fieldSettings(
  { defaultLmk, hexLength, keyNames }: HostListenerConfig,
  lmks: ReadonlyMap<string, LmkConfig>,
): FieldSettings {
  const shapes = [...lmks].map(([id, lmk]) => [id, { scheme: lmk.scheme, pinLength: pinLengthOf(lmk) }] as const);
  return { lmks: new Map(shapes), defaultLmk, hexLength, takesKeyNames: keyNames };
}

/** Returns the number of digits of the longest PIN under an LMK. */
export function pinLengthOf(lmk: LmkConfig): number {
  return lmk.scheme === 'variant' ? lmk.pinLength : LONGEST_PIN;
}
