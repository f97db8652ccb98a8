import { aesWorkingKey, type AesDukptUsage } from '../../crypto/dukpt/aes.js';
import { tdesWorkingKey, type TdesDukptUsage } from '../../crypto/dukpt/tdes.js';
import { ValidationException } from '../../errors/exceptions.js';
import { isTdes, type KeyAlgorithm } from '../keys/key-attributes.js';
import { derivedKey, type WorkingKey } from './keys/working-keys.js';

type Purpose = 'PIN' | 'MAC' | 'DATA';
type Variant = 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';

/** DUKPT attributes of a request. */
export interface DukptAttributes {
  /** Key serial number, 16, 20 or 24 hexadecimal digits. */
  ksn: string;
  /** Type of the working key; by default the algorithm of the base derivation key. */
  keyType?: 'TDES_2KEY' | 'TDES_3KEY' | 'AES_128' | 'AES_192' | 'AES_256';
  /** `REQUEST` by default. Has no effect on a PIN key, of which there is only one variant. */
  variant?: Variant;
}

/** TDES DUKPT has no bidirectional keys, so the request key is used instead. */
const TDES_USAGES: Record<Purpose, Record<Variant, TdesDukptUsage>> = {
  PIN: { REQUEST: 'PIN', RESPONSE: 'PIN', BIDIRECTIONAL: 'PIN' },
  MAC: { REQUEST: 'MAC_REQUEST', RESPONSE: 'MAC_RESPONSE', BIDIRECTIONAL: 'MAC_REQUEST' },
  DATA: { REQUEST: 'DATA_REQUEST', RESPONSE: 'DATA_RESPONSE', BIDIRECTIONAL: 'DATA_REQUEST' },
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
 * @throws ValidationException if the base derivation key can't derive the key type. `use` throws CryptoError KSN.
 */
export function dukptKey(bdk: WorkingKey, purpose: Purpose, attributes: DukptAttributes): WorkingKey {
  const { ksn, keyType, variant = 'REQUEST' } = attributes;
  if (isTdes(bdk.algorithm) && keyType !== undefined && keyType !== 'TDES_2KEY')
    throw new ValidationException(
      `The key derivation type ${keyType} is invalid for a base derivation key of ${bdk.algorithm}: use TDES_2KEY.`,
    );
  const serial = Buffer.from(ksn, 'hex');
  const algorithm: KeyAlgorithm = keyType ?? bdk.algorithm;
  const derive = (clear: Buffer) =>
    isTdes(bdk.algorithm)
      ? tdesWorkingKey({ bdk: clear, ksn: serial, usage: TDES_USAGES[purpose][variant] })
      : aesWorkingKey({
          bdk: clear,
          ksn: serial,
          usage: AES_USAGES[purpose][variant],
          keyType: algorithm as NonNullable<DukptAttributes['keyType']>,
        });
  return derivedKey(bdk, algorithm, derive);
}
