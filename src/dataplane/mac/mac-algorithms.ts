import { aes } from '../../crypto/aes.js';
import { cbcMac } from '../../crypto/cbc-mac.js';
import { cmac } from '../../crypto/cmac.js';
import { tdes } from '../../crypto/des.js';
import { hmac, HMAC_BYTES } from '../../crypto/hmac.js';
import { retailMac } from '../../crypto/retail-mac.js';
import { ValidationException } from '../../errors/exceptions.js';
import type { KeyAlgorithm } from '../../keys/key-attributes.js';
import type { KeyRequirement } from '../../keys/key.repository.js';
import { hashOf } from '../../provider/key-material.js';
import type { MacAlgorithm, MacAttributes } from './mac.schema.js';

/** A MAC over messages of any length, by a key of one usage. */
export interface MacScheme {
  needs: Omit<KeyRequirement, 'mode'>;
  /** Bytes of the whole MAC. */
  wholeBytes: (algorithm: KeyAlgorithm) => number;
  /** Bytes of MAC where the caller asks for no length. */
  defaultBytes: (algorithm: KeyAlgorithm) => number;
  /** Fewest bytes of message. */
  shortestMessage: number;
  mac: (clear: Buffer, message: Buffer, length: number, algorithm: KeyAlgorithm) => Buffer;
}

const TDES = ['TDES_2KEY', 'TDES_3KEY'] as const;
const HMACS = ['HMAC_SHA224', 'HMAC_SHA256', 'HMAC_SHA384', 'HMAC_SHA512'] as const;

const isTdes = (algorithm: KeyAlgorithm) => algorithm.startsWith('TDES');
const blockBytes = (algorithm: KeyAlgorithm) => (isTdes(algorithm) ? 8 : 16);

const hmacWith = (...algorithms: (typeof HMACS)[number][]): MacScheme => ({
  needs: { usages: ['TR31_M7_HMAC_KEY'], algorithms },
  wholeBytes: (algorithm) => HMAC_BYTES[hashOf(algorithm)],
  defaultBytes: (algorithm) => HMAC_BYTES[hashOf(algorithm)],
  shortestMessage: 1,
  mac: (clear, message, length, algorithm) => hmac(hashOf(algorithm), clear, message, length),
});

const MAC_SCHEMES: Record<MacAlgorithm, MacScheme> = {
  ISO9797_ALGORITHM1: {
    needs: { usages: ['TR31_M1_ISO_9797_1_MAC_KEY'], algorithms: TDES },
    wholeBytes: () => 8,
    defaultBytes: () => 4,
    shortestMessage: 1,
    mac: cbcMac,
  },
  ISO9797_ALGORITHM3: {
    needs: { usages: ['TR31_M3_ISO_9797_3_MAC_KEY'], algorithms: TDES },
    wholeBytes: () => 8,
    defaultBytes: () => 4,
    shortestMessage: 1,
    mac: retailMac,
  },
  CMAC: {
    needs: {
      usages: ['TR31_M6_ISO_9797_5_CMAC_KEY'],
      algorithms: [...TDES, 'AES_128', 'AES_192', 'AES_256'],
    },
    wholeBytes: blockBytes,
    defaultBytes: blockBytes,
    shortestMessage: 8,
    mac: (clear, message, length, algorithm) => {
      using cipher = isTdes(algorithm) ? tdes(clear) : aes(clear);
      return cmac(cipher, message, length);
    },
  },
  HMAC: hmacWith(...HMACS),
  HMAC_SHA224: hmacWith('HMAC_SHA224'),
  HMAC_SHA256: hmacWith('HMAC_SHA256'),
  HMAC_SHA384: hmacWith('HMAC_SHA384'),
  HMAC_SHA512: hmacWith('HMAC_SHA512'),
  // AS 2805.4.1: the retail MAC again, with four bytes of result.
  AS2805_4_1: {
    needs: { usages: ['TR31_M0_ISO_16609_MAC_KEY'], algorithms: TDES },
    wholeBytes: () => 8,
    defaultBytes: () => 4,
    shortestMessage: 1,
    mac: retailMac,
  },
};

/** @throws ValidationException for the variants that this version doesn't serve */
export function macScheme({ Algorithm, ...others }: MacAttributes): MacScheme {
  if (Algorithm === undefined)
    throw new ValidationException(
      `${Object.keys(others).join()} is not served by this version of Keyblock: use Algorithm.`,
    );
  return MAC_SCHEMES[Algorithm];
}

/** @throws ValidationException for a message too short for the algorithm */
export function checkMessage({ shortestMessage }: MacScheme, message: Buffer): void {
  if (message.length < shortestMessage)
    throw new ValidationException(`MessageData must be at least ${shortestMessage} bytes for this algorithm.`);
}
