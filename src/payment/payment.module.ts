import { Module } from '@nestjs/common';
import { ControlPlaneModule } from './controlplane/controlplane.module.js';
import { DataPlaneModule } from './dataplane/dataplane.module.js';
import { KeysModule } from './keys/keys.module.js';
import { OperationAuthorizer } from './operation-authorizer.js';

/** AWS Payment Cryptography: both planes, and the authorization of their operations. */
@Module({ imports: [ControlPlaneModule, DataPlaneModule, KeysModule], providers: [OperationAuthorizer] })
export class PaymentModule {}
