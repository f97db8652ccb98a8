import { Module } from '@nestjs/common';
import { DataController } from './data/data.controller.js';
import { DecryptDataOperation } from './data/decrypt-data.operation.js';
import { EncryptDataOperation } from './data/encrypt-data.operation.js';
import { GenerateMacOperation } from './mac/generate-mac.operation.js';
import { MacController } from './mac/mac.controller.js';
import { VerifyMacOperation } from './mac/verify-mac.operation.js';

@Module({
  controllers: [DataController, MacController],
  providers: [EncryptDataOperation, DecryptDataOperation, GenerateMacOperation, VerifyMacOperation],
})
export class DataPlaneModule {}
