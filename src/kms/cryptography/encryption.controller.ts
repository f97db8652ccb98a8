import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { DecryptOperation } from './decrypt.operation.js';
import { EncryptOperation } from './encrypt.operation.js';
import { ReEncryptOperation } from './re-encrypt.operation.js';
import { ReEncryptInput, ReEncryptOutput } from './re-encrypt.schema.js';
import { DecryptInput, DecryptOutput, EncryptInput, EncryptOutput } from './encryption.schema.js';

@OperationsController('encryption')
export class EncryptionController {
  constructor(
    private readonly encryptOperation: EncryptOperation,
    private readonly decryptOperation: DecryptOperation,
    private readonly reEncryptOperation: ReEncryptOperation,
  ) {}

  @KmsOperation({
    name: 'Encrypt',
    summary: 'Encrypts up to 4,096 bytes',
    description:
      'A symmetric key encrypts with AES-256-GCM; the `EncryptionContext` is bound to the ciphertext and must be given again to ' +
      'decrypt it. An RSA key encrypts with OAEP, according to `EncryptionAlgorithm`.',
    example: '--key-id alias/orders --plaintext fileb://secret.txt --encryption-context table=orders',
    output: EncryptOutput,
    resource: 'key',
  })
  encrypt(call: Call, @Body(EncryptInput) input: EncryptInput): EncryptOutput | Promise<EncryptOutput> {
    return this.encryptOperation.execute(call, input);
  }

  @KmsOperation({
    name: 'Decrypt',
    summary: 'Decrypts a ciphertext blob',
    description:
      'The ciphertext of a symmetric key identifies its key; `KeyId` then only makes sure that it is the expected ' +
      'one. For an RSA key, `KeyId` and `EncryptionAlgorithm` are required.',
    example: '--ciphertext-blob fileb://secret.bin --encryption-context table=orders',
    output: DecryptOutput,
    resource: 'key',
  })
  decrypt(call: Call, @Body(DecryptInput) input: DecryptInput): DecryptOutput | Promise<DecryptOutput> {
    return this.decryptOperation.execute(call, input);
  }

  @KmsOperation({
    name: 'ReEncrypt',
    summary: 'Re-encrypts a ciphertext under another key or context',
    description:
      'Decrypts and encrypts again without returning the plaintext: under another key, with another `EncryptionContext`, or under ' +
      'the current material of the same key. The caller needs the permissions `kms:ReEncryptFrom` on the key of the ciphertext and ' +
      '`kms:ReEncryptTo` on the destination.',
    example: '--ciphertext-blob fileb://secret.bin --destination-key-id alias/archive',
    output: ReEncryptOutput,
    resource: 'key',
  })
  reEncrypt(call: Call, @Body(ReEncryptInput) input: ReEncryptInput): ReEncryptOutput | Promise<ReEncryptOutput> {
    return this.reEncryptOperation.execute(call, input);
  }
}
