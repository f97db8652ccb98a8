import { Module } from '@nestjs/common';
import { ControlPlaneModule } from './controlplane/controlplane.module.js';
import { DataPlaneModule } from './dataplane/dataplane.module.js';

/** AWS Payment Cryptography: both planes. */
@Module({ imports: [ControlPlaneModule, DataPlaneModule] })
export class PaymentModule {}
