import type { SymmetricKey } from '../../../crypto/held-key.js';
import {
  type Ibm3624Arguments,
  naturalPin,
  paddedValidationData,
  pinFromOffset,
  pinOffset,
} from '../../../crypto/ibm3624.js';
import { randomPin } from '../../../crypto/pin.js';
import { pvv } from '../../../crypto/pvv.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import type { Ibm3624NaturalPin, PinGenerationAttributes, PinVerificationAttributes, VisaPin } from './pin.schema.js';

/** Reference value that a PIN is verified against: a Visa PVV or an IBM 3624 offset. */
export interface PinReference {
  /** Kind of PIN verification key that computes it. */
  key: 'Visa' | 'Ibm3624';
  /** Name of the member in the response. */
  member: 'VerificationValue' | 'PinOffset';
  /**
   * @returns function that computes it for a PIN of 4 to 12 digits
   * @throws ValidationException if it depends on the PAN and the request has none
   */
  forPan: (pan: string | undefined) => (pvk: SymmetricKey, pin: string) => string;
}

export const visaPvv = ({ PinVerificationKeyIndex: pvki }: VisaPin): PinReference => ({
  key: 'Visa',
  member: 'VerificationValue',
  forPan: (pan) => {
    if (pan === undefined)
      throw new ValidationException('PrimaryAccountNumber is required for a PIN verification value.');
    return (pvk, pin) => pvv(pvk, { pan, pvki, pin });
  },
});

export const ibm3624Offset = (attributes: Ibm3624NaturalPin): PinReference => ({
  key: 'Ibm3624',
  member: 'PinOffset',
  forPan: () => (pvk, pin) => pinOffset(pvk, ibm3624(attributes), pin),
});

const ibm3624 = (attributes: Ibm3624NaturalPin): Ibm3624Arguments => ({
  validationData: attributes.PinValidationData,
  padCharacter: attributes.PinValidationDataPadCharacter,
  decimalizationTable: attributes.DecimalizationTable,
});

/** Source of a PIN: it is generated, or decrypted from the PIN block of the request. */
export type PinSource =
  | {
      /** @param length number of digits, unless the variant determines it */
      generate: (pvk: SymmetricKey, length: number) => string;
    }
  | {
      /** PIN block, hexadecimal, validated by the schema. */
      encrypted: string;
    };

/** PIN and reference value that a variant of GeneratePinData requests. */
export interface PinGeneration {
  reference: PinReference;
  source: PinSource;
}

const random: PinSource = { generate: (_, length) => randomPin(length) };

/** Returns the PIN generation that a request specifies. */
export function pinGeneration(attributes: PinGenerationAttributes): PinGeneration {
  const { name, value } = memberOf(attributes);
  switch (name) {
    case 'VisaPin':
      return { reference: visaPvv(value), source: random };
    case 'VisaPinVerificationValue':
      return { reference: visaPvv(value), source: { encrypted: value.EncryptedPinBlock } };
    case 'Ibm3624NaturalPin':
      // The offset of a natural PIN is all zeros. It is returned because the response has no member for a clear PIN.
      return {
        reference: ibm3624Offset(value),
        source: { generate: (pvk, length) => naturalPin(pvk, ibm3624(value), length) },
      };
    case 'Ibm3624RandomPin':
      return { reference: ibm3624Offset(value), source: random };
    case 'Ibm3624PinOffset':
      return { reference: ibm3624Offset(value), source: { encrypted: value.EncryptedPinBlock } };
    case 'Ibm3624PinFromOffset':
      return {
        reference: ibm3624Offset(value),
        source: { generate: (pvk) => pinFromOffset(pvk, ibm3624(value), value.PinOffset) },
      };
  }
}

/** Reference value to verify a PIN against, and its value in the request. */
export interface PinVerification {
  reference: PinReference;
  claimed: string;
  /** Data of the account from which an IBM 3624 PIN is computed, padded. */
  validationData?: string;
}

/** Returns the PIN verification that a request specifies. @throws ValidationException if the PVV isn't 4 digits */
export function pinVerification(attributes: PinVerificationAttributes): PinVerification {
  const { name, value } = memberOf(attributes);
  if (name === 'Ibm3624Pin') {
    const validationData = paddedValidationData(ibm3624(value));
    return { reference: ibm3624Offset(value), claimed: value.PinOffset, validationData };
  }
  if (value.VerificationValue.length !== 4)
    throw new ValidationException('VerificationValue must have 4 digits, as every Visa PIN verification value.');
  return { reference: visaPvv(value), claimed: value.VerificationValue };
}
