import { equal } from '../../../crypto/bytes.js';
import { cscVersion1, cscVersion2 } from '../../../crypto/csc.js';
import { cvc3 } from '../../../crypto/cvc3.js';
import { cvv, CVV2_SERVICE_CODE } from '../../../crypto/cvv.js';
import { cardholderVerificationValue, dcvv, discoverDcvc } from '../../../crypto/dcvv.js';
import { iccMasterKey } from '../../../crypto/emv/icc-master-key.js';
import { lend } from '../../../crypto/emv/key.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { VerificationFailedException } from '../../../errors/exceptions.js';
import type { MemberOf } from '../../../http/fields.js';
import type { WorkingKey } from '../keys/working-keys.js';
import type { CardVerificationAttributes } from './card-validation.schema.js';

type Attributes = Required<CardVerificationAttributes>;

/** Computes a value of `length` digits for one card with the key that the request names. */
export type CardValue = (key: SymmetricKey, pan: string, length: number) => string;

/** Algorithms by variant of the request. `docs/crypto.md` names those that the card schemes don't publish. */
const CARD_VALUES: { [V in keyof Attributes]: (attributes: Attributes[V]) => CardValue } = {
  AmexCardSecurityCodeVersion1:
    ({ CardExpiryDate: expiry }) =>
    (csck, pan, length) =>
      cscVersion1(csck, { pan, expiry }, length),
  AmexCardSecurityCodeVersion2:
    ({ CardExpiryDate: expiry, ServiceCode: serviceCode }) =>
    (csck, pan, length) =>
      cscVersion2(csck, { pan, expiry, serviceCode }, length),
  CardVerificationValue1:
    ({ CardExpiryDate: expiry, ServiceCode: serviceCode }) =>
    (cvk, pan, length) =>
      cvv(cvk, { pan, expiry, serviceCode }, length),
  CardVerificationValue2:
    ({ CardExpiryDate: expiry }) =>
    (cvk, pan, length) =>
      cvv(cvk, { pan, expiry, serviceCode: CVV2_SERVICE_CODE }, length),
  CardHolderVerificationValue: (attributes) =>
    withCardKey(attributes.PanSequenceNumber, (iccKey, pan, length) =>
      cardholderVerificationValue(iccKey, { pan, un: unOf(attributes), atc: atcOf(attributes) }, length),
    ),
  DynamicCardVerificationCode: (attributes) =>
    withCardKey(attributes.PanSequenceNumber, (iccKey, _pan, length) => {
      const trackData = Buffer.from(attributes.TrackData, 'hex');
      return cvc3(iccKey, { trackData, un: unOf(attributes), atc: atcOf(attributes) }, length);
    }),
  DynamicCardVerificationValue: (attributes) =>
    withCardKey(attributes.PanSequenceNumber, (iccKey, pan, length) => {
      const { CardExpiryDate: expiry, ServiceCode: serviceCode } = attributes;
      return dcvv(iccKey, { pan, expiry, serviceCode, atc: atcOf(attributes) }, length);
    }),
  DiscoverDynamicCardVerificationCode: (attributes) =>
    withCardKey('00', (iccKey, pan, length) => {
      const { CardExpiryDate: expiry } = attributes;
      return discoverDcvc(iccKey, { pan, expiry, un: unOf(attributes), atc: atcOf(attributes) }, length);
    }),
};

/** Returns the algorithm that a request selects. */
export function cardValue<V extends keyof Attributes>({ name, value }: MemberOf<Attributes, V>): CardValue {
  return CARD_VALUES[name](value);
}

/** Returns true if a value is right. */
export function isCardValue(key: WorkingKey, value: CardValue, pan: string, claimed: Buffer): boolean {
  return key.use((clear) => equal(Buffer.from(value(clear, pan, claimed.length)), claimed));
}

/** Verifies a value. @throws VerificationFailedException */
export function requireCardValue(key: WorkingKey, value: CardValue, pan: string, claimed: Buffer): void {
  if (!isCardValue(key, value, pan, claimed))
    throw new VerificationFailedException('Card validation data verification failed.', 'INVALID_VALIDATION_DATA');
}

/** Computes a value under the card key, which AWS derives by EMV option A. */
function withCardKey(psn: string, compute: CardValue): CardValue {
  return (imk, pan, length) =>
    lend(iccMasterKey(imk, { majorKeyDerivation: 'EMV_OPTION_A', pan, psn }), (iccKey) => compute(iccKey, pan, length));
}

function unOf({ UnpredictableNumber: un }: { UnpredictableNumber: string }): Buffer {
  return Buffer.from(un.padStart(8, '0'), 'hex');
}

function atcOf({ ApplicationTransactionCounter: atc }: { ApplicationTransactionCounter: string }): Buffer {
  return Buffer.from(atc.padStart(4, '0'), 'hex');
}
