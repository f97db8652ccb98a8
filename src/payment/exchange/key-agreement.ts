import { Injectable } from '@nestjs/common';
import type { Call } from '../../call.js';
import { Clock } from '../../clock.js';
import { ecdhKey, type EcdhHash, type EcdhKdf } from '../../crypto/ecdh.js';
import { verifyCertificate } from '../../crypto/x509/certificate.js';
import { ValidationException } from '../../errors/exceptions.js';
import {
  BLOCK_CIPHER_BYTES,
  type BlockCipherAlgorithm,
  type DeriveKeyUsage,
  ECC_KEY_ALGORITHMS,
  type SymmetricKeyAlgorithm,
} from '../keys/key-attributes.js';
import type { Key } from '../keys/key.entity.js';
import { KeyRepository } from '../keys/key.repository.js';
import { CryptoProvider, type Synchronous } from '../../provider/crypto-provider.js';
import { certificateOf } from './certificate-text.js';
import type { Protection } from './strength.js';
import { TrustedAuthorities } from './trusted-authorities.js';

/** Parameters of one key agreement, as in the request. */
export interface Agreement {
  /** Identifier of the stored key pair, usage K3. */
  pairIdentifier: string;
  /** Peer's certificate, in PEM or in base64 of PEM. */
  certificate: string;
  /** Identifier of the imported certificate authority that issued it. */
  authorityIdentifier: string;
  kdf: EcdhKdf;
  hash: EcdhHash;
  /** Hexadecimal. */
  sharedInformation: string;
  algorithm: SymmetricKeyAlgorithm;
}

/** Key derived by ECDH. It is derived again for each use and never stored. */
export interface AgreedKey {
  algorithm: BlockCipherAlgorithm;
  /** Protections of a key that is wrapped under the derived key: the curve and the derived key itself. */
  protections: readonly Protection[];
  /** Stored key pair. */
  pair: Key;
  /**
   * Derives the key, lends it to one computation and zeroizes it.
   *
   * @throws CryptoError KEY_TYPE if the peer's key is on another curve
   */
  use: <T>(compute: (clear: Buffer) => Synchronous<T>) => T;
}

/** Usages that a key pair without DeriveKeyUsage may derive. */
const DERIVED_BY_ANY_PAIR: readonly DeriveKeyUsage[] = [
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
  'TR31_P0_PIN_ENCRYPTION_KEY',
];

/** Derives the keys that the service and the caller's partner agree on by ECDH. */
@Injectable()
export class KeyAgreement {
  constructor(
    private readonly keys: KeyRepository,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks the key pair, the peer's certificate and its issuer, and returns the agreed key.
   *
   * A key pair without DeriveKeyUsage may derive the usages that AWS's sample clients derive, but never a data key:
   * with one, a caller could decrypt the PIN blocks made under the same derived key.
   *
   * @param usages usages that the derived key may have; a key pair with another DeriveKeyUsage is refused
   * @throws ValidationException, ResourceNotFoundException, AccessDeniedException; CryptoError for an invalid
   *   certificate
   */
  async agree(call: Call, agreement: Agreement, usages: readonly DeriveKeyUsage[]): Promise<AgreedKey> {
    const algorithm = requireBlockCipher(agreement.algorithm);
    const pair = await this.keys.getFor(
      call,
      {
        usages: ['TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT'],
        algorithms: ECC_KEY_ALGORITHMS,
        modes: ['DeriveKey'],
      },
      agreement.pairIdentifier,
    );
    const pairUsages = pair.deriveKeyUsage === null ? DERIVED_BY_ANY_PAIR : [pair.deriveKeyUsage];
    if (!pairUsages.some((usage) => usages.includes(usage)))
      throw new ValidationException(`DeriveKeyUsage of the input key ${pair.arn} is invalid for the operation.`);
    const { certificate: issuer } = await this.authorities.get(call, agreement.authorityIdentifier);
    const peer = certificateOf(agreement.certificate);
    verifyCertificate(peer, { issuer, time: this.clock.now() });

    const derivation = {
      kdf: agreement.kdf,
      hash: agreement.hash,
      sharedInfo: Buffer.from(agreement.sharedInformation, 'hex'),
      length: BLOCK_CIPHER_BYTES[algorithm],
    };
    const derive = (privateKey: Buffer) => ecdhKey({ privateKey, peerPublicKey: peer.publicKey }, derivation);
    return {
      algorithm,
      protections: [{ curveBits: peer.keyBits }, { kek: algorithm }],
      pair,
      use: (compute) => {
        const clear = this.provider.use(pair, derive);
        try {
          return compute(clear);
        } finally {
          clear.fill(0);
        }
      },
    };
  }
}

/** Rejects HMAC algorithms: the model has them, but no operation uses a derived HMAC key. */
function requireBlockCipher(algorithm: SymmetricKeyAlgorithm): BlockCipherAlgorithm {
  if (algorithm in BLOCK_CIPHER_BYTES) return algorithm as BlockCipherAlgorithm;
  throw new ValidationException(
    `A key of ${algorithm} can't be derived: use ${Object.keys(BLOCK_CIPHER_BYTES).join(', ')}.`,
  );
}
