import { publicKeyOf } from '../rsa.js';
import { encode, integer, sequence, TAG } from '../asn1.js';
import { distinguishedName, type NameAttribute } from './distinguished-name.js';
import { signed, type SignatureHash } from './signature.js';

/**
 * Creates a certification request: PKCS #10, RFC 2986, without attributes.
 *
 * @param subject    subject attributes, encoded in this order
 * @param privateKey private key of the pair to certify, PKCS#8 in DER; signs with RSASSA-PKCS1-v1_5 or ECDSA; the
 *                   caller zeroizes it
 * @returns DER
 * @throws CryptoError CERTIFICATE
 */
export function certificationRequest({
  subject,
  privateKey,
  hash,
}: {
  subject: readonly NameAttribute[];
  privateKey: Buffer;
  hash: SignatureHash;
}): Buffer {
  return signed({ privateKey, hash }, () =>
    sequence(integer(0), distinguishedName(subject), publicKeyOf(privateKey), encode(TAG.CONSTRUCTED_0)),
  );
}
