import * as modes from '../../../crypto/cipher-modes.js';
import { iccMasterKey } from '../../../crypto/emv/icc-master-key.js';
import { lend } from '../../../crypto/emv/key.js';
import { commonSessionKey } from '../../../crypto/emv/session-key.js';
import { rsaDecrypt, rsaEncrypt, type RsaPadding } from '../../../crypto/rsa.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { isTdes, type KeyAlgorithm, type RsaKeyAlgorithm } from '../../keys/key-attributes.js';
import { dukptKey } from '../dukpt.js';
import { derivedKey, type WorkingKey } from '../keys/working-keys.js';
import type {
  AsymmetricEncryptionAttributes,
  DukptEncryptionAttributes,
  EmvEncryptionAttributes,
  EncryptionDecryptionAttributes,
  ReEncryptionAttributes,
  SymmetricEncryptionAttributes,
} from './data.schema.js';

/** Data encryption as one call asks for it. */
export interface DataCipher<Variant extends string> {
  /** Of KEY_ARGUMENTS. */
  variant: Variant;
  /** @throws ValidationException, CryptoError for data or attributes that don't go with the key */
  encrypt: (key: WorkingKey, plaintext: Buffer) => Buffer;
  /**
   * @returns the plaintext, the caller's to zeroize
   * @throws ValidationException, CryptoError for data or attributes that don't go with the key
   */
  decrypt: (key: WorkingKey, ciphertext: Buffer) => Buffer;
}

type BlockCipherAttributes = Pick<SymmetricEncryptionAttributes, 'Mode' | 'InitializationVector'>;

/** Bytes of plaintext that AWS takes with PKCS#1 padding: one less than the padding allows. */
const PKCS1_LIMITS: Record<RsaKeyAlgorithm, number> = { RSA_2048: 244, RSA_3072: 372, RSA_4096: 500 };

/** The cipher of EncryptData and DecryptData. */
export function dataCipher(
  attributes: EncryptionDecryptionAttributes,
): DataCipher<'Symmetric' | 'Asymmetric' | 'Dukpt' | 'Emv'> {
  const { Asymmetric, Emv } = attributes;
  if (Asymmetric) return asymmetric(Asymmetric);
  if (Emv) return emv(Emv);
  return reEncryptionCipher(attributes);
}

/** The cipher of one side of ReEncryptData. */
export function reEncryptionCipher({ Symmetric, Dukpt }: ReEncryptionAttributes): DataCipher<'Symmetric' | 'Dukpt'> {
  if (Dukpt) return dukpt(Dukpt);
  return symmetric(Symmetric as SymmetricEncryptionAttributes);
}

function symmetric(attributes: SymmetricEncryptionAttributes): DataCipher<'Symmetric'> {
  if (attributes.PaddingType !== undefined)
    throw new ValidationException('PaddingType is for asymmetric keys: pad the data yourself and leave it out.');
  return { variant: 'Symmetric', ...blockCipher(attributes, (key) => key) };
}

function dukpt(attributes: DukptEncryptionAttributes): DataCipher<'Dukpt'> {
  const { KeySerialNumber, DukptKeyDerivationType, DukptKeyVariant, Mode = 'CBC', InitializationVector } = attributes;
  const transaction = { ksn: KeySerialNumber, keyType: DukptKeyDerivationType, variant: DukptKeyVariant };
  return {
    variant: 'Dukpt',
    ...blockCipher({ Mode, InitializationVector }, (bdk) => dukptKey(bdk, 'DATA', transaction)),
  };
}

/** Data of a card's script: EMV 4.4 Book 2 section 9.3, under the key of `emvKey`. */
function emv(attributes: EmvEncryptionAttributes): DataCipher<'Emv'> {
  const { Mode = 'CBC', InitializationVector } = attributes;
  return { variant: 'Emv', ...blockCipher({ Mode, InitializationVector }, (imk) => emvKey(imk, attributes)) };
}

/**
 * The session key of a card as a key to work with: EMV 4.4 Book 2 Annex A1.4 and A1.3.1, the diversification value being
 * SessionDerivationData. Its ARN and check value are those of the issuer master key.
 */
function emvKey(imk: WorkingKey, attributes: EmvEncryptionAttributes): WorkingKey {
  const { MajorKeyDerivationMode, PrimaryAccountNumber, PanSequenceNumber, SessionDerivationData } = attributes;
  const card = { majorKeyDerivation: MajorKeyDerivationMode, pan: PrimaryAccountNumber, psn: PanSequenceNumber };
  const r = Buffer.from(SessionDerivationData, 'hex');
  return derivedKey(imk, imk.algorithm, (clear) =>
    lend(iccMasterKey(clear, card), (iccKey) => commonSessionKey(iccKey, r)),
  );
}

/**
 * TDES or AES, as the working key is.
 *
 * @param derive the key to work with, from the one that the call names
 */
function blockCipher({ Mode, InitializationVector }: BlockCipherAttributes, derive: (key: WorkingKey) => WorkingKey) {
  const run = (how: typeof modes.encrypt, named: WorkingKey, data: Buffer): Buffer => {
    const key = derive(named);
    requireWholeBlocks(data, key.algorithm);
    const cipher = isTdes(key.algorithm) ? 'TDES' : 'AES';
    const iv = InitializationVector === undefined ? undefined : Buffer.from(InitializationVector, 'hex');
    return key.use((clear) => how({ cipher, mode: Mode, key: clear, iv }, data));
  };
  return {
    encrypt: (key: WorkingKey, plaintext: Buffer) => run(modes.encrypt, key, plaintext),
    decrypt: (key: WorkingKey, ciphertext: Buffer) => run(modes.decrypt, key, ciphertext),
  };
}

/** The streaming modes need no whole blocks; AWS asks for them all the same. */
function requireWholeBlocks(data: Buffer, algorithm: KeyAlgorithm): void {
  const blockBytes = isTdes(algorithm) ? 8 : 16;
  if (data.length % blockBytes !== 0)
    throw new ValidationException(`The data must be a multiple of ${blockBytes} bytes for a key of ${algorithm}.`);
}

function asymmetric({ PaddingType }: AsymmetricEncryptionAttributes): DataCipher<'Asymmetric'> {
  const padding: RsaPadding = PaddingType ?? 'NONE';
  return {
    variant: 'Asymmetric',
    encrypt: (key, plaintext) => {
      const limit = PKCS1_LIMITS[key.algorithm as RsaKeyAlgorithm];
      if (padding === 'PKCS1' && plaintext.length > limit)
        throw new ValidationException(`This key and padding encrypt at most ${limit} bytes.`);
      return key.use((clear) => rsaEncrypt(clear, padding, plaintext));
    },
    decrypt: (key, ciphertext) => key.use((clear) => rsaDecrypt(clear, padding, ciphertext)),
  };
}
