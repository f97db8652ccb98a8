import { Module } from '@nestjs/common';
import { StsController } from './sts.controller.js';

/** AWS STS, over the roles and sessions that there are. */
@Module({ controllers: [StsController] })
export class StsModule {}
