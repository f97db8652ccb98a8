import { Module, type Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { Changes } from '../../changes/changes.js';
import { Clock } from '../../clock.js';
import { CONFIG, type Config } from '../../config/config.js';
import { Metrics } from '../../http/metrics.js';
import { LOGGER } from '../../logger.js';
import { MasterKey } from '../../provider/master-key.js';
import { serviceSecret } from '../../provider/service-secret.js';
import { DecimalizationTables } from './pin/decimalization-tables.js';
import { VerificationLimit } from './verification/verification-limit.js';
import { Verifications } from './verification/verifications.js';
import { ExchangeModule } from '../exchange/exchange.module.js';
import { KeysModule } from '../keys/keys.module.js';
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

/** Providers that protect PINs against guessing. */
const PROTECTIONS: Provider[] = [
  {
    provide: DecimalizationTables,
    useFactory: ({ acceptsWeakDecimalization }: Config) => new DecimalizationTables(acceptsWeakDecimalization),
    inject: [CONFIG],
  },
  {
    provide: VerificationLimit,
    useFactory: async (
      { verificationLimits: limits }: Config,
      database: DataSource,
      masterKey: MasterKey,
      changes: Changes,
      clock: Clock,
      logger: Logger,
    ) => {
      if (!limits) return undefined;
      const secret = await serviceSecret(database.manager, masterKey, 'account numbers');
      return new VerificationLimit(limits, secret, database, changes, clock, logger);
    },
    inject: [CONFIG, DataSource, MasterKey, Changes, Clock, LOGGER],
  },
  {
    provide: Verifications,
    useFactory: (metrics: Metrics, limit?: VerificationLimit) => new Verifications(metrics, limit),
    inject: [Metrics, VerificationLimit],
  },
];

@Module({
  imports: [KeysModule, ExchangeModule],
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
    ...PROTECTIONS,
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
  exports: [WorkingKeys, DecimalizationTables, Verifications],
})
export class DataPlaneModule {}
