import { Inject } from '@nestjs/common';
import type { Call } from '../call.js';
import { CONFIG, type Config } from '../config/config.js';
import { VERSION } from '../config/version.js';
import { HOST_COMMANDS } from '../hostcommands/api.js';
import { epochSeconds } from '../http/fields.js';
import { OPERATIONS, OperationsController } from '../http/operation.js';
import { AdminOperation } from './admin-operation.js';
import { GetIdentityOutput } from './identity.schema.js';

@OperationsController('identity')
export class IdentityController {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  @AdminOperation({
    name: 'GetIdentity',
    route: ['GET', 'identity'],
    resource: 'nobody',
    summary: 'Returns the signer of the request, and the APIs of the deployment',
    description: 'Every caller with a valid signature may call it; no policy is evaluated. A console calls it first.',
    example: 'http://127.0.0.1:8080/admin/identity',
    output: GetIdentityOutput,
  })
  get({ principal }: Call): GetIdentityOutput {
    const { arn, accountId, accessKeyId, identity } = principal;
    const { region, regions, payshield } = this.config;
    const apis = OPERATIONS.map(({ document }) => document.api.name);
    return {
      Arn: arn,
      Name: identity?.name ?? 'root',
      Type: identity?.type === 'AssumedRole' || identity?.type === 'User' ? identity.type : 'Root',
      AccountId: accountId,
      AccessKeyId: accessKeyId,
      ExpirationTimestamp: identity?.sessionExpiresAt && epochSeconds(identity.sessionExpiresAt),
      Regions: [region, ...regions.filter((other) => other !== region)],
      Apis: [...new Set([...apis, ...(payshield ? [HOST_COMMANDS.name] : [])])],
      Version: VERSION,
      Label: this.config.consoleLabel,
    };
  }
}
