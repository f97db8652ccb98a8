import { OperationsController } from '../../../http/operation.js';
import { Body } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { DataPlaneOperation } from '../../operation.js';
import { TranslateKeyMaterialInput, TranslateKeyMaterialOutput } from './key-material.schema.js';
import { TranslateKeyMaterialOperation } from './translate-key-material.operation.js';

@OperationsController('key material')
export class KeyMaterialController {
  constructor(private readonly translateKeyMaterial: TranslateKeyMaterialOperation) {}

  @DataPlaneOperation('keymaterial/translate', {
    name: 'TranslateKeyMaterial',
    summary: 'Translates a wrapped key to another wrapping key without importing it',
    description:
      'Unwraps a TR-31 key block that is wrapped under a key which both parties derive by ECDH, and wraps its key ' +
      'under a stored key-encryption key. The new key block has version B under TDES or version D under AES. It has ' +
      'the attributes and optional blocks of the incoming key block, except KP, which refers to the old wrapping ' +
      'key. Neither the ' +
      'curve nor the derived key nor the key-encryption key may be weaker than the key. A key that is not ' +
      'exportable is refused.',
    example:
      `--incoming-key-material '{"DiffieHellmanTr31KeyBlock":{"PrivateKeyIdentifier":"'$ECC_KEY_ARN'",` +
      `"CertificateAuthorityPublicKeyIdentifier":"'$CA_KEY_ARN'","PublicKeyCertificate":"'$(base64 -w0 peer.pem)'",` +
      `"DeriveKeyAlgorithm":"AES_256","KeyDerivationFunction":"NIST_SP800","KeyDerivationHashAlgorithm":"SHA_256",` +
      `"DerivationData":{"SharedInformation":"0A0B0C"},"WrappedKeyBlock":"'$KEY_BLOCK'"}}' ` +
      '--outgoing-key-material Tr31KeyBlock={WrappingKeyIdentifier=$KEK_ARN}',
    output: TranslateKeyMaterialOutput,
    resource: 'key',
  })
  translate(
    call: Call,
    @Body(TranslateKeyMaterialInput) input: TranslateKeyMaterialInput,
  ): Promise<TranslateKeyMaterialOutput> {
    return this.translateKeyMaterial.execute(call, input);
  }
}
