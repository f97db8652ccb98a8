import type { Call } from '../../call.js';
import { Body } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { KmsOperation } from '../operation.js';
import { DeleteImportedKeyMaterialOperation } from './delete-imported-key-material.operation.js';
import { GetParametersForImportOperation } from './get-parameters-for-import.operation.js';
import { ImportKeyMaterialOperation } from './import-key-material.operation.js';
import {
  DeleteImportedKeyMaterialInput,
  DeleteImportedKeyMaterialOutput,
  GetParametersForImportInput,
  GetParametersForImportOutput,
  ImportKeyMaterialInput,
  ImportKeyMaterialOutput,
} from './import.schema.js';

@OperationsController('imported key material')
export class KmsImportController {
  constructor(
    private readonly getParametersForImport: GetParametersForImportOperation,
    private readonly importKeyMaterial: ImportKeyMaterialOperation,
    private readonly deleteImportedKeyMaterial: DeleteImportedKeyMaterialOperation,
  ) {}

  @KmsOperation({
    name: 'GetParametersForImport',
    summary: 'Gets a wrapping key and an import token',
    description:
      'The key must have Origin EXTERNAL. Returns the public key of a new RSA key pair, to wrap key material with, and the token that ' +
      'must accompany it. Both are only for this KMS key, and valid for 24 hours; several may be valid at the same time. RSA private keys need ' +
      'an `RSA_AES_KEY_WRAP` algorithm, symmetric and HMAC keys an `RSAES_OAEP` algorithm; elliptic curve keys can use either.',
    example: '--key-id $KEY_ID --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_4096',
    output: GetParametersForImportOutput,
    resource: 'key',
  })
  parameters(
    call: Call,
    @Body(GetParametersForImportInput) input: GetParametersForImportInput,
  ): Promise<GetParametersForImportOutput> {
    return this.getParametersForImport.execute(call, input);
  }

  @KmsOperation({
    name: 'ImportKeyMaterial',
    summary: 'Imports wrapped key material into a KMS key',
    description:
      'The material is a symmetric key as bytes, or a private key in PKCS#8. A key without its material becomes enabled. The same ' +
      'material can be imported again, to restore it or to change its expiry; another one only into a symmetric encryption key, with ' +
      '`ImportType` `NEW_KEY_MATERIAL`: it waits for RotateKeyOnDemand. New material of a multi-Region key is imported into the primary ' +
      'key first, and then into every replica. Without `ValidTo`, `ExpirationModel` must be `KEY_MATERIAL_DOES_NOT_EXPIRE`.',
    example:
      '--key-id $KEY_ID --import-token fileb://token --encrypted-key-material fileb://material ' +
      '--expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE',
    output: ImportKeyMaterialOutput,
    resource: 'key',
  })
  import(call: Call, @Body(ImportKeyMaterialInput) input: ImportKeyMaterialInput): Promise<ImportKeyMaterialOutput> {
    return this.importKeyMaterial.execute(call, input);
  }

  @KmsOperation({
    name: 'DeleteImportedKeyMaterial',
    summary: 'Deletes imported key material',
    description:
      'Deletes the current material, or the one that `KeyMaterialId` names. The key can’t be used until the same material is imported ' +
      'again. Material that waits for a rotation is removed instead, and the key doesn’t change.',
    example: '--key-id $KEY_ID',
    output: DeleteImportedKeyMaterialOutput,
    resource: 'key',
  })
  delete(
    call: Call,
    @Body(DeleteImportedKeyMaterialInput) input: DeleteImportedKeyMaterialInput,
  ): Promise<DeleteImportedKeyMaterialOutput> {
    return this.deleteImportedKeyMaterial.execute(call, input);
  }
}
