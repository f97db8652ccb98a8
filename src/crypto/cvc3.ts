import { padMethod2 } from './bytes.js';
import { requireValueLength } from './cvv.js';
import { tdes } from './des.js';
import { requireEmvKey } from './emv/key.js';
import { CryptoError } from './errors.js';
import { requireBytes } from './fields.js';
import type { SymmetricKey } from './held-key.js';
import { retailMac } from './retail-mac.js';

/**
 * Computes a Mastercard dynamic CVC3 (AWS: dynamic card verification code) for mag-stripe mode, EMV Contactless Book
 * C-2: the last two bytes of TDES over IVCVC3 || UN || ATC, read as a decimal number.
 *
 * @param iccKey         ICC derived key for CVC3, 16 bytes, from `iccMasterKey`; the caller zeroizes it
 * @param data.trackData static track data, as for `ivcvc3`
 * @param data.un        unpredictable number, 4 bytes
 * @param data.atc       application transaction counter, 2 bytes
 * @param length         digits to return, 3 to 5: the rightmost of the five decimal digits that 16 bits can hold
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function cvc3(iccKey: SymmetricKey, data: { trackData: Buffer; un: Buffer; atc: Buffer }, length = 3): string {
  requireValueLength(length);
  const un = requireBytes(data.un, 4, 'unpredictable number');
  const atc = requireBytes(data.atc, 2, 'application transaction counter');
  const iv = ivcvc3(iccKey, data.trackData);
  using cipher = tdes(iccKey);
  const checksum = cipher.encrypt(Buffer.concat([iv, un, atc])).readUInt16BE(6);
  return checksum.toString().padStart(5, '0').slice(-length);
}

/**
 * Computes IVCVC3, which the card stores: the last two bytes of the retail MAC (padding method 2) over the track data.
 *
 * @param iccKey    16 bytes; the caller zeroizes it
 * @param trackData track 1 as characters or track 2 as digits, with the dynamic positions as stored on the card; not
 *                  empty
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function ivcvc3(iccKey: SymmetricKey, trackData: Buffer): Buffer {
  requireEmvKey(iccKey);
  if (trackData.length === 0) throw new CryptoError('DATA_LENGTH', 'The track data must not be empty');
  return retailMac(iccKey, padMethod2(trackData, 8)).subarray(6);
}
