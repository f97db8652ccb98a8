import { Module } from '@nestjs/common';
import { StoredModule } from '../kms/stored.module.js';
import { KeysModule } from '../payment/keys/keys.module.js';
import { AccessKeysController } from './access-keys.controller.js';
import { ApprovalsController } from './approvals.controller.js';
import { AuditController } from './audit.controller.js';
import { CertificatesController } from './certificates.controller.js';
import { ChainVerification } from './chain-verification.js';
import { DeploymentCounts } from './deployment-counts.js';
import { ExplainController } from './explain.controller.js';
import { GuardedAdminOperations } from './guarded-admin-operations.js';
import { IdentityController } from './identity.controller.js';
import { KeyInventory } from './key-inventory.js';
import { KeyPages } from './key-pages.js';
import { KmsKeyInventory } from './kms-key-inventory.js';
import { KeysController } from './keys.controller.js';
import { Nodes } from './nodes.js';
import { RatesController } from './rates.controller.js';
import { StatusController } from './status.controller.js';
import { PasswordsController } from './passwords.controller.js';
import { PolicySimulator } from './policy-simulator.js';
import { PrincipalsController } from './principals.controller.js';
import { TeamsController } from './teams.controller.js';

/** The admin API: users, roles, and explanations of policy decisions. */
@Module({
  imports: [KeysModule, StoredModule],
  controllers: [
    PrincipalsController,
    AccessKeysController,
    PasswordsController,
    ExplainController,
    IdentityController,
    AuditController,
    StatusController,
    KeysController,
    RatesController,
    CertificatesController,
    TeamsController,
    ApprovalsController,
  ],
  providers: [
    PolicySimulator,
    ChainVerification,
    Nodes,
    DeploymentCounts,
    KeyPages,
    KeyInventory,
    KmsKeyInventory,
    GuardedAdminOperations,
  ],
})
export class AdminModule {}
