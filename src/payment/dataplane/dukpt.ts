import { aesWorkingKey, type AesDukptUsage } from '../../crypto/dukpt/aes.js';
import { tdesWorkingKey, type TdesDukptUsage } from '../../crypto/dukpt/tdes.js';
import { lendBytes } from '../../crypto/held-key.js';
import { ValidationException } from '../../errors/exceptions.js';
import { isTdes } from '../keys/key-attributes.js';
import { derivedKey, type WorkingKey } from './keys/working-keys.js';

type Purpose = 'PIN' | 'MAC' | 'DATA';
type Variant = 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';

/** DUKPT attributes of a request. */
export interface DukptAttributes {
  /** Key serial number, 16, 20 or 24 hexadecimal digits. */
  ksn: string;
  /** Type of the working key; by default the algorithm of the base derivation key. */
  keyType?: 'TDES_2KEY' | 'TDES_3KEY' | 'AES_128' | 'AES_192' | 'AES_256';
  /** `REQUEST` by default. The PIN keys of both directions are the same. */
  variant?: Variant;
}

/** ANSI X9.24-1 defines no key that serves both directions. */
const TDES_USAGES: Record<Purpose, Record<Exclude<Variant, 'BIDIRECTIONAL'>, TdesDukptUsage>> = {
  PIN: { REQUEST: 'PIN', RESPONSE: 'PIN' },
  MAC: { REQUEST: 'MAC_REQUEST', RESPONSE: 'MAC_RESPONSE' },
  DATA: { REQUEST: 'DATA_REQUEST', RESPONSE: 'DATA_RESPONSE' },
};

/** A request goes from the terminal to the host, so it uses the keys with which the terminal generates and encrypts. */
const AES_USAGES: Record<Purpose, Record<Variant, AesDukptUsage>> = {
  PIN: { REQUEST: 'PIN_ENCRYPTION', RESPONSE: 'PIN_ENCRYPTION', BIDIRECTIONAL: 'PIN_ENCRYPTION' },
  MAC: { REQUEST: 'MAC_GENERATION', RESPONSE: 'MAC_VERIFICATION', BIDIRECTIONAL: 'MAC_BOTH' },
  DATA: { REQUEST: 'DATA_ENCRYPT', RESPONSE: 'DATA_DECRYPT', BIDIRECTIONAL: 'DATA_BOTH' },
};

/**
 * Returns the working key of one transaction. It is derived on each use, and its ARN and check value are those of the
 * base derivation key.
 *
 * @param bdk base derivation key, usage B0
 * @throws ValidationException if the base derivation key can't derive the key type or the variant. `use` throws
 *   CryptoError KSN.
 */
export function dukptKey(bdk: WorkingKey, purpose: Purpose, attributes: DukptAttributes): WorkingKey {
  const ksn = Buffer.from(attributes.ksn, 'hex');
  const { keyType, variant = 'REQUEST' } = attributes;
  if (isTdes(bdk.algorithm)) {
    if (keyType !== undefined && keyType !== 'TDES_2KEY')
      throw new ValidationException(
        `The key derivation type ${keyType} is invalid for a base derivation key of ${bdk.algorithm}: use TDES_2KEY.`,
      );
    if (variant === 'BIDIRECTIONAL')
      throw new ValidationException(
        `DukptKeyVariant BIDIRECTIONAL is invalid for a base derivation key of ${bdk.algorithm}: use REQUEST or RESPONSE.`,
      );
    const usage = TDES_USAGES[purpose][variant];
    return derivedKey(bdk, 'TDES_2KEY', (key) => lendBytes(key, (clear) => tdesWorkingKey({ bdk: clear, ksn, usage })));
  }
  const type = keyType ?? (bdk.algorithm as NonNullable<DukptAttributes['keyType']>);
  const usage = AES_USAGES[purpose][variant];
  return derivedKey(bdk, type, (key) =>
    lendBytes(key, (clear) => aesWorkingKey({ bdk: clear, ksn, usage, keyType: type })),
  );
}
