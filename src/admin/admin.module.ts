import { Module } from '@nestjs/common';
import { AccessKeysController } from './access-keys.controller.js';
import { ExplainController } from './explain.controller.js';
import { PrincipalsController } from './principals.controller.js';

/** The admin API: users and roles, and what policies decide. */
@Module({ controllers: [PrincipalsController, AccessKeysController, ExplainController] })
export class AdminModule {}
