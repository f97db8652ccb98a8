import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { CryptoError } from '../../crypto/errors.js';
import {
  type GivenMessage,
  requireMessage,
  SIGNING_SCHEMES,
  type SigningScheme,
  signMessage,
  verifyMessage,
} from '../../crypto/signature/signing-schemes.js';
import { ValidationException } from '../../errors/exceptions.js';
import { CryptoProvider } from '../../provider/crypto-provider.js';
import { CryptoThread } from '../../provider/crypto-thread.js';
import type { SigningAlgorithm as SigningAlgorithmSchema } from '../fields.js';
import type { KeySpec } from '../keys/key-specs.js';
import type { KnownKey } from '../keys/kms-key-cache.js';
import { isLongRsa, privateKeyOf, publicKeyOf } from './key-halves.js';

type SigningAlgorithm = z.infer<typeof SigningAlgorithmSchema>;

/** Signs and verifies with key pairs. Slow private operations run on the crypto thread. */
@Injectable()
export class Signatures {
  constructor(
    private readonly provider: CryptoProvider,
    private readonly thread: CryptoThread,
  ) {}

  /**
   * Checks that an algorithm of the key accepts a message.
   *
   * @throws ValidationException
   */
  check({ key: { spec } }: KnownKey, algorithm: SigningAlgorithm, { bytes, type }: GivenMessage): void {
    try {
      requireMessage(schemeOf(algorithm, spec), bytes, type);
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      throw new ValidationException(
        error.code === 'MODE'
          ? `MessageType ${type} is not valid for algorithm ${algorithm}.`
          : `Digest is invalid length for algorithm ${algorithm}.`,
      );
    }
  }

  /** Signs a checked message. */
  sign(known: KnownKey, algorithm: SigningAlgorithm, message: GivenMessage): Buffer | Promise<Buffer> {
    const { spec } = known.key;
    const scheme = schemeOf(algorithm, spec);
    const privateKey = privateKeyOf(this.provider, known);
    return isLongRsa(spec) || isSlow(scheme, message)
      ? this.thread.run('signMessage', scheme, privateKey, message)
      : signMessage(scheme, privateKey, message);
  }

  /** Verifies a signature over a checked message. */
  verify(
    { key }: KnownKey,
    algorithm: SigningAlgorithm,
    message: GivenMessage,
    signature: Buffer,
  ): boolean | Promise<boolean> {
    const scheme = schemeOf(algorithm, key.spec);
    return isSlow(scheme, message)
      ? this.thread.run('verifyMessage', scheme, publicKeyOf(key), message, signature)
      : verifyMessage(scheme, publicKeyOf(key), message, signature);
  }
}

/** KMS treats ML-DSA as one algorithm; the key determines the parameter set. There is no key for SM2DSA. */
function schemeOf(algorithm: SigningAlgorithm, spec: KeySpec): SigningScheme {
  return (algorithm === 'ML_DSA_SHAKE_256' ? spec : algorithm) as SigningScheme;
}

function isSlow(scheme: SigningScheme, { type }: GivenMessage): boolean {
  return SIGNING_SCHEMES[scheme].slow.includes(type);
}
