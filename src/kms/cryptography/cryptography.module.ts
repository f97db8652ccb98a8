import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { StoresModule } from '../stores/stores.module.js';
import { DataKeyPairs } from './data-key-pairs.js';
import { DataKeyPairsController } from './data-key-pairs.controller.js';
import { Ciphertexts } from './ciphertexts.js';
import { ReEncryptOperation } from './re-encrypt.operation.js';
import { DataKeys } from './data-keys.js';
import { DataKeysController } from './data-keys.controller.js';
import { DecapsulateOperation } from './decapsulate.operation.js';
import { DecryptOperation } from './decrypt.operation.js';
import { DeriveSharedSecretOperation } from './derive-shared-secret.operation.js';
import { EncapsulateOperation } from './encapsulate.operation.js';
import { EncapsulationController } from './encapsulation.controller.js';
import { EncryptOperation } from './encrypt.operation.js';
import { EncryptionController } from './encryption.controller.js';
import { GenerateDataKeyPairWithoutPlaintextOperation } from './generate-data-key-pair-without-plaintext.operation.js';
import { GenerateDataKeyPairOperation } from './generate-data-key-pair.operation.js';
import { GenerateDataKeyWithoutPlaintextOperation } from './generate-data-key-without-plaintext.operation.js';
import { GenerateDataKeyOperation } from './generate-data-key.operation.js';
import { KmsGenerateMacOperation } from './generate-mac.operation.js';
import { GenerateRandomOperation } from './generate-random.operation.js';
import { GetPublicKeyOperation } from './get-public-key.operation.js';
import { KeyAgreementController } from './key-agreement.controller.js';
import { KmsMacController } from './mac.controller.js';
import { PublicKeyController } from './public-key.controller.js';
import { RsaEncryption } from './rsa-encryption.js';
import { SignOperation } from './sign.operation.js';
import { Signatures } from './signatures.js';
import { SigningController } from './signing.controller.js';
import { SymmetricEncryption } from './symmetric-encryption.js';
import { KmsVerifyMacOperation } from './verify-mac.operation.js';
import { VerifyOperation } from './verify.operation.js';

@Module({
  imports: [StoredModule, StoresModule],
  controllers: [
    EncryptionController,
    DataKeysController,
    DataKeyPairsController,
    SigningController,
    PublicKeyController,
    KmsMacController,
    KeyAgreementController,
    EncapsulationController,
  ],
  providers: [
    SymmetricEncryption,
    Ciphertexts,
    ReEncryptOperation,
    RsaEncryption,
    EncryptOperation,
    DecryptOperation,
    DataKeys,
    GenerateDataKeyOperation,
    GenerateDataKeyWithoutPlaintextOperation,
    GenerateRandomOperation,
    DataKeyPairs,
    GenerateDataKeyPairOperation,
    GenerateDataKeyPairWithoutPlaintextOperation,
    Signatures,
    SignOperation,
    VerifyOperation,
    GetPublicKeyOperation,
    KmsGenerateMacOperation,
    KmsVerifyMacOperation,
    DeriveSharedSecretOperation,
    EncapsulateOperation,
    DecapsulateOperation,
  ],
})
export class CryptographyModule {}
