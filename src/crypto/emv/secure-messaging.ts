import { padMethod2 } from '../bytes.js';
import { tdes } from '../des.js';
import { CryptoError } from '../errors.js';
import { retailMac } from '../retail-mac.js';
import { lend, requireEmvKey } from './key.js';

/**
 * Computes the MAC of an issuer script command: EMV 4.4 Book 2 section 9.2, the retail MAC with padding method 2.
 *
 * @param sessionKey 16 bytes, from `secureMessagingKey` for integrity; the caller zeroizes it
 * @param message    MAC input as the scheme defines it: command header, ATC, cryptogram, enciphered data; unpadded
 * @param length     MAC bytes to return, 4 to 8, leftmost first
 * @throws CryptoError KEY_LENGTH, MAC_LENGTH
 */
export function scriptMac(sessionKey: Buffer, message: Buffer, length = 8): Buffer {
  requireEmvKey(sessionKey);
  if (length < 4) throw new CryptoError('MAC_LENGTH', 'The MAC of a script has 4 to 8 bytes');
  return retailMac(sessionKey, padMethod2(message, 8), length);
}

/** Encipherment parameters of script data, in AWS's terms. */
export interface ScriptEncipherment {
  mode: 'ECB' | 'CBC';
  padding: 'NO_PADDING' | 'ISO_IEC_7816_4';
  /** `FRONT_OF_PIN_BLOCK` prepends one byte with the number of data bytes. */
  lengthPosition: 'NONE' | 'FRONT_OF_PIN_BLOCK';
}

/**
 * Enciphers the confidential data of an issuer script command: EMV 4.4 Book 2 section 9.3, in ECB, or in CBC with an
 * initialization vector of zeros.
 *
 * @param sessionKey 16 bytes, from `secureMessagingKey` for confidentiality; the caller zeroizes it
 * @param data       whole blocks if `how` adds no padding; the caller zeroizes it
 * @throws CryptoError KEY_LENGTH, DATA_LENGTH, MODE
 */
export function encipherScriptData(sessionKey: Buffer, data: Buffer, how: ScriptEncipherment): Buffer {
  requireEmvKey(sessionKey);
  return lend(plaintext(data, how), (padded) => {
    using cipher = tdes(sessionKey);
    return how.mode === 'ECB' ? cipher.encrypt(padded) : cipher.encryptCbc(Buffer.alloc(8), padded);
  });
}

/** Copies the data, adding the requested length byte and padding. */
function plaintext(data: Buffer, { padding, lengthPosition }: ScriptEncipherment): Buffer {
  if (lengthPosition === 'NONE') return padding === 'NO_PADDING' ? Buffer.from(data) : padMethod2(data, 8);
  if (padding === 'NO_PADDING') throw new CryptoError('MODE', 'FRONT_OF_PIN_BLOCK needs ISO_IEC_7816_4 padding');
  if (data.length > 255) throw new CryptoError('DATA_LENGTH', 'Data with a length in front must be at most 255 bytes');
  return lend(Buffer.concat([Buffer.of(data.length), data]), (prefixed) => padMethod2(prefixed, 8));
}
