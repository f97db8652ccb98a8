import { OperationsController } from '../../../http/operation.js';
import { Body, Param } from '../../../http/input.js';
import type { Call } from '../../../call.js';
import { DataPlaneOperation } from '../../operation.js';
import {
  BaseDerivationKey,
  DataKey,
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
      'Encrypts with a TDES or AES key of usage D0 in any mode of NIST SP 800-38A (`Symmetric`); with an RSA ' +
      'key of usage D1 and OAEP, PKCS #1 or no padding (`Asymmetric`); with the data key of a DUKPT ' +
      'transaction, derived from a base derivation key of usage B0 (`Dukpt`); or with a session key of a card, ' +
      'derived from an issuer master key of usage E1 or E6 (`Emv`). The last two use CBC unless ECB is ' +
      'requested. Data is padded only for RSA: otherwise its length must be a multiple of 8 bytes (TDES) or 16 ' +
      'bytes (AES), in every mode. The initialization vector is zeros by default.\n\n' +
      'With `WrappedKey`, the D0 key itself is part of the request: either in a TR-31 key block under the ' +
      'key-encryption key that the request names, or derived by ECDH with the key pair of usage K3 that the ' +
      'request names.',
    example:
      '--key-identifier $KEY_ARN --plain-text 31323334313233343132333431323334 --encryption-attributes Symmetric={Mode=CBC}',
    output: EncryptDataOutput,
    resource: 'key',
  })
  encrypt(
    call: Call,
    @Param(DataKey, 'KeyIdentifier') keyIdentifier: string,
    @Body(EncryptDataInput) input: EncryptDataInput,
  ): Promise<EncryptDataOutput> {
    return this.encryptData.execute(call, keyIdentifier, input);
  }

  @DataPlaneOperation('keys/:KeyIdentifier/decrypt', {
    name: 'DecryptData',
    summary: 'Decrypts data',
    description:
      'Inverse of EncryptData, with the same attributes. No padding is removed from the plaintext for a ' +
      'symmetric key. An RSA ciphertext must have the length of the modulus.',
    example:
      '--key-identifier $KEY_ARN --cipher-text 33612AB9D6929C3A828EB6030082B2BD --decryption-attributes Symmetric={Mode=CBC}',
    output: DecryptDataOutput,
    resource: 'key',
  })
  decrypt(
    call: Call,
    @Param(DataKey, 'KeyIdentifier') keyIdentifier: string,
    @Body(DecryptDataInput) input: DecryptDataInput,
  ): Promise<DecryptDataOutput> {
    return this.decryptData.execute(call, keyIdentifier, input);
  }

  @DataPlaneOperation('keys/:IncomingKeyIdentifier/reencrypt', {
    name: 'ReEncryptData',
    summary: 'Re-encrypts data under another key',
    description:
      'Decrypts data with the incoming key and encrypts it with the outgoing key; the response never contains ' +
      'the plaintext. Each key is a TDES or AES key of usage D0 (`Symmetric`), the data key of a DUKPT ' +
      'transaction (`Dukpt`), or a D0 key that is part of the request. One of them may be an RSA key of usage D1 ' +
      '(`Asymmetric`, with `PaddingType`) if the other is `Symmetric`. The length of the data must be a ' +
      'multiple of the block length of each symmetric key. A key of usage D0 must have the mode of use itself: ' +
      '`NoRestrictions` is refused here. The response has the ARN and check value of the outgoing key.',
    example:
      '--incoming-key-identifier $BDK_ARN --outgoing-key-identifier $KEY_ARN --cipher-text 33612AB9D6929C3A828EB6030082B2BD ' +
      '--incoming-encryption-attributes Dukpt={KeySerialNumber=FFFF9876543210E00001} ' +
      '--outgoing-encryption-attributes Symmetric={Mode=CBC}',
    output: ReEncryptDataOutput,
    resource: 'key',
  })
  reEncrypt(
    call: Call,
    @Param(BaseDerivationKey, 'IncomingKeyIdentifier') incomingKeyIdentifier: string,
    @Body(ReEncryptDataInput) input: ReEncryptDataInput,
  ): Promise<ReEncryptDataOutput> {
    return this.reEncryptData.execute(call, incomingKeyIdentifier, input);
  }
}
