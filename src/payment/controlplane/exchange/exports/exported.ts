import type { WrappedKey } from '../exchange.schema.js';

/** Wrapped key, without the check value, which ExportKeyOperation adds. */
export type Exported = Pick<WrappedKey, 'WrappingKeyArn' | 'WrappedKeyMaterialFormat' | 'KeyMaterial'>;
