import { Module } from '@nestjs/common';
import { AccessKeysController } from './access-keys.controller.js';
import { ExplainController } from './explain.controller.js';
import { PrincipalsController } from './principals.controller.js';

/** Users and roles over HTTP, beside the planes. */
@Module({ controllers: [PrincipalsController, AccessKeysController, ExplainController] })
export class AdminModule {}
