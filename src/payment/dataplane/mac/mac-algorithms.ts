import { aes } from '../../../crypto/aes.js';
import { equal } from '../../../crypto/bytes.js';
import { cbcMac } from '../../../crypto/cbc-mac.js';
import { cmac } from '../../../crypto/cmac.js';
import { tdes } from '../../../crypto/des.js';
import { iccMasterKey } from '../../../crypto/emv/icc-master-key.js';
import { lend } from '../../../crypto/emv/key.js';
import { secureMessagingKey } from '../../../crypto/emv/session-key.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { hmac, HMAC_BYTES } from '../../../crypto/hmac.js';
import { retailMac } from '../../../crypto/retail-mac.js';
import { ValidationException, VerificationFailedException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import { isTdes, type KeyAlgorithm } from '../../keys/key-attributes.js';
import { hashOf } from '../../keys/key-material.js';
import { dukptKey } from '../dukpt.js';
import type { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { derivedKey, type WorkingKey } from '../keys/working-keys.js';
import type { MacAlgorithm, MacAlgorithmDukpt, MacAlgorithmEmv, MacAttributes } from './mac.schema.js';

/** MAC algorithm, with its limits. */
export interface MacScheme {
  /** Length of the whole MAC in bytes. */
  wholeBytes: (algorithm: KeyAlgorithm) => number;
  /** Length in bytes if the request has no MacLength. */
  defaultBytes: (algorithm: KeyAlgorithm) => number;
  /** Minimum length of the message in bytes. */
  shortestMessage: number;
  /** If the message is not padded, its length must be a multiple of this block length in bytes. */
  messageBlock?: 8;
  /** @param iv chaining value of the blocks before `message`, if this is the end of a longer message */
  mac: (key: SymmetricKey, message: Buffer, length: number, algorithm: KeyAlgorithm, iv?: Buffer) => Buffer;
}

/** MAC that a request specifies. */
export interface Mac {
  /** Variant in KEY_ARGUMENTS. */
  variant: keyof (typeof KEY_ARGUMENTS)['GenerateMac']['KeyIdentifier'];
  scheme: MacScheme;
  /** Derives the MAC key from the key that the request names. @throws ValidationException if it can't be derived */
  macKey: (key: WorkingKey) => WorkingKey;
}

/** Block length in bytes of the cipher of an algorithm. */
export const blockBytes = (algorithm: KeyAlgorithm) => (isTdes(algorithm) ? 8 : 16);

const CBC_MAC: MacScheme = {
  wholeBytes: () => 8,
  defaultBytes: () => 4,
  shortestMessage: 1,
  mac: (key, message, length, _algorithm, iv) => cbcMac(key, message, length, iv),
};
const RETAIL_MAC: MacScheme = {
  ...CBC_MAC,
  mac: (key, message, length, _algorithm, iv) => retailMac(key, message, length, iv),
};
const CMAC: MacScheme = {
  wholeBytes: blockBytes,
  defaultBytes: blockBytes,
  shortestMessage: 8,
  mac: (key, message, length, algorithm, iv) => {
    using cipher = isTdes(algorithm) ? tdes(key) : aes(key);
    return cmac(cipher, message, length, iv);
  },
};
const HMAC: MacScheme = {
  wholeBytes: (algorithm) => HMAC_BYTES[hashOf(algorithm)],
  defaultBytes: (algorithm) => HMAC_BYTES[hashOf(algorithm)],
  shortestMessage: 1,
  mac: (key, message, length, algorithm) => hmac(hashOf(algorithm), key, message, length),
};

const MAC_SCHEMES: Record<MacAlgorithm, MacScheme> = {
  ISO9797_ALGORITHM1: CBC_MAC,
  ISO9797_ALGORITHM3: RETAIL_MAC,
  CMAC,
  HMAC,
  HMAC_SHA224: HMAC,
  HMAC_SHA256: HMAC,
  HMAC_SHA384: HMAC,
  HMAC_SHA512: HMAC,
  // AS 2805.4.1 is the retail MAC, with a result of 4 bytes.
  AS2805_4_1: RETAIL_MAC,
};

/** With DUKPT, AWS requires messages of at least 8 bytes and, for ISO 9797-1, expects the caller to pad them. */
const DUKPT_SCHEMES = {
  DukptIso9797Algorithm1: { ...CBC_MAC, shortestMessage: 8, messageBlock: 8 },
  DukptIso9797Algorithm3: { ...RETAIL_MAC, shortestMessage: 8, messageBlock: 8 },
  DukptCmac: CMAC,
} satisfies Record<string, MacScheme>;

export function macOf(attributes: MacAttributes): Mac {
  const { name, value } = memberOf(attributes);
  switch (name) {
    case 'Algorithm':
      return { variant: value, scheme: MAC_SCHEMES[value], macKey: (key) => key };
    case 'EmvMac':
      return { variant: name, scheme: RETAIL_MAC, macKey: (imk) => scriptKey(imk, value) };
    default:
      return { variant: name, scheme: DUKPT_SCHEMES[name], macKey: (bdk) => transactionKey(bdk, name, value) };
  }
}

/** Checks the length of a message. @throws ValidationException */
export function checkMessage({ shortestMessage, messageBlock }: MacScheme, message: Buffer): void {
  if (message.length < shortestMessage)
    throw new ValidationException(`MessageData must be at least ${shortestMessage} bytes for this algorithm.`);
  if (messageBlock !== undefined && message.length % messageBlock !== 0)
    throw new ValidationException(
      `MessageData must be a multiple of ${messageBlock} bytes for this algorithm: pad it yourself.`,
    );
}

/** Verifies the MAC of a message. @throws VerificationFailedException */
export function requireMac(scheme: MacScheme, key: WorkingKey, message: Buffer, claimed: Buffer, iv?: Buffer): void {
  const valid = key.use((clear) => equal(scheme.mac(clear, message, claimed.length, key.algorithm, iv), claimed));
  if (!valid) throw new VerificationFailedException('Mac verification failed.', 'INVALID_MAC');
}

/** Derives the session key for the integrity of a card's issuer scripts: EMV 4.4 Book 2 section 9.2. */
function scriptKey(imk: WorkingKey, attributes: MacAlgorithmEmv): WorkingKey {
  const { SessionKeyDerivationMode: mode, SessionKeyDerivationValue: given } = attributes;
  const needed = SESSION_KEY_DERIVATION_VALUES[mode];
  const value = given[needed];
  if (value === undefined)
    throw new ValidationException(`SessionKeyDerivationValue must be ${needed} for SessionKeyDerivationMode ${mode}.`);
  const { MajorKeyDerivationMode: majorKeyDerivation, PrimaryAccountNumber: pan, PanSequenceNumber: psn } = attributes;
  const r = Buffer.from(value, 'hex');
  return derivedKey(imk, 'TDES_2KEY', (clear) =>
    lend(iccMasterKey(clear, { majorKeyDerivation, pan, psn }), (iccKey) =>
      secureMessagingKey(mode, iccKey, needed === 'ApplicationCryptogram' ? { applicationCryptogram: r } : { atc: r }),
    ),
  );
}

/** Input from which each scheme derives the session keys of issuer scripts. */
const SESSION_KEY_DERIVATION_VALUES = {
  EMV_COMMON_SESSION_KEY: 'ApplicationCryptogram',
  MASTERCARD_SESSION_KEY: 'ApplicationCryptogram',
  EMV2000: 'ApplicationTransactionCounter',
  AMEX: 'ApplicationTransactionCounter',
  VISA: 'ApplicationTransactionCounter',
  UNION_PAY: 'ApplicationTransactionCounter',
} as const;

function transactionKey(
  bdk: WorkingKey,
  variant: keyof typeof DUKPT_SCHEMES,
  { KeySerialNumber: ksn, DukptKeyVariant, DukptDerivationType }: MacAlgorithmDukpt,
): WorkingKey {
  const key = dukptKey(bdk, 'MAC', { ksn, variant: DukptKeyVariant, keyType: DukptDerivationType });
  if (variant !== 'DukptCmac' && !isTdes(key.algorithm))
    throw new ValidationException(
      `${variant} needs a TDES key, not ${key.algorithm}: DukptDerivationType must be TDES_2KEY or TDES_3KEY.`,
    );
  return key;
}
