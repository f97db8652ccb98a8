import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { SignOperation } from './sign.operation.js';
import { SignInput, SignOutput, VerifyInput, VerifyOutput } from './signing.schema.js';
import { VerifyOperation } from './verify.operation.js';

@OperationsController('signing')
export class SigningController {
  constructor(
    private readonly signOperation: SignOperation,
    private readonly verifyOperation: VerifyOperation,
  ) {}

  @KmsOperation({
    name: 'Sign',
    summary: 'Signs up to 4,096 bytes, or a digest',
    description:
      'The key must be a key pair with `KeyUsage` `SIGN_VERIFY`. With `MessageType` `RAW` the message is hashed here; `DIGEST` takes ' +
      'its hash, of the length that the algorithm requires; `EXTERNAL_MU` takes the 64 bytes that ML-DSA signs. `ED25519_SHA_512` takes ' +
      'messages only, `ED25519_PH_SHA_512` SHA-512 digests only, which it hashes once more.',
    example:
      '--key-id alias/contracts --message fileb://contract.pdf.sha256 --message-type DIGEST --signing-algorithm ECDSA_SHA_256',
    output: SignOutput,
    resource: 'key',
  })
  sign(call: Call, @Body(SignInput) input: SignInput): SignOutput | Promise<SignOutput> {
    return this.signOperation.execute(call, input);
  }

  @KmsOperation({
    name: 'Verify',
    summary: 'Verifies a signature',
    description:
      'Returns `SignatureValid` true, or refuses the signature with KMSInvalidSignatureException. Message and algorithm are given as ' +
      'for Sign. Anyone who has the public key can verify without this service.',
    example:
      '--key-id alias/contracts --message fileb://contract.pdf.sha256 --message-type DIGEST --signature fileb://signature.der --signing-algorithm ECDSA_SHA_256',
    output: VerifyOutput,
    resource: 'key',
  })
  verify(call: Call, @Body(VerifyInput) input: VerifyInput): VerifyOutput | Promise<VerifyOutput> {
    return this.verifyOperation.execute(call, input);
  }
}
