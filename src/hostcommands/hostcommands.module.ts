import { Module } from '@nestjs/common';
import { DataPlaneModule } from '../payment/dataplane/dataplane.module.js';
import { KeysModule } from '../payment/keys/keys.module.js';
import { HostCommands } from './host-commands.js';
import { ListenerServicesFactory } from './listener-services.js';

/** Host commands of a payment HSM, over the keys and the cryptography of the data plane. */
@Module({ imports: [DataPlaneModule, KeysModule], providers: [ListenerServicesFactory, HostCommands] })
export class HostCommandsModule {}
