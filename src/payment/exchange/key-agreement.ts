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

/** One key agreement as a call asks for it. */
export interface Agreement {
  /** Our key pair, of usage K3. */
  pairIdentifier: string;
  /** The peer's certificate, as it was sent, and the imported authority that issued it. */
  certificate: string;
  authorityIdentifier: string;
  kdf: EcdhKdf;
  hash: EcdhHash;
  /** Hexadecimal. */
  sharedInformation: string;
  algorithm: SymmetricKeyAlgorithm;
}

/** A key agreed on. It is derived when it is lent, and never kept. */
export interface AgreedKey {
  algorithm: BlockCipherAlgorithm;
  /** What a key under it travels under: the curve and the derived key. */
  protections: readonly Protection[];
  /** Our key pair. */
  pair: Key;
  /**
   * Derives the key, lends it for one computation and zeroizes it.
   *
   * @throws CryptoError KEY_TYPE for a peer on another curve
   */
  use: <T>(compute: (clear: Buffer) => Synchronous<T>) => T;
}

const DERIVED_BY_ANY_PAIR: readonly DeriveKeyUsage[] = [
  'TR31_K0_KEY_ENCRYPTION_KEY',
  'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
  'TR31_P0_PIN_ENCRYPTION_KEY',
];

/** Keys that the caller's partner and we derive by ECDH. None is stored. */
@Injectable()
export class KeyAgreement {
  constructor(
    private readonly keys: KeyRepository,
    private readonly authorities: TrustedAuthorities,
    private readonly provider: CryptoProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks that both sides may agree on a key.
   *
   * @param usages that the derived key may have; a pair with another DeriveKeyUsage is refused. One without derives what AWS's
   *   published clients derive with such a pair, but no data key: it would read the PIN blocks that it makes as a PIN key
   * @throws ValidationException, ResourceNotFoundException, AccessDeniedException; CryptoError for the certificate
   */
  async agree(call: Call, agreement: Agreement, usages: readonly DeriveKeyUsage[]): Promise<AgreedKey> {
    const algorithm = derivable(agreement.algorithm);
    const pair = await this.keys.getFor(
      call,
      {
        usages: ['TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT'],
        algorithms: ECC_KEY_ALGORITHMS,
        modes: ['DeriveKey'],
        unrestricted: false,
      },
      agreement.pairIdentifier,
    );
    const fit = pair.deriveKeyUsage === null ? DERIVED_BY_ANY_PAIR : [pair.deriveKeyUsage];
    if (!fit.some((usage) => usages.includes(usage)))
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

/** HMAC keys can be named but nothing takes one. */
function derivable(algorithm: SymmetricKeyAlgorithm): BlockCipherAlgorithm {
  if (algorithm in BLOCK_CIPHER_BYTES) return algorithm as BlockCipherAlgorithm;
  throw new ValidationException(
    `A key of ${algorithm} can't be derived: use ${Object.keys(BLOCK_CIPHER_BYTES).join(', ')}.`,
  );
}
