import type { WrappedKey } from '../exchange.schema.js';

/** An exported key in its wrapping; its check value is the operation's to add. */
export type Exported = Pick<WrappedKey, 'WrappingKeyArn' | 'WrappedKeyMaterialFormat' | 'KeyMaterial'>;
