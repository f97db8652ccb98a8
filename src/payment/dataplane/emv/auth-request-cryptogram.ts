import { equal } from '../../../crypto/bytes.js';
import { applicationCryptogram, arpcMethod1, arpcMethod2 } from '../../../crypto/emv/application-cryptogram.js';
import { iccMasterKey, type MajorKeyDerivation } from '../../../crypto/emv/icc-master-key.js';
import { lend } from '../../../crypto/emv/key.js';
import {
  applicationCryptogramKey,
  SESSION_KEY_SCHEMES,
  type SessionKeyScheme,
  type Transaction,
} from '../../../crypto/emv/session-key.js';
import type { SymmetricKey } from '../../../crypto/held-key.js';
import { VerificationFailedException } from '../../../errors/exceptions.js';
import { memberOf } from '../../../http/fields.js';
import type { CryptogramAuthResponse, SessionKeyDerivation } from './auth-request-cryptogram.schema.js';

/** Session key schemes of the crypto library by their names in SessionKeyDerivationAttributes. */
const SCHEMES: Record<keyof SessionKeyDerivation, SessionKeyScheme> = {
  EmvCommon: 'EMV_COMMON_SESSION_KEY',
  Mastercard: 'MASTERCARD_SESSION_KEY',
  Emv2000: 'EMV2000',
  Amex: 'AMEX',
  Visa: 'VISA',
  UnionPay: 'UNION_PAY',
};

export function transactionOf(majorKeyDerivation: MajorKeyDerivation, derivation: SessionKeyDerivation): Transaction {
  const { name, value } = memberOf(derivation);
  const attributes: TransactionAttributes = value;
  const { PrimaryAccountNumber: pan, PanSequenceNumber: psn } = attributes;
  const { ApplicationTransactionCounter: atc, UnpredictableNumber: un } = attributes;
  return {
    scheme: SCHEMES[name],
    card: { majorKeyDerivation, pan, psn },
    session: { atc: bytes(atc), un: bytes(un) },
  };
}

/** Attributes of all variants; optional ones occur in some variants only. */
interface TransactionAttributes {
  PrimaryAccountNumber: string;
  PanSequenceNumber: string;
  ApplicationTransactionCounter?: string;
  UnpredictableNumber?: string;
}

function bytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'hex');
}

/**
 * Derives the keys of a transaction, lends them to one computation and zeroizes them.
 *
 * @param imk     issuer master key for application cryptograms, 16 bytes; the caller zeroizes it
 * @param compute receives the application cryptogram key and the ARPC key
 */
export function withTransactionKeys<T>(
  imk: SymmetricKey,
  { scheme, card, session }: Transaction,
  compute: (sessionKey: Buffer, arpcKey: Buffer) => T,
): T {
  return lend(iccMasterKey(imk, card), (iccKey) =>
    lend(applicationCryptogramKey(scheme, iccKey, session), (sessionKey) =>
      compute(sessionKey, SESSION_KEY_SCHEMES[scheme].arpc === 'SESSION' ? sessionKey : iccKey),
    ),
  );
}

/** Verifies an application cryptogram. @throws VerificationFailedException */
export function requireCryptogram(sessionKey: Buffer, data: Buffer, claimed: Buffer): void {
  if (!equal(applicationCryptogram(sessionKey, data), claimed))
    throw new VerificationFailedException(
      'Authorization request cryptogram verification failed.',
      'INVALID_AUTH_REQUEST_CRYPTOGRAM',
    );
}

/** Computes the ARPC, EMV 4.4 Book 2 section 8.2: 8 bytes by method 1, 4 bytes by method 2. */
export function arpc(key: Buffer, arqc: Buffer, response: CryptogramAuthResponse): Buffer {
  const { name, value } = memberOf(response);
  if (name === 'ArpcMethod1') return arpcMethod1(key, { arqc, arc: Buffer.from(value.AuthResponseCode, 'hex') });
  const csu = Buffer.from(value.CardStatusUpdate, 'hex');
  return arpcMethod2(key, { arqc, csu, proprietary: bytes(value.ProprietaryAuthenticationData) });
}
