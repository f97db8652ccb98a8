import type { KeyAttributes } from '../../../keys/key-attributes.js';
import type { KeyIdentity } from '../../../keys/key.entity.js';

/** A key that was taken in: what it is, and its material under the master key. */
export type AdmittedKey = KeyIdentity & { sealed: Buffer };

/**
 * Checks that there can be a key of these attributes, and returns what seals one.
 *
 * @throws ValidationException
 */
export type Admit = (attributes: KeyAttributes, exportable: boolean) => (clear: Buffer) => AdmittedKey;
