import { Req } from '@nestjs/common';
import { PolicySimulator } from './policy-simulator.js';
import { AdminOperation } from './admin-operation.js';
import { OperationsController } from '../http/operation.js';
import { Body } from '../http/input.js';
import type { SignedRequest } from '../http/request.js';
import { ExplainAccessInput, ExplainAccessOutput } from './admin.schema.js';

@OperationsController('explain')
export class ExplainController {
  constructor(private readonly simulator: PolicySimulator) {}

  @AdminOperation({
    name: 'ExplainAccess',
    route: ['POST', 'explain'],
    resource: 'principal',
    principal: (_request: SignedRequest, { Principal }: ExplainAccessInput) => Principal,
    summary: 'Explains how policies would decide a request',
    description:
      'Evaluates the same policies, tags and aliases as the request itself. Put what else the request would ' +
      'contain, e.g. its tags or its wrapping key, into `Context`. The source and time are those of this call ' +
      'unless `Context` has others.',
    example:
      '-d \'{"Principal":"arn:aws:iam::000000000000:user/line-3","Action":"CreateKey","Resource":"*"}\' ' +
      'http://127.0.0.1:8080/admin/explain',
    output: ExplainAccessOutput,
  })
  async explain(
    @Req() { call }: SignedRequest,
    @Body(ExplainAccessInput) { Principal, Action, Resource, Context }: ExplainAccessInput,
  ): Promise<ExplainAccessOutput> {
    const question = { principal: Principal, action: Action, resource: Resource, context: Context };
    const { allowed, reason, statement } = await this.simulator.explain(question, call.origin, call.region);
    return {
      Decision: allowed ? 'allowed' : 'denied',
      Reason: reason,
      Statement: statement && { Policy: statement.policy, Number: statement.number, Sid: statement.sid },
    };
  }
}
