import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { DeriveSharedSecretOperation } from './derive-shared-secret.operation.js';
import { DeriveSharedSecretInput, DeriveSharedSecretOutput } from './key-agreement.schema.js';

@OperationsController('key agreement')
export class KeyAgreementController {
  constructor(private readonly deriveSharedSecret: DeriveSharedSecretOperation) {}

  @KmsOperation({
    name: 'DeriveSharedSecret',
    summary: 'Agrees on a secret with the owner of a public key',
    description:
      'Computes ECDH with the private key and the `PublicKey` of the other party, a SubjectPublicKeyInfo in DER on the same curve, ' +
      'which the caller must have authenticated. The secret is the x coordinate, as long as the field; derive keys from it, and ' +
      'don’t use it as a key directly.',
    example: '--key-id alias/partner --key-agreement-algorithm ECDH --public-key fileb://partner.der',
    output: DeriveSharedSecretOutput,
    resource: 'key',
  })
  derive(
    call: Call,
    @Body(DeriveSharedSecretInput) input: DeriveSharedSecretInput,
  ): DeriveSharedSecretOutput | Promise<DeriveSharedSecretOutput> {
    return this.deriveSharedSecret.execute(call, input);
  }
}
