import type { Service } from '../support/service.js';
import type { Card } from './cards.js';
import type { JobKeys } from './job-keys.js';

/** A card with its values. The PIN exists only in the PIN block. */
export interface PersonalizedCard extends Card {
  /** ISO format 4 under the job's PIN encryption key, 32 hexadecimal digits. */
  pinBlock: string;
  pvv: string;
  /** For the magnetic stripe. */
  cvv: string;
  /** Printed on the card. */
  cvv2: string;
  /** For the chip. */
  icvv: string;
}

const PIN_BLOCK_FORMAT = 'ISO_FORMAT_4';
const PVKI = 1;
/** Service code with which an iCVV is computed. */
const ICVV_SERVICE_CODE = '999';

/** Attributes that distinguish the three card verification values. */
const attributesOf = ({ expiry, serviceCode }: Card) => ({
  cvv: { CardVerificationValue1: { CardExpiryDate: expiry, ServiceCode: serviceCode } },
  cvv2: { CardVerificationValue2: { CardExpiryDate: expiry } },
  icvv: { CardVerificationValue1: { CardExpiryDate: expiry, ServiceCode: ICVV_SERVICE_CODE } },
});

/** Generates a random 4-digit PIN and all values of a card in the service. */
export async function personalize({ dataPlane }: Service, keys: JobKeys, card: Card): Promise<PersonalizedCard> {
  const PrimaryAccountNumber = card.pan;
  const valueOf = async (name: 'cvv' | 'cvv2' | 'icvv') => {
    const GenerationAttributes = attributesOf(card)[name];
    const { ValidationData } = await dataPlane
      .generateCardValidationData({ KeyIdentifier: keys.cvk, PrimaryAccountNumber, GenerationAttributes })
      .promise();
    return ValidationData;
  };
  const [pin, cvv, cvv2, icvv] = await Promise.all([
    dataPlane
      .generatePinData({
        GenerationKeyIdentifier: keys.pvk,
        EncryptionKeyIdentifier: keys.pek,
        PrimaryAccountNumber,
        PinBlockFormat: PIN_BLOCK_FORMAT,
        GenerationAttributes: { VisaPin: { PinVerificationKeyIndex: PVKI } },
      })
      .promise(),
    valueOf('cvv'),
    valueOf('cvv2'),
    valueOf('icvv'),
  ]);
  return { ...card, pinBlock: pin.EncryptedPinBlock, pvv: pin.PinData.VerificationValue ?? '', cvv, cvv2, icvv };
}

/** Verifies all values of a card with the service. @throws VerificationFailedException if one is wrong */
export async function verifyCard({ dataPlane }: Service, keys: JobKeys, card: PersonalizedCard): Promise<void> {
  const PrimaryAccountNumber = card.pan;
  await dataPlane
    .verifyPinData({
      VerificationKeyIdentifier: keys.pvk,
      EncryptionKeyIdentifier: keys.pek,
      PrimaryAccountNumber,
      PinBlockFormat: PIN_BLOCK_FORMAT,
      EncryptedPinBlock: card.pinBlock,
      VerificationAttributes: { VisaPin: { PinVerificationKeyIndex: PVKI, VerificationValue: card.pvv } },
    })
    .promise();
  for (const name of ['cvv', 'cvv2', 'icvv'] as const) {
    const VerificationAttributes = attributesOf(card)[name];
    await dataPlane
      .verifyCardValidationData({
        KeyIdentifier: keys.cvk,
        PrimaryAccountNumber,
        VerificationAttributes,
        ValidationData: card[name],
      })
      .promise();
  }
}
