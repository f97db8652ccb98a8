import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import {
  GenerateDataKeyInput,
  GenerateDataKeyOutput,
  GenerateDataKeyWithoutPlaintextInput,
  GenerateDataKeyWithoutPlaintextOutput,
  GenerateRandomInput,
  GenerateRandomOutput,
} from './data-keys.schema.js';
import { GenerateDataKeyOperation } from './generate-data-key.operation.js';
import { GenerateDataKeyWithoutPlaintextOperation } from './generate-data-key-without-plaintext.operation.js';
import { GenerateRandomOperation } from './generate-random.operation.js';

@OperationsController('data keys')
export class DataKeysController {
  constructor(
    private readonly generateDataKey: GenerateDataKeyOperation,
    private readonly generateDataKeyWithoutPlaintext: GenerateDataKeyWithoutPlaintextOperation,
    private readonly generateRandom: GenerateRandomOperation,
  ) {}

  @KmsOperation({
    name: 'GenerateDataKey',
    summary: 'Generates a data key for use outside of KMS',
    description:
      'Returns a random key as plaintext and encrypted under a symmetric key. Encrypt your data with the plaintext key, then erase it, ' +
      'and store the encrypted key with the data: Decrypt recovers it, with the same `EncryptionContext`. Give either ' +
      '`KeySpec` or `NumberOfBytes`.',
    example: '--key-id alias/orders --key-spec AES_256',
    output: GenerateDataKeyOutput,
    resource: 'key',
  })
  generate(
    call: Call,
    @Body(GenerateDataKeyInput) input: GenerateDataKeyInput,
  ): GenerateDataKeyOutput | Promise<GenerateDataKeyOutput> {
    return this.generateDataKey.execute(call, input);
  }

  @KmsOperation({
    name: 'GenerateDataKeyWithoutPlaintext',
    summary: 'Generates an encrypted data key',
    description: 'Like GenerateDataKey, but without the plaintext key, for a system that uses it later.',
    example: '--key-id alias/orders --key-spec AES_256',
    output: GenerateDataKeyWithoutPlaintextOutput,
    resource: 'key',
  })
  generateWithoutPlaintext(
    call: Call,
    @Body(GenerateDataKeyWithoutPlaintextInput) input: GenerateDataKeyWithoutPlaintextInput,
  ): GenerateDataKeyWithoutPlaintextOutput | Promise<GenerateDataKeyWithoutPlaintextOutput> {
    return this.generateDataKeyWithoutPlaintext.execute(call, input);
  }

  @KmsOperation({
    name: 'GenerateRandom',
    summary: 'Generates random bytes',
    description:
      'Returns 1 to 1,024 bytes from the operating system’s generator, through OpenSSL, or from the token of a connected AWS CloudHSM key store. Uses no key.',
    example: '--number-of-bytes 32',
    output: GenerateRandomOutput,
    resource: 'nothing',
  })
  random(call: Call, @Body(GenerateRandomInput) input: GenerateRandomInput) {
    return this.generateRandom.execute(call, input);
  }
}
