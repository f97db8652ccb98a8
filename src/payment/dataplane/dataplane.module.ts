import { Module } from '@nestjs/common';
import { As2805Controller } from './as2805/as2805.controller.js';
import { GenerateAs2805KekValidationOperation } from './as2805/generate-as2805-kek-validation.operation.js';
import { CardValidationController } from './card-validation/card-validation.controller.js';
import { GenerateCardValidationDataOperation } from './card-validation/generate-card-validation-data.operation.js';
import { VerifyCardValidationDataOperation } from './card-validation/verify-card-validation-data.operation.js';
import { DataController } from './data/data.controller.js';
import { DecryptDataOperation } from './data/decrypt-data.operation.js';
import { EncryptDataOperation } from './data/encrypt-data.operation.js';
import { ReEncryptDataOperation } from './data/re-encrypt-data.operation.js';
import { EmvController } from './emv/emv.controller.js';
import { GenerateAuthRequestCryptogramOperation } from './emv/generate-auth-request-cryptogram.operation.js';
import { GenerateMacEmvPinChangeOperation } from './emv/generate-mac-emv-pin-change.operation.js';
import { VerifyAuthRequestCryptogramOperation } from './emv/verify-auth-request-cryptogram.operation.js';
import { KeyMaterialController } from './key-material/key-material.controller.js';
import { TranslateKeyMaterialOperation } from './key-material/translate-key-material.operation.js';
import { WorkingKeys } from './keys/working-keys.js';
import { GenerateMacOperation } from './mac/generate-mac.operation.js';
import { MacController } from './mac/mac.controller.js';
import { VerifyMacOperation } from './mac/verify-mac.operation.js';
import { GeneratePinDataOperation } from './pin/generate-pin-data.operation.js';
import { PinController } from './pin/pin.controller.js';
import { TranslatePinDataOperation } from './pin/translate-pin-data.operation.js';
import { VerifyPinDataOperation } from './pin/verify-pin-data.operation.js';

@Module({
  controllers: [
    As2805Controller,
    CardValidationController,
    DataController,
    EmvController,
    KeyMaterialController,
    MacController,
    PinController,
  ],
  providers: [
    WorkingKeys,
    EncryptDataOperation,
    DecryptDataOperation,
    ReEncryptDataOperation,
    TranslateKeyMaterialOperation,
    GenerateAuthRequestCryptogramOperation,
    GenerateCardValidationDataOperation,
    GenerateMacEmvPinChangeOperation,
    GenerateMacOperation,
    VerifyAuthRequestCryptogramOperation,
    VerifyCardValidationDataOperation,
    VerifyMacOperation,
    GeneratePinDataOperation,
    VerifyPinDataOperation,
    TranslatePinDataOperation,
    GenerateAs2805KekValidationOperation,
  ],
})
export class DataPlaneModule {}
