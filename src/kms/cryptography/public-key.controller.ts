import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { GetPublicKeyOperation } from './get-public-key.operation.js';
import { GetPublicKeyInput, GetPublicKeyOutput } from './public-key.schema.js';

@OperationsController('public keys')
export class PublicKeyController {
  constructor(private readonly getPublicKey: GetPublicKeyOperation) {}

  @KmsOperation({
    name: 'GetPublicKey',
    summary: 'Gets the public key of a key pair',
    description:
      'Returns a SubjectPublicKeyInfo in DER, with which anyone can encrypt, verify or encapsulate without this service. Works for ' +
      'a disabled key, too. The private key is never returned.',
    example: '--key-id alias/contracts --query PublicKey --output text',
    output: GetPublicKeyOutput,
    resource: 'key',
  })
  get(call: Call, @Body(GetPublicKeyInput) input: GetPublicKeyInput): GetPublicKeyOutput | Promise<GetPublicKeyOutput> {
    return this.getPublicKey.execute(call, input);
  }
}
