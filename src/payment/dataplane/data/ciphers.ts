import * as modes from '../../../crypto/cipher-modes.js';
import { iccMasterKey } from '../../../crypto/emv/icc-master-key.js';
import { lend } from '../../../crypto/emv/key.js';
import { commonSessionKey } from '../../../crypto/emv/session-key.js';
import { lendBytes } from '../../../crypto/held-key.js';
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

/** Data cipher that a request specifies. */
export interface DataCipher<Variant extends string> {
  /** Variant in KEY_ARGUMENTS. */
  variant: Variant;
  /** @throws ValidationException, CryptoError if the data or the attributes don't suit the key */
  encrypt: (key: WorkingKey, plaintext: Buffer) => Buffer;
  /**
   * @returns plaintext, which the caller zeroizes
   * @throws ValidationException, CryptoError if the data or the attributes don't suit the key
   */
  decrypt: (key: WorkingKey, ciphertext: Buffer) => Buffer;
}

type BlockCipherAttributes = Pick<SymmetricEncryptionAttributes, 'Mode' | 'InitializationVector'>;

/** Maximum bytes of plaintext that AWS accepts with PKCS #1 padding: one less than the padding allows. */
const PKCS1_LIMITS: Record<RsaKeyAlgorithm, number> = { RSA_2048: 244, RSA_3072: 372, RSA_4096: 500 };

/** Returns the cipher for EncryptData or DecryptData. */
export function dataCipher(
  attributes: EncryptionDecryptionAttributes,
): DataCipher<'Symmetric' | 'Asymmetric' | 'Dukpt' | 'Emv'> {
  const { Symmetric, Asymmetric, Dukpt, Emv } = attributes;
  if (Asymmetric) return asymmetric(Asymmetric);
  if (Emv) return emv(Emv);
  if (Dukpt) return dukpt(Dukpt);
  return symmetric(Symmetric as SymmetricEncryptionAttributes);
}

/**
 * Returns the cipher for one side of ReEncryptData.
 *
 * @throws ValidationException for RSA without PaddingType, which only EncryptData and DecryptData accept
 */
export function reEncryptionCipher(
  attributes: ReEncryptionAttributes,
): DataCipher<'Symmetric' | 'Asymmetric' | 'Dukpt'> {
  const { Symmetric, Asymmetric, Dukpt } = attributes;
  if (Dukpt) return dukpt(Dukpt);
  if (Asymmetric === undefined) return symmetric(Symmetric as SymmetricEncryptionAttributes);
  if (Asymmetric.PaddingType === undefined)
    throw new ValidationException('PaddingType of Asymmetric is required in ReEncryptData.');
  return asymmetric(Asymmetric);
}

/** PaddingType has no effect, as in AWS: the data must be whole blocks with or without it. */
function symmetric(attributes: SymmetricEncryptionAttributes): DataCipher<'Symmetric'> {
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

/** Encrypts the data of issuer scripts under the key that `emvKey` derives: EMV 4.4 Book 2 section 9.3. */
function emv(attributes: EmvEncryptionAttributes): DataCipher<'Emv'> {
  const { Mode = 'CBC', InitializationVector } = attributes;
  return { variant: 'Emv', ...blockCipher({ Mode, InitializationVector }, (imk) => emvKey(imk, attributes)) };
}

/**
 * Derives the session key of a card: EMV 4.4 Book 2 Annex A1.4 and A1.3.1, with SessionDerivationData as the
 * diversification value. The ARN and check value are those of the issuer master key.
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
 * Returns a TDES or AES cipher, depending on the algorithm of the working key.
 *
 * @param derive derives the working key from the key that the request names
 */
function blockCipher({ Mode, InitializationVector }: BlockCipherAttributes, derive: (key: WorkingKey) => WorkingKey) {
  const run = (crypt: typeof modes.encrypt, namedKey: WorkingKey, data: Buffer): Buffer => {
    const key = derive(namedKey);
    requireWholeBlocks(data, key.algorithm);
    const iv = InitializationVector === undefined ? undefined : Buffer.from(InitializationVector, 'hex');
    return runCipher(crypt, key, { mode: Mode, iv }, data);
  };
  return {
    encrypt: (key: WorkingKey, plaintext: Buffer) => run(modes.encrypt, key, plaintext),
    decrypt: (key: WorkingKey, ciphertext: Buffer) => run(modes.decrypt, key, ciphertext),
  };
}

/**
 * Encrypts or decrypts with TDES or AES, depending on the algorithm of the key.
 *
 * @param crypt `encrypt` or `decrypt` of crypto/cipher-modes
 * @throws CryptoError DATA_LENGTH, IV_LENGTH, MODE
 */
export function runCipher(
  crypt: typeof modes.encrypt,
  key: WorkingKey,
  how: Pick<modes.CipherArguments, 'mode' | 'iv'>,
  data: Buffer,
): Buffer {
  const cipher = isTdes(key.algorithm) ? 'TDES' : 'AES';
  return key.use((clear) => crypt({ ...how, cipher, key: clear }, data));
}

/** Requires whole blocks in every mode, as AWS does, although CFB and OFB don't need them. */
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
      return key.use((pair) => lendBytes(pair, (der) => rsaEncrypt(der, padding, plaintext)));
    },
    decrypt: (key, ciphertext) => key.use((pair) => lendBytes(pair, (der) => rsaDecrypt(der, padding, ciphertext))),
  };
}
