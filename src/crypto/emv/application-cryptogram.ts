import { padMethod2, xor } from '../bytes.js';
import { tdes } from '../des.js';
import { CryptoError } from '../errors.js';
import { requireBytes } from '../fields.js';
import { retailMac } from '../retail-mac.js';
import { requireEmvKey } from './key.js';

/**
 * Computes an application cryptogram (ARQC, TC, AAC): EMV 4.4 Book 2 section 8.1.2, the retail MAC over the transaction
 * data.
 *
 * @param sessionKey 16 bytes, from `applicationCryptogramKey`; the caller zeroizes it
 * @param data       transaction data as concatenated by the card, not empty. Only zeros are appended, up to a whole
 *                   block: for schemes that use padding method 2 (all but Visa's CVN 10), the caller pads the data
 *                   first
 * @returns 8 bytes
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function applicationCryptogram(sessionKey: Buffer, data: Buffer): Buffer {
  requireEmvKey(sessionKey);
  if (data.length === 0) throw new CryptoError('DATA_LENGTH', 'The transaction data must not be empty');
  return retailMac(sessionKey, data);
}

/**
 * Computes an authorisation response cryptogram by method 1: EMV 4.4 Book 2 section 8.2.1, TDES over ARQC XOR (ARC ||
 * 00..).
 *
 * @param key          16 bytes: the session key or the ICC master key, as `SESSION_KEY_SCHEMES` specifies
 * @param request.arqc 8 bytes
 * @param request.arc  authorisation response code, 2 bytes
 * @returns 8 bytes
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function arpcMethod1(key: Buffer, request: { arqc: Buffer; arc: Buffer }): Buffer {
  requireEmvKey(key);
  const arqc = requireBytes(request.arqc, 8, 'ARQC');
  const arc = requireBytes(request.arc, 2, 'authorisation response code');
  using cipher = tdes(key);
  return cipher.encrypt(xor(arqc, Buffer.concat([arc, Buffer.alloc(6)])));
}

/**
 * Computes an authorisation response cryptogram by method 2: EMV 4.4 Book 2 section 8.2.2, the retail MAC with padding
 * method 2 over ARQC || CSU || proprietary authentication data.
 *
 * @param key                 16 bytes: the session key or the ICC master key, as `SESSION_KEY_SCHEMES` specifies
 * @param request.arqc        8 bytes
 * @param request.csu         card status update, 4 bytes
 * @param request.proprietary proprietary authentication data, 0 to 8 bytes
 * @returns 4 bytes
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH
 */
export function arpcMethod2(key: Buffer, request: { arqc: Buffer; csu: Buffer; proprietary?: Buffer }): Buffer {
  requireEmvKey(key);
  const arqc = requireBytes(request.arqc, 8, 'ARQC');
  const csu = requireBytes(request.csu, 4, 'card status update');
  const proprietary = request.proprietary ?? Buffer.alloc(0);
  if (proprietary.length > 8)
    throw new CryptoError('DATA_LENGTH', 'The proprietary authentication data must be at most 8 bytes');
  return retailMac(key, padMethod2(Buffer.concat([arqc, csu, proprietary]), 8), 4);
}
