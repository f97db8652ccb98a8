import type { Call } from '../call.js';
import { Body, Param } from '../http/input.js';
import { OperationsController } from '../http/operation.js';
import { XksDecryptOperation } from './decrypt.operation.js';
import { XksEncryptOperation } from './encrypt.operation.js';
import { GetKeyMetadataOperation } from './get-key-metadata.operation.js';
import { XksHealth } from './xks-health.js';
import { XksOperation } from './xks-operation.js';
import {
  GetHealthStatusInput,
  GetHealthStatusOutput,
  GetKeyMetadataInput,
  GetKeyMetadataOutput,
  XksDecryptInput,
  XksDecryptOutput,
  XksEncryptInput,
  XksEncryptOutput,
  XksKeyPath,
  XksPath,
} from './xks-proxy.schema.js';

const CALLER = '"awsPrincipalArn":"arn:aws:iam::111122223333:user/alice","kmsRequestId":"4112f4d6"';
const KEY_ARN = '"kmsKeyArn":"arn:aws:kms:us-east-1:111122223333:key/1234abcd"';

@OperationsController('external key store proxy')
export class XksProxyController {
  constructor(
    private readonly getKeyMetadata: GetKeyMetadataOperation,
    private readonly encryptOperation: XksEncryptOperation,
    private readonly decryptOperation: XksDecryptOperation,
    private readonly getHealthStatus: XksHealth,
  ) {}

  @XksOperation({
    name: 'GetKeyMetadata',
    path: 'keys/:xksKeyId/metadata',
    resource: 'key',
    summary: 'Describes a released key',
    description: 'A key is `DISABLED` while its KMS key is in a state in which it does not encrypt.',
    example: `{"requestMetadata":{${CALLER},"kmsOperation":"CreateKey"}}`,
    output: GetKeyMetadataOutput,
  })
  metadata(
    call: Call,
    @Param(XksKeyPath) path: XksKeyPath,
    @Body(GetKeyMetadataInput) _input: GetKeyMetadataInput,
  ): GetKeyMetadataOutput | Promise<GetKeyMetadataOutput> {
    return this.getKeyMetadata.execute(call, path);
  }

  @XksOperation({
    name: 'Encrypt',
    path: 'keys/:xksKeyId/encrypt',
    resource: 'key',
    summary: 'Encrypts up to 8,192 bytes',
    description:
      'Encrypts with AES-256-GCM under a key that is derived from the current material of the KMS key for this message alone. ' +
      'With `ciphertextDataIntegrityValueAlgorithm`, the result is decrypted before it is returned, for which the key must be ' +
      'released for `DECRYPT`, too.',
    example: `{"requestMetadata":{${CALLER},${KEY_ARN},"kmsOperation":"Encrypt"},"plaintext":"SGVsbG8gV29ybGQh","encryptionAlgorithm":"AES_GCM"}`,
    output: XksEncryptOutput,
  })
  encrypt(
    call: Call,
    @Param(XksKeyPath) path: XksKeyPath,
    @Body(XksEncryptInput) input: XksEncryptInput,
  ): XksEncryptOutput | Promise<XksEncryptOutput> {
    return this.encryptOperation.execute(call, path, input);
  }

  @XksOperation({
    name: 'Decrypt',
    path: 'keys/:xksKeyId/decrypt',
    resource: 'key',
    summary: 'Decrypts what Encrypt returned',
    description:
      'All members that Encrypt returned must be sent unchanged, with the same `additionalAuthenticatedData`. Earlier materials of ' +
      'the KMS key open what they encrypted.',
    example: `{"requestMetadata":{${CALLER},${KEY_ARN},"kmsOperation":"Decrypt"},"ciphertext":"…","initializationVector":"…","authenticationTag":"…","ciphertextMetadata":"…","encryptionAlgorithm":"AES_GCM"}`,
    output: XksDecryptOutput,
  })
  decrypt(
    call: Call,
    @Param(XksKeyPath) path: XksKeyPath,
    @Body(XksDecryptInput) input: XksDecryptInput,
  ): XksDecryptOutput | Promise<XksDecryptOutput> {
    return this.decryptOperation.execute(call, path, input);
  }

  @XksOperation({
    name: 'GetHealthStatus',
    path: 'health',
    resource: 'nothing',
    summary: 'Reports that the proxy can encrypt and decrypt',
    description:
      'Encrypts and decrypts with a key of its own, and checks the database and the master key at most every 10 seconds. ' +
      '`xksProxyFleetSize` is the number of processes of the service.',
    example: '{"requestMetadata":{"kmsRequestId":"4112f4d6","kmsOperation":"KmsHealthCheck"}}',
    output: GetHealthStatusOutput,
  })
  health(
    _call: Call,
    @Param(XksPath) _path: XksPath,
    @Body(GetHealthStatusInput) _input: GetHealthStatusInput,
  ): Promise<GetHealthStatusOutput> {
    return this.getHealthStatus.read();
  }
}
