import type { z } from 'zod';
import type { HmacHash } from '../../crypto/hmac.js';
import type { MacAlgorithm } from '../fields.js';

/** Hash functions of the HMAC algorithms of KMS. */
export const MAC_HASHES: Readonly<Record<z.infer<typeof MacAlgorithm>, HmacHash>> = {
  HMAC_SHA_224: 'SHA224',
  HMAC_SHA_256: 'SHA256',
  HMAC_SHA_384: 'SHA384',
  HMAC_SHA_512: 'SHA512',
};
