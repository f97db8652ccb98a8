import { Injectable } from '@nestjs/common';
import type { Call } from '../../../call.js';
import { toHex } from '../../../crypto/bytes.js';
import { CryptoError } from '../../../crypto/errors.js';
import { ValidationException } from '../../../errors/exceptions.js';
import { KEY_ARGUMENTS } from '../keys/key-arguments.js';
import { WorkingKeys } from '../keys/working-keys.js';
import { reEncryptionCipher } from './ciphers.js';
import type { ReEncryptDataInput, ReEncryptDataOutput } from './data.schema.js';

const { IncomingKeyIdentifier, OutgoingKeyIdentifier } = KEY_ARGUMENTS.ReEncryptData;
type Variant = ReturnType<typeof reEncryptionCipher>['variant'];

@Injectable()
export class ReEncryptDataOperation {
  constructor(private readonly keys: WorkingKeys) {}

  async execute(call: Call, incomingKeyIdentifier: string, input: ReEncryptDataInput): Promise<ReEncryptDataOutput> {
    const from = reEncryptionCipher(input.IncomingEncryptionAttributes);
    const to = reEncryptionCipher(input.OutgoingEncryptionAttributes);
    checkSides(from.variant, to.variant);
    const incomingNeeds = IncomingKeyIdentifier[from.variant];
    const outgoingNeeds = OutgoingKeyIdentifier[to.variant];
    const incoming = await this.keys.find(call, incomingNeeds, incomingKeyIdentifier, input.IncomingWrappedKey);
    const outgoing = await this.keys.find(call, outgoingNeeds, input.OutgoingKeyIdentifier, input.OutgoingWrappedKey);

    const reEncrypt = (): Buffer => {
      const plaintext = from.decrypt(incoming, Buffer.from(input.CipherText, 'hex'));
      try {
        return to.encrypt(outgoing, plaintext);
      } finally {
        plaintext.fill(0);
      }
    };
    const ciphertext = from.variant === 'Asymmetric' ? failingAlike(reEncrypt) : reEncrypt();
    return { KeyArn: outgoing.arn, KeyCheckValue: outgoing.kcv, CipherText: toHex(ciphertext) };
  }
}

/** @throws ValidationException if a side is RSA and the other isn't a symmetric key */
function checkSides(from: Variant, to: Variant): void {
  if ((from === 'Asymmetric' && to !== 'Symmetric') || (to === 'Asymmetric' && from !== 'Symmetric'))
    throw new ValidationException('ReEncryptData with Asymmetric on one side needs Symmetric on the other.');
}

/**
 * Reports a wrong RSA padding and a plaintext of the wrong length alike. Otherwise a caller who may not decrypt could
 * learn about the plaintext of any RSA ciphertext.
 */
function failingAlike(reEncrypt: () => Buffer): Buffer {
  try {
    return reEncrypt();
  } catch (error) {
    if (!(error instanceof ValidationException || error instanceof CryptoError)) throw error;
    throw new ValidationException(
      'The ciphertext could not be decrypted with this key and padding, or its plaintext is not whole blocks of the ' +
        'outgoing cipher, or the outgoing initialization vector has the wrong length.',
    );
  }
}
