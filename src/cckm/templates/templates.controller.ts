import { setImmediate } from 'node:timers/promises';
import type { Call } from '../../call.js';
import { MAX_MEMBERS } from '../../http/bounds.js';
import { Nothing } from '../../http/fields.js';
import { Body, BodyText, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { ContainerRepository } from '../containers/container.repository.js';
import { CckmException } from '../errors.js';
import { CckmKeys } from '../keys/cckm-keys.js';
import type { Grantees } from '../keys/grantees.js';
import type { KeyView } from '../keys/key-view.js';
import { type Envelope, matches, pageOf } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { resource } from '../resources.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { applyTemplate } from './apply-template.js';
import { type ChosenPolicy, Policies, policyIn, TEMPLATE_TAG } from './policies.js';
import type { TemplateRow } from './template.entity.js';
import { TemplateRepository } from './template.repository.js';
import {
  CreateTemplateInput,
  ListTemplatesQuery,
  Template,
  Templates,
  UpdateTemplateInput,
} from './templates.schema.js';

@OperationsController('policy templates')
export class TemplatesController {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly policies: Policies,
    private readonly containers: ContainerRepository,
    private readonly keys: CckmKeys,
  ) {}

  @CckmOperation({
    name: 'ListTemplates',
    route: ['GET', 'cckm/aws/templates'],
    resource: 'nothing',
    summary: 'Lists policy templates',
    description: 'Filters by `id`, `name`, `kms` and `account_id`. The newest come first.',
    output: Templates,
  })
  async list(_call: Call, @Query(ListTemplatesQuery) query: ListTemplatesQuery): Promise<Envelope<Template>> {
    const found = (await this.templates.list())
      .map(presentTemplate)
      .filter(
        ({ id, name, kms, account_id }) =>
          matches(query.id, id) &&
          matches(query.name, name) &&
          matches(query.kms, kms) &&
          matches(query.account_id, account_id),
      );
    return pageOf(found, query, { name: ({ name }) => name, createdAt: ({ createdAt }) => createdAt });
  }

  @CckmOperation({
    name: 'CreateTemplate',
    route: ['POST', 'cckm/aws/templates'],
    resource: 'nothing',
    status: 201,
    summary: 'Creates a policy template',
    description:
      'It contains a key policy, given as `policy` or by lists of users. KMS validates the policy when it is applied to a key.',
    example: '-d \'{"name":"orders","key_admins":["line-3"]}\'',
    output: Template,
  })
  async create(
    call: Call,
    @Body(CreateTemplateInput) input: CreateTemplateInput,
    @BodyText() written: string,
  ): Promise<Template> {
    const { name, kms = '', account_id: _, ...content } = input;
    const container = kms === '' ? undefined : await this.containers.find(kms);
    const chosen = await this.policies.choose(call, content, policyIn(written, ['policy']));
    if (!chosen) throw new CckmException('NCERRBadRequest', 'policy or a list of users is required');
    return presentTemplate(
      await this.templates.create(call, { name, kms: container?.name ?? '', ...columnsOf(chosen) }),
    );
  }

  @CckmOperation({
    name: 'GetTemplate',
    route: ['GET', 'cckm/aws/templates/:id'],
    resource: 'nothing',
    summary: 'Gets a policy template',
    description: 'Returns the policy, and the lists from which it was built.',
    output: Template,
  })
  async get(_call: Call, @Param(IdPath) { id }: IdPath): Promise<Template> {
    return presentTemplate(await this.templates.find(id));
  }

  @CckmOperation({
    name: 'UpdateTemplate',
    route: ['PATCH', 'cckm/aws/templates/:id'],
    resource: 'nothing',
    summary: 'Changes a policy template',
    description:
      'With `auto_push`, the new policy is applied to the keys that have the template, at most 200, one after another within the ' +
      'request. The caller needs `kms:PutKeyPolicy` on each; the first refusal ends the request.',
    example: '-d \'{"key_admins":["line-3"],"auto_push":true}\'',
    output: Template,
  })
  async update(
    call: Call,
    @Param(IdPath) { id }: IdPath,
    @Body(UpdateTemplateInput) { auto_push = false, ...content }: UpdateTemplateInput,
    @BodyText() written: string,
  ): Promise<Template> {
    const before = await this.templates.find(id);
    const chosen = await this.policies.choose(call, content, policyIn(written, ['policy']));
    const keys = auto_push ? await this.#keysOf(call, id) : [];
    if (keys.length > MAX_MEMBERS)
      throw new CckmException(
        'NCERRConflict',
        `More than ${MAX_MEMBERS} keys have the template ${before.name}: change it without auto_push, and apply it with bulk jobs`,
      );
    const template = chosen ? await this.templates.update(call, id, columnsOf(chosen)) : before;
    for (const { recorded } of keys) await applyTemplate(this.keys, call, recorded.record.id, template);
    return presentTemplate(template);
  }

  @CckmOperation({
    name: 'DeleteTemplate',
    route: ['DELETE', 'cckm/aws/templates/:id'],
    resource: 'nothing',
    status: 204,
    summary: 'Deletes a policy template',
    description: 'A template can’t be deleted while a key that the caller can see uses it.',
    output: Nothing,
  })
  async delete(call: Call, @Param(IdPath) { id }: IdPath): Promise<Nothing> {
    const { name } = await this.templates.find(id);
    if ((await this.#keysOf(call, id)).length > 0)
      throw new CckmException('NCERRConflict', `The template ${name} has one or more key associated`);
    await this.templates.remove(call, id);
    return {};
  }

  /** The keys that use a template and that the caller can see. */
  async #keysOf(call: Call, template: string): Promise<KeyView[]> {
    const found: KeyView[] = [];
    for (const view of await this.keys.list(call, () => true)) {
      if (view.isGone) continue;
      const tags = (await view.tags()) ?? [];
      if (tags.some(({ TagKey, TagValue }) => TagKey === TEMPLATE_TAG && TagValue === template)) found.push(view);
      await setImmediate();
    }
    return found;
  }
}

function columnsOf({ text, grantees }: ChosenPolicy): Pick<TemplateRow, 'policy' | 'grantees'> {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw new CckmException('NCERRInvalidParamValue', 'policy must be JSON');
  }
  return { policy: JSON.stringify(policy), grantees: JSON.stringify(grantees) };
}

function presentTemplate(row: TemplateRow): Template {
  const { id, accountId, name, kms, policy, grantees } = row;
  return {
    ...resource('aws-policy-template', id, row),
    name,
    account_id: accountId,
    kms,
    policy: JSON.parse(policy) as unknown,
    ...(JSON.parse(grantees) as Grantees),
  };
}
