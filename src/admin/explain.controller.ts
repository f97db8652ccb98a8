import { PolicySimulator } from './policy-simulator.js';
import { AdminOperation } from './admin-operation.js';
import { OperationsController } from '../http/operation.js';
import { Body } from '../http/input.js';
import type { Call } from '../call.js';
import { presentExplanation } from './admin.presenter.js';
import {
  ExplainAccessInput,
  ExplainAccessOutput,
  ExplainKeyAccessInput,
  ExplainKeyAccessOutput,
} from './admin.schema.js';

@OperationsController('explain')
export class ExplainController {
  constructor(private readonly simulator: PolicySimulator) {}

  @AdminOperation({
    name: 'ExplainAccess',
    route: ['POST', 'explain'],
    resource: 'principal',
    about: (_call: Call, { Principal }: ExplainAccessInput) => Principal,
    summary: 'Explains how policies would decide a request',
    description:
      'Evaluates the same policies, grants, tags and aliases as the request itself. Put everything else that the ' +
      'request would contain, e.g. its tags or its wrapping key, into `Context`. The source and time are those of this call ' +
      'unless `Context` has others.',
    example:
      '-d \'{"Principal":"arn:aws:iam::000000000000:user/line-3","Action":"payment-cryptography:CreateKey","Resource":"*"}\' ' +
      'http://127.0.0.1:8080/admin/explain',
    output: ExplainAccessOutput,
  })
  async explain(
    call: Call,
    @Body(ExplainAccessInput) { Principal, Action, Resource, Context }: ExplainAccessInput,
  ): Promise<ExplainAccessOutput> {
    const question = { principal: Principal, action: Action, resource: Resource, context: Context };
    return presentExplanation(await this.simulator.explain(question, call.origin, call.region));
  }

  @AdminOperation({
    name: 'ExplainKeyAccess',
    route: ['POST', 'explain-key'],
    resource: 'nothing',
    summary: 'Explains which principals may use a key',
    description:
      'Decides each operation on the key for the root and for each user and role, as ExplainAccess does without a `Context`. A statement ' +
      'with a condition on a property of the request, e.g. its encryption context, may decide otherwise for that request.',
    example:
      '-d \'{"Resource":"arn:aws:payment-cryptography:us-east-1:000000000000:key/demo000000000mac"}\' ' +
      'http://127.0.0.1:8080/admin/explain-key',
    output: ExplainKeyAccessOutput,
  })
  async explainKey(
    call: Call,
    @Body(ExplainKeyAccessInput) { Resource }: ExplainKeyAccessInput,
  ): Promise<ExplainKeyAccessOutput> {
    const { found, isTruncated } = await this.simulator.explainKey(Resource, call.origin);
    return {
      Principals: found.map(({ arn, actions, statement, grantId }) => ({
        Arn: arn,
        Actions: actions,
        By: statement && { Policy: statement.policy, Number: statement.number, Sid: statement.sid },
        GrantId: grantId,
      })),
      Truncated: isTruncated,
    };
  }
}
