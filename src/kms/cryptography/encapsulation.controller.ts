import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { DecapsulateOperation } from './decapsulate.operation.js';
import { EncapsulateOperation } from './encapsulate.operation.js';
import { DecapsulateInput, DecapsulateOutput, EncapsulateInput, EncapsulateOutput } from './encapsulation.schema.js';

@OperationsController('encapsulation')
export class EncapsulationController {
  constructor(
    private readonly encapsulateOperation: EncapsulateOperation,
    private readonly decapsulateOperation: DecapsulateOperation,
  ) {}

  @KmsOperation({
    name: 'Encapsulate',
    summary: 'Generates a shared secret that the key’s owner can recover',
    description:
      'Returns a random 32-byte secret and the ML-KEM ciphertext from which Decapsulate recovers it. Anyone who has the public key can do ' +
      'so without this service.',
    example: '--key-id alias/partner --encapsulation-algorithm ML_KEM',
    output: EncapsulateOutput,
    resource: 'key',
  })
  encapsulate(call: Call, @Body(EncapsulateInput) input: EncapsulateInput): Promise<EncapsulateOutput> {
    return this.encapsulateOperation.execute(call, input);
  }

  @KmsOperation({
    name: 'Decapsulate',
    summary: 'Recovers an encapsulated secret',
    description:
      'The ciphertext is plain ML-KEM and names no key: a ciphertext for another key, or a modified one, yields 32 unpredictable bytes that nobody ' +
      'else has, the same each time. Only a wrong length is refused.',
    example:
      '--key-id alias/partner --encapsulation-algorithm ML_KEM --shared-secret-ciphertext-blob fileb://secret.bin',
    output: DecapsulateOutput,
    resource: 'key',
  })
  decapsulate(call: Call, @Body(DecapsulateInput) input: DecapsulateInput): Promise<DecapsulateOutput> {
    return this.decapsulateOperation.execute(call, input);
  }
}
