import { Module } from '@nestjs/common';
import { StsController } from './sts.controller.js';

/** AWS STS for the existing roles and sessions. */
@Module({ controllers: [StsController] })
export class StsModule {}
