import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import {
  GenerateDataKeyPairInput,
  GenerateDataKeyPairOutput,
  GenerateDataKeyPairWithoutPlaintextInput,
  GenerateDataKeyPairWithoutPlaintextOutput,
} from './data-key-pairs.schema.js';
import { GenerateDataKeyPairOperation } from './generate-data-key-pair.operation.js';
import { GenerateDataKeyPairWithoutPlaintextOperation } from './generate-data-key-pair-without-plaintext.operation.js';

@OperationsController('data key pairs')
export class DataKeyPairsController {
  constructor(
    private readonly generateDataKeyPair: GenerateDataKeyPairOperation,
    private readonly generateWithoutPlaintext: GenerateDataKeyPairWithoutPlaintextOperation,
  ) {}

  @KmsOperation({
    name: 'GenerateDataKeyPair',
    summary: 'Generates a key pair for use outside of the service',
    description:
      'Returns the public key, the private key and the private key encrypted under a symmetric encryption key, from which Decrypt ' +
      'recovers it. The service doesn’t store the pair. The private key is PKCS#8 in DER; for ML-KEM, it contains the seed.',
    example: '--key-id alias/orders --key-pair-spec ECC_NIST_P256',
    output: GenerateDataKeyPairOutput,
    resource: 'key',
  })
  generate(
    call: Call,
    @Body(GenerateDataKeyPairInput) input: GenerateDataKeyPairInput,
  ): Promise<GenerateDataKeyPairOutput> {
    return this.generateDataKeyPair.execute(call, input);
  }

  @KmsOperation({
    name: 'GenerateDataKeyPairWithoutPlaintext',
    summary: 'Generates a key pair whose private key is returned encrypted only',
    description: 'Like GenerateDataKeyPair, but without the plaintext private key.',
    example: '--key-id alias/orders --key-pair-spec ECC_NIST_P256',
    output: GenerateDataKeyPairWithoutPlaintextOutput,
    resource: 'key',
  })
  generateEncrypted(
    call: Call,
    @Body(GenerateDataKeyPairWithoutPlaintextInput) input: GenerateDataKeyPairWithoutPlaintextInput,
  ): Promise<GenerateDataKeyPairWithoutPlaintextOutput> {
    return this.generateWithoutPlaintext.execute(call, input);
  }
}
