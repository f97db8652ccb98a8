import type { KeyAttributes } from '../../../keys/key-attributes.js';
import type { KeyIdentity } from '../../../keys/key.entity.js';

/** Imported key: its attributes, and its material sealed under the master key. */
export type AdmittedKey = KeyIdentity & { sealed: Buffer };

/**
 * Checks the attributes of a key to import and returns the function that seals it.
 *
 * @throws ValidationException if no key may have this combination of attributes. The returned function throws
 *   ValidationException if the key is weak.
 */
export type Admit = (attributes: KeyAttributes, exportable: boolean) => (clear: Buffer) => AdmittedKey;
