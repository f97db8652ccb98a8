import { Body, Controller, Param, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataPlaneOperation } from '../../http/aws-operation.js';
import type { SignedRequest } from '../../http/request.js';
import { KeyArnOrKeyAlias } from '../../http/fields.js';
import { DecryptDataInput, DecryptDataOutput, EncryptDataInput, EncryptDataOutput } from './data.schema.js';
import { DecryptDataOperation } from './decrypt-data.operation.js';
import { EncryptDataOperation } from './encrypt-data.operation.js';

@ApiTags('data')
@Controller()
export class DataController {
  constructor(
    private readonly encryptData: EncryptDataOperation,
    private readonly decryptData: DecryptDataOperation,
  ) {}

  @DataPlaneOperation('keys/:KeyIdentifier/encrypt', {
    name: 'EncryptData',
    summary: 'Encrypts data',
    description:
      'With a TDES or AES key of usage D0 in any mode of NIST SP 800-38A, or with an RSA key of usage D1 (OAEP, PKCS #1, ' +
      'or none). Nothing is padded for a symmetric key: the data is a multiple of 8 bytes (TDES) or 16 (AES) in every ' +
      'mode. The initialization vector is zeros unless given.',
    example:
      '--key-identifier $KEY_ARN --plain-text 31323334313233343132333431323334 --encryption-attributes Symmetric={Mode=CBC}',
    output: EncryptDataOutput,
  })
  encrypt(
    @Req() { call }: SignedRequest,
    @Param('KeyIdentifier', { schema: KeyArnOrKeyAlias }) keyIdentifier: string,
    @Body({ schema: EncryptDataInput }) input: EncryptDataInput,
  ): Promise<EncryptDataOutput> {
    return this.encryptData.execute(call, keyIdentifier, input);
  }

  @DataPlaneOperation('keys/:KeyIdentifier/decrypt', {
    name: 'DecryptData',
    summary: 'Decrypts data',
    description:
      'The inverse of EncryptData, with the same attributes. The plaintext comes as it was encrypted: nothing is unpadded ' +
      'for a symmetric key. An RSA ciphertext is as long as the modulus.',
    example:
      '--key-identifier $KEY_ARN --cipher-text 33612AB9D6929C3A828EB6030082B2BD --decryption-attributes Symmetric={Mode=CBC}',
    output: DecryptDataOutput,
  })
  decrypt(
    @Req() { call }: SignedRequest,
    @Param('KeyIdentifier', { schema: KeyArnOrKeyAlias }) keyIdentifier: string,
    @Body({ schema: DecryptDataInput }) input: DecryptDataInput,
  ): Promise<DecryptDataOutput> {
    return this.decryptData.execute(call, keyIdentifier, input);
  }
}
