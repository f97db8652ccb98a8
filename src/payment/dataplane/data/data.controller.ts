import { Req } from '@nestjs/common';
import { OperationsController } from '../../../http/operation.js';
import { Body, Param } from '../../../http/input.js';
import type { SignedRequest } from '../../../http/request.js';
import { DataPlaneOperation } from '../../operation.js';
import { KeyArnOrKeyAlias } from '../../fields.js';
import {
  DecryptDataInput,
  DecryptDataOutput,
  EncryptDataInput,
  EncryptDataOutput,
  ReEncryptDataInput,
  ReEncryptDataOutput,
} from './data.schema.js';
import { DecryptDataOperation } from './decrypt-data.operation.js';
import { EncryptDataOperation } from './encrypt-data.operation.js';
import { ReEncryptDataOperation } from './re-encrypt-data.operation.js';

@OperationsController('data')
export class DataController {
  constructor(
    private readonly encryptData: EncryptDataOperation,
    private readonly decryptData: DecryptDataOperation,
    private readonly reEncryptData: ReEncryptDataOperation,
  ) {}

  @DataPlaneOperation('keys/:KeyIdentifier/encrypt', {
    name: 'EncryptData',
    summary: 'Encrypts data',
    description:
      'With a TDES or AES key of usage D0 in any mode of NIST SP 800-38A (`Symmetric`); with an RSA key of usage D1 and ' +
      'OAEP, PKCS #1 or no padding (`Asymmetric`); with the data key of a DUKPT transaction, from a base derivation key ' +
      'of usage B0 (`Dukpt`); or with a session key of a card, from an issuer master key of usage E1 or E6 (`Emv`). ' +
      'The last two work in CBC unless ECB is asked for. Nothing is padded but for RSA: the data is a multiple of 8 ' +
      'bytes (TDES) or 16 (AES) in every mode. The initialization vector is zeros unless given.\n\n' +
      'With `WrappedKey` the D0 key itself comes with the call: in a TR-31 key block under the key-encryption key that ' +
      'the call names, or agreed on (ECDH) with its key pair of usage K3.',
    example:
      '--key-identifier $KEY_ARN --plain-text 31323334313233343132333431323334 --encryption-attributes Symmetric={Mode=CBC}',
    output: EncryptDataOutput,
    resource: 'key',
  })
  encrypt(
    @Req() { call }: SignedRequest,
    @Param(KeyArnOrKeyAlias, 'KeyIdentifier') keyIdentifier: string,
    @Body(EncryptDataInput) input: EncryptDataInput,
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
    resource: 'key',
  })
  decrypt(
    @Req() { call }: SignedRequest,
    @Param(KeyArnOrKeyAlias, 'KeyIdentifier') keyIdentifier: string,
    @Body(DecryptDataInput) input: DecryptDataInput,
  ): Promise<DecryptDataOutput> {
    return this.decryptData.execute(call, keyIdentifier, input);
  }

  @DataPlaneOperation('keys/:IncomingKeyIdentifier/reencrypt', {
    name: 'ReEncryptData',
    summary: 'Encrypts data under another key',
    description:
      'Decrypts with the incoming key and encrypts with the outgoing one; the data itself is in no answer. Either is a ' +
      'TDES or AES key of usage D0 (`Symmetric`), the data key of a DUKPT transaction (`Dukpt`), or a D0 key that comes ' +
      'with the call. The data is a multiple of both blocks. Keys of usage D0 need the mode of use itself: ' +
      '`NoRestrictions` is refused here. Key and check value in the answer are the outgoing ones.',
    example:
      '--incoming-key-identifier $BDK_ARN --outgoing-key-identifier $KEY_ARN --cipher-text 33612AB9D6929C3A828EB6030082B2BD ' +
      '--incoming-encryption-attributes Dukpt={KeySerialNumber=FFFF9876543210E00001} ' +
      '--outgoing-encryption-attributes Symmetric={Mode=CBC}',
    output: ReEncryptDataOutput,
    resource: 'key',
  })
  reEncrypt(
    @Req() { call }: SignedRequest,
    @Param(KeyArnOrKeyAlias, 'IncomingKeyIdentifier') incomingKeyIdentifier: string,
    @Body(ReEncryptDataInput) input: ReEncryptDataInput,
  ): Promise<ReEncryptDataOutput> {
    return this.reEncryptData.execute(call, incomingKeyIdentifier, input);
  }
}
