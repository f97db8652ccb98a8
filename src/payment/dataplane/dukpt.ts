import { aesWorkingKey, type AesDukptUsage } from '../../crypto/dukpt/aes.js';
import { tdesWorkingKey, type TdesDukptUsage } from '../../crypto/dukpt/tdes.js';
import { ValidationException } from '../../errors/exceptions.js';
import { isTdes, type KeyAlgorithm } from '../keys/key-attributes.js';
import { derivedKey, type WorkingKey } from './keys/working-keys.js';

type Purpose = 'PIN' | 'MAC' | 'DATA';
type Variant = 'REQUEST' | 'RESPONSE' | 'BIDIRECTIONAL';

/** What a call says of a transaction's key, in the words of the model. */
export interface DukptAttributes {
  /** 16, 20 or 24 hexadecimal digits. */
  ksn: string;
  /** What the working key is to be; the base derivation key's own algorithm unless given. */
  keyType?: 'TDES_2KEY' | 'TDES_3KEY' | 'AES_128' | 'AES_192' | 'AES_256';
  /** Of a PIN key there is one only; else `REQUEST` unless given. */
  variant?: Variant;
}

/** TDES DUKPT knows no key for both ways: the one of the request serves. */
const TDES_USAGES: Record<Purpose, Record<Variant, TdesDukptUsage>> = {
  PIN: { REQUEST: 'PIN', RESPONSE: 'PIN', BIDIRECTIONAL: 'PIN' },
  MAC: { REQUEST: 'MAC_REQUEST', RESPONSE: 'MAC_RESPONSE', BIDIRECTIONAL: 'MAC_REQUEST' },
  DATA: { REQUEST: 'DATA_REQUEST', RESPONSE: 'DATA_RESPONSE', BIDIRECTIONAL: 'DATA_REQUEST' },
};

/** A request is from the terminal to the host: the terminal generates and encrypts. */
const AES_USAGES: Record<Purpose, Record<Variant, AesDukptUsage>> = {
  PIN: { REQUEST: 'PIN_ENCRYPTION', RESPONSE: 'PIN_ENCRYPTION', BIDIRECTIONAL: 'PIN_ENCRYPTION' },
  MAC: { REQUEST: 'MAC_GENERATION', RESPONSE: 'MAC_VERIFICATION', BIDIRECTIONAL: 'MAC_BOTH' },
  DATA: { REQUEST: 'DATA_ENCRYPT', RESPONSE: 'DATA_DECRYPT', BIDIRECTIONAL: 'DATA_BOTH' },
};

/**
 * The key of one transaction as a key to work with: derived whenever it is lent, with the ARN and check value of the base
 * derivation key.
 *
 * @param bdk of usage B0
 * @throws ValidationException for a key type that the base derivation key can't give; CryptoError KSN when it is lent
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
