import type { Card } from '../../../crypto/emv/icc-master-key.js';
import { PIN_CHANGE_PROFILES, type PinChangeProfile } from '../../../crypto/emv/pin-change.js';
import type { SessionData } from '../../../crypto/emv/session-key.js';
import { memberOf } from '../../../http/fields.js';
import type { DerivationMethodAttributes } from './pin-change.schema.js';

type Attributes = Required<DerivationMethodAttributes>;

/** PIN change that a request specifies. */
export interface PinChangeRequest {
  profile: PinChangeProfile;
  card: Card;
  session: SessionData;
  /** Further input for the VIS PIN block, besides the new PIN. */
  vis?: Pick<Attributes['Visa'], 'AuthorizationRequestKeyIdentifier' | 'CurrentPinAttributes'>;
}

export function pinChangeRequest(attributes: DerivationMethodAttributes): PinChangeRequest {
  const { name, value } = memberOf(attributes);
  const { MajorKeyDerivationMode: majorKeyDerivation, PrimaryAccountNumber: pan, PanSequenceNumber: psn } = value;
  const session =
    'ApplicationCryptogram' in value
      ? { applicationCryptogram: Buffer.from(value.ApplicationCryptogram, 'hex') }
      : { atc: Buffer.from(value.ApplicationTransactionCounter, 'hex') };
  return {
    profile: name === 'EmvCommon' ? emvCommon(value) : PROFILES[name],
    card: { majorKeyDerivation, pan, psn },
    session,
    vis: name === 'Visa' || name === 'Amex' ? value : undefined,
  };
}

const PROFILES = {
  Amex: PIN_CHANGE_PROFILES.AMEX,
  Visa: PIN_CHANGE_PROFILES.VISA,
  Emv2000: PIN_CHANGE_PROFILES.EMV2000,
  Mastercard: PIN_CHANGE_PROFILES.MASTERCARD,
};

/** Returns the profile for the EMV common session key, with which the caller chooses the encipherment. */
function emvCommon({ Mode, PinBlockPaddingType, PinBlockLengthPosition }: Attributes['EmvCommon']): PinChangeProfile {
  return {
    sessionKey: 'EMV_COMMON_SESSION_KEY',
    pinBlock: 'ISO_FORMAT_2',
    encipherment: { mode: Mode, padding: PinBlockPaddingType, lengthPosition: PinBlockLengthPosition },
  };
}
