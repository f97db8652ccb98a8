import * as modes from '../../crypto/cipher-modes.js';
import { rsaDecrypt, rsaEncrypt, type RsaPadding } from '../../crypto/rsa.js';
import { ValidationException } from '../../errors/exceptions.js';
import { type KeyAlgorithm, RSA_KEY_ALGORITHMS, type RsaKeyAlgorithm } from '../../keys/key-attributes.js';
import type { KeyRequirement } from '../../keys/key.repository.js';
import type {
  AsymmetricEncryptionAttributes,
  EncryptionDecryptionAttributes,
  SymmetricEncryptionAttributes,
} from './data.schema.js';

/** Data encryption as one call asks for it. */
export interface DataCipher {
  needs: Omit<KeyRequirement, 'mode'>;
  encrypt: (clear: Buffer, plaintext: Buffer, algorithm: KeyAlgorithm) => Buffer;
  decrypt: (clear: Buffer, ciphertext: Buffer, algorithm: KeyAlgorithm) => Buffer;
}

/** Bytes of plaintext that AWS takes with PKCS#1 padding: one less than the padding allows. */
const PKCS1_LIMITS: Record<RsaKeyAlgorithm, number> = { RSA_2048: 244, RSA_3072: 372, RSA_4096: 500 };

/** @throws ValidationException for the variants that this version doesn't serve */
export function dataCipher({ Symmetric, Asymmetric, ...others }: EncryptionDecryptionAttributes): DataCipher {
  if (Symmetric) return symmetric(Symmetric);
  if (Asymmetric) return asymmetric(Asymmetric);
  throw new ValidationException(
    `${Object.keys(others).join()} is not served by this version of Keyblock: use Symmetric or Asymmetric.`,
  );
}

function symmetric({ Mode, InitializationVector, PaddingType }: SymmetricEncryptionAttributes): DataCipher {
  if (PaddingType !== undefined)
    throw new ValidationException('PaddingType is for asymmetric keys: pad the data yourself and leave it out.');
  const how = (key: Buffer, algorithm: KeyAlgorithm): modes.CipherArguments => ({
    cipher: algorithm.startsWith('TDES') ? 'TDES' : 'AES',
    mode: Mode,
    key,
    iv: InitializationVector === undefined ? undefined : Buffer.from(InitializationVector, 'hex'),
  });
  return {
    needs: {
      usages: ['TR31_D0_SYMMETRIC_DATA_ENCRYPTION_KEY'],
      algorithms: ['TDES_2KEY', 'TDES_3KEY', 'AES_128', 'AES_192', 'AES_256'],
    },
    encrypt: (clear, plaintext, algorithm) => modes.encrypt(how(clear, algorithm), plaintext),
    decrypt: (clear, ciphertext, algorithm) => modes.decrypt(how(clear, algorithm), ciphertext),
  };
}

function asymmetric({ PaddingType }: AsymmetricEncryptionAttributes): DataCipher {
  const padding: RsaPadding = PaddingType ?? 'NONE';
  return {
    needs: { usages: ['TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION'], algorithms: RSA_KEY_ALGORITHMS },
    encrypt: (clear, plaintext, algorithm) => {
      const limit = PKCS1_LIMITS[algorithm as RsaKeyAlgorithm];
      if (padding === 'PKCS1' && plaintext.length > limit)
        throw new ValidationException(`This key and padding encrypt at most ${limit} bytes.`);
      return rsaEncrypt(clear, padding, plaintext);
    },
    decrypt: (clear, ciphertext) => rsaDecrypt(clear, padding, ciphertext),
  };
}
