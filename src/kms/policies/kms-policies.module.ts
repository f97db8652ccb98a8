import { Module } from '@nestjs/common';
import { StoredModule } from '../stored.module.js';
import { GetKeyPolicyOperation } from './get-key-policy.operation.js';
import { ListKeyPoliciesOperation } from './list-key-policies.operation.js';
import { KmsPoliciesController } from './policies.controller.js';
import { PutKeyPolicyOperation } from './put-key-policy.operation.js';

@Module({
  imports: [StoredModule],
  controllers: [KmsPoliciesController],
  providers: [GetKeyPolicyOperation, PutKeyPolicyOperation, ListKeyPoliciesOperation],
})
export class KmsPoliciesModule {}
