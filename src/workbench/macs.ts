import { aes } from '../crypto/aes.js';
import { padMethod1, padMethod2 } from '../crypto/bytes.js';
import { cbcMac } from '../crypto/cbc-mac.js';
import { cmac } from '../crypto/cmac.js';
import { tdes } from '../crypto/des.js';
import { CryptoError } from '../crypto/errors.js';
import { hmac, type HmacHash } from '../crypto/hmac.js';
import { retailMac } from '../crypto/retail-mac.js';

/** A MAC algorithm of the calculators. */
interface Algorithm {
  /** True for those of ISO 9797-1, which have a choice of padding methods. */
  readonly pads: boolean;
  /** Returns the MAC with all its bytes. */
  readonly mac: (key: Buffer, data: Buffer) => Buffer;
}

const hmacOf = (hash: HmacHash): Algorithm => ({ pads: false, mac: (key, data) => hmac(hash, key, data) });

/** The algorithms, the usual ones first. */
export const MAC_ALGORITHMS = {
  ISO9797_ALGORITHM1: { pads: true, mac: (key, data) => cbcMac(key, data) },
  ISO9797_ALGORITHM3: { pads: true, mac: (key, data) => retailMac(key, data) },
  CMAC_TDES: { pads: false, mac: tdesCmac },
  CMAC_AES: { pads: false, mac: aesCmac },
  HMAC_SHA224: hmacOf('SHA224'),
  HMAC_SHA256: hmacOf('SHA256'),
  HMAC_SHA384: hmacOf('SHA384'),
  HMAC_SHA512: hmacOf('SHA512'),
} as const satisfies Record<string, Algorithm>;
export type MacAlgorithmName = keyof typeof MAC_ALGORITHMS;

export const MAC_NAMES = Object.keys(MAC_ALGORITHMS) as MacAlgorithmName[];

/** A MAC with the data that it covers. */
export interface MacWay {
  readonly algorithm: MacAlgorithmName;
  /** Padding method of ISO/IEC 9797-1; absent for algorithms that pad by themselves. */
  readonly padding?: 1 | 2;
  /** The data with its padding. */
  readonly padded: Buffer;
  /** All bytes of the MAC. */
  readonly mac: Buffer;
}

/**
 * Computes a MAC.
 *
 * @param key     16 or 24 bytes for TDES, 16 to 32 for AES, any length for HMAC; the caller zeroizes it
 * @param padding has no effect on algorithms that pad by themselves
 * @throws CryptoError KEY_LENGTH
 */
export function macOf(algorithm: MacAlgorithmName, key: Buffer, data: Buffer, padding: 1 | 2): MacWay {
  const { pads, mac } = MAC_ALGORITHMS[algorithm];
  const padded = paddedMessage(algorithm, data, padding);
  return { algorithm, ...(pads && { padding }), padded, mac: mac(key, padded) };
}

/** Pads data for an algorithm. @param padding has no effect on algorithms that pad by themselves */
export function paddedMessage(algorithm: MacAlgorithmName, data: Buffer, padding: 1 | 2): Buffer {
  if (!MAC_ALGORITHMS[algorithm].pads) return data;
  return padding === 2 ? padMethod2(data, 8) : padMethod1(data, 8);
}

/** Computes the MACs of data by every algorithm that allows the length of the key, with both paddings. */
export function macWays(key: Buffer, data: Buffer): MacWay[] {
  return MAC_NAMES.flatMap((algorithm) => {
    const paddings = MAC_ALGORITHMS[algorithm].pads ? ([1, 2] as const) : ([1] as const);
    try {
      return paddings.map((padding) => macOf(algorithm, key, data, padding));
    } catch (error) {
      if (error instanceof CryptoError && error.code === 'KEY_LENGTH') return [];
      throw error;
    }
  });
}

function tdesCmac(key: Buffer, data: Buffer): Buffer {
  using cipher = tdes(key);
  return cmac(cipher, data);
}

function aesCmac(key: Buffer, data: Buffer): Buffer {
  using cipher = aes(key);
  return cmac(cipher, data);
}
