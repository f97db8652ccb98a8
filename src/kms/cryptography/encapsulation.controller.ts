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
    summary: 'Makes a secret that the owner of a key can recover',
    description:
      'Returns 32 fresh bytes and the ML-KEM ciphertext from which Decapsulate recovers them. Anybody who has the public key can do ' +
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
      'The ciphertext is bare ML-KEM: it names no key, and one that was made for another key, or altered, gives 32 bytes that nobody ' +
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
