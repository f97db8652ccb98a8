import { type Ibm3624Arguments, naturalPin, pinFromOffset, pinOffset } from '../../../crypto/ibm3624.js';
import { randomPin } from '../../../crypto/pin.js';
import { pvv } from '../../../crypto/pvv.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import type { Ibm3624NaturalPin, PinGenerationAttributes, PinVerificationAttributes, VisaPin } from './pin.schema.js';

/** What a PIN is checked against: the PVV of Visa or the offset of IBM 3624. */
export interface PinReference {
  /** Which keys it is computed with. */
  key: 'Visa' | 'Ibm3624';
  /** Its name in an answer. */
  member: 'VerificationValue' | 'PinOffset';
  /**
   * @returns computes it for a PIN of 4 to 12 digits
   * @throws ValidationException where it needs the PAN and the call has none
   */
  forPan: (pan: string | undefined) => (pvk: Buffer, pin: string) => string;
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

/** Where a PIN comes from: it is made, or is in the PIN block of the call. */
export type PinSource =
  | {
      /** @param length digits, unless the variant says how many there are */
      made: (pvk: Buffer, length: number) => string;
    }
  | {
      /** Hexadecimal, as the schema lets it pass. */
      encrypted: string;
    };

/** What a variant of GeneratePinData wants: a PIN, and what it is checked against. */
export interface PinGeneration {
  reference: PinReference;
  source: PinSource;
}

const random: PinSource = { made: (_, length) => randomPin(length) };

/** The generation that a call asks for. */
export function pinGeneration(attributes: PinGenerationAttributes): PinGeneration {
  const { name, value } = memberOf(attributes);
  switch (name) {
    case 'VisaPin':
      return { reference: visaPvv(value), source: random };
    case 'VisaPinVerificationValue':
      return { reference: visaPvv(value), source: { encrypted: value.EncryptedPinBlock } };
    case 'Ibm3624NaturalPin':
      // Its offset is zeros: no answer has a member for a PIN in the clear.
      return {
        reference: ibm3624Offset(value),
        source: { made: (pvk, length) => naturalPin(pvk, ibm3624(value), length) },
      };
    case 'Ibm3624RandomPin':
      return { reference: ibm3624Offset(value), source: random };
    case 'Ibm3624PinOffset':
      return { reference: ibm3624Offset(value), source: { encrypted: value.EncryptedPinBlock } };
    case 'Ibm3624PinFromOffset':
      return {
        reference: ibm3624Offset(value),
        source: { made: (pvk) => pinFromOffset(pvk, ibm3624(value), value.PinOffset) },
      };
  }
}

/** What a call of VerifyPinData claims that its PIN is checked against. */
export interface PinVerification {
  reference: PinReference;
  claimed: string;
}

/** The verification that a call asks for. @throws ValidationException for what can't be a PVV */
export function pinVerification(attributes: PinVerificationAttributes): PinVerification {
  const { name, value } = memberOf(attributes);
  if (name === 'Ibm3624Pin') return { reference: ibm3624Offset(value), claimed: value.PinOffset };
  if (value.VerificationValue.length !== 4)
    throw new ValidationException('VerificationValue must have 4 digits, as every Visa PIN verification value.');
  return { reference: visaPvv(value), claimed: value.VerificationValue };
}
