import type { Call } from '../../call.js';
import { ServiceException } from '../../errors/exceptions.js';
import { Body, Param, Query } from '../../http/input.js';
import { OperationsController } from '../../http/operation.js';
import { requireChangeable } from '../keys/cckm-keys.js';
import { ContainerRepository } from '../containers/container.repository.js';
import type { ContainerRow } from '../containers/container.entity.js';
import { CckmException } from '../errors.js';
import { type Envelope, pageOf, Paging } from '../lists.js';
import { CckmOperation } from '../operation.js';
import { IdPath } from '../tokens/tokens.schema.js';
import { resource } from '../resources.js';
import { BulkAction } from './bulk-action.js';
import { JobRepository } from './job.repository.js';
import type { JobRow } from './job.entity.js';
import {
  Bulk,
  Bulks,
  type Pass,
  type Result,
  StartBulkInput,
  StartSynchronizationInput,
  Synchronization,
  Synchronizations,
} from './jobs.schema.js';
import { Synchronizer } from './synchronize.js';

const BY_TIME = { createdAt: ({ createdAt }: { createdAt: string }) => createdAt };

@OperationsController('jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobRepository,
    private readonly containers: ContainerRepository,
    private readonly synchronizer: Synchronizer,
    private readonly bulk: BulkAction,
  ) {}

  @CckmOperation({
    name: 'StartSynchronization',
    route: ['POST', 'cckm/aws/synchronization-jobs'],
    resource: 'key',
    status: 202,
    summary: 'Synchronizes the records with KMS',
    description:
      'Passes over the keys of KMS containers: records keys that were created through KMS, reads the others again, and finds those that KMS no longer has. ' +
      'The caller needs `kms:ListKeys`; keys that the caller may not describe are left as they are. The job has ended when the answer arrives.',
    example: '-d \'{"synchronize_all":true}\'',
    output: Synchronization,
  })
  async synchronize(
    call: Call,
    @Body(StartSynchronizationInput) { kms, regions, synchronize_all = false }: StartSynchronizationInput,
  ): Promise<Synchronization> {
    const chosen = listOf(kms);
    if (synchronize_all === chosen.length > 0)
      throw new CckmException('NCERRBadRequest', 'Either kms or synchronize_all is required');
    const containers: ContainerRow[] = synchronize_all ? await this.containers.list() : [];
    for (const name of new Set(chosen)) containers.push(await this.containers.find(name));
    const active = synchronize_all ? containers.filter(({ isArchived }) => !isArchived) : containers;
    for (const container of active) requireChangeable(call, container, 'keysynchronize');
    const wanted = listOf(regions);
    const passes: Pass[] = [];
    for (const container of active)
      for (const region of container.regions.split(','))
        if (wanted.length === 0 || wanted.includes(region))
          passes.push(await this.synchronizer.pass(call, container, region));
    const document = { kms: active.map(({ id }) => id), synchronize_all, passes };
    return presentSynchronization(await this.jobs.add(call, 'synchronization', document));
  }

  @CckmOperation({
    name: 'ListSynchronizations',
    route: ['GET', 'cckm/aws/synchronization-jobs'],
    resource: 'self',
    summary: 'Lists the caller’s synchronization jobs',
    description: 'Jobs are kept for 30 days. The newest come first.',
    output: Synchronizations,
  })
  async synchronizations(call: Call, @Query(Paging) paging: Paging): Promise<Envelope<Synchronization>> {
    return pageOf((await this.jobs.list(call, 'synchronization')).map(presentSynchronization), paging, BY_TIME);
  }

  @CckmOperation({
    name: 'GetSynchronization',
    route: ['GET', 'cckm/aws/synchronization-jobs/:id'],
    resource: 'self',
    summary: 'Gets a synchronization job of the caller',
    description: 'Says for each Region how many keys were added, updated and found gone.',
    output: Synchronization,
  })
  async synchronization(call: Call, @Param(IdPath) { id }: IdPath): Promise<Synchronization> {
    return presentSynchronization(await this.jobs.find(call, 'synchronization', id));
  }

  @CckmOperation({
    name: 'CancelSynchronization',
    route: ['POST', 'cckm/aws/synchronization-jobs/:id/cancel'],
    resource: 'self',
    summary: 'Cancels a synchronization job',
    description: 'A job has ended when its id is known, so that this answers NCERRConflict.',
    output: Synchronization,
  })
  async cancelSynchronization(call: Call, @Param(IdPath) { id }: IdPath): Promise<Synchronization> {
    throw ended(await this.jobs.find(call, 'synchronization', id));
  }

  @CckmOperation({
    name: 'StartBulkJob',
    route: ['POST', 'cckm/aws/bulkjob'],
    resource: 'key',
    status: 202,
    summary: 'Does one thing to many keys',
    description:
      'Enables keys, disables them, schedules or cancels their deletion, or gives them a policy template. Each key has its own result. The job has ended when the answer arrives.',
    example: '-d \'{"keys":["baf58871-2503-4d13-a84a-339aeb8fdfaf"],"operation":"schedulekeydeletion","days":7}\'',
    output: Bulk,
  })
  async startBulk(call: Call, @Body(StartBulkInput) input: StartBulkInput): Promise<Bulk> {
    const act = await this.bulk.of(input);
    const results: Result[] = [];
    for (const id of new Set(input.keys))
      try {
        await act(call, id);
        results.push({ key_id: id, status: 'completed' });
      } catch (error) {
        if (!(error instanceof ServiceException)) throw error;
        results.push({ key_id: id, status: 'failed', error: `${error.name}: ${error.message}` });
      }
    return presentBulk(await this.jobs.add(call, 'bulk', { operation: input.operation, results }));
  }

  @CckmOperation({
    name: 'ListBulkJobs',
    route: ['GET', 'cckm/aws/bulkjob'],
    resource: 'self',
    summary: 'Lists the caller’s bulk jobs',
    description: 'Jobs are kept for 30 days. The newest come first.',
    output: Bulks,
  })
  async bulks(call: Call, @Query(Paging) paging: Paging): Promise<Envelope<Bulk>> {
    return pageOf((await this.jobs.list(call, 'bulk')).map(presentBulk), paging, BY_TIME);
  }

  @CckmOperation({
    name: 'GetBulkJob',
    route: ['GET', 'cckm/aws/bulkjob/:id'],
    resource: 'self',
    summary: 'Gets a bulk job of the caller',
    description: 'Has the result for each key.',
    output: Bulk,
  })
  async getBulk(call: Call, @Param(IdPath) { id }: IdPath): Promise<Bulk> {
    return presentBulk(await this.jobs.find(call, 'bulk', id));
  }

  @CckmOperation({
    name: 'CancelBulkJob',
    route: ['POST', 'cckm/aws/bulkjob/:id/cancel'],
    resource: 'self',
    summary: 'Cancels a bulk job',
    description: 'A job has ended when its id is known, so that this answers NCERRConflict.',
    output: Bulk,
  })
  async cancelBulk(call: Call, @Param(IdPath) { id }: IdPath): Promise<Bulk> {
    throw ended(await this.jobs.find(call, 'bulk', id));
  }
}

function listOf(names: string | string[] | undefined): string[] {
  return [names ?? []].flat().filter((name) => name !== '');
}

function ended({ id }: JobRow): CckmException {
  return new CckmException('NCERRConflict', `The job ${id} has ended`);
}

function presentJob({ id, createdAt }: JobRow, parts: readonly { status: string }[]) {
  return {
    ...resource('job', id, { createdAt, updatedAt: createdAt }),
    cloud_name: 'aws',
    overall_status: parts.every(({ status }) => status === 'completed') ? 'completed' : 'failed',
  };
}

function presentSynchronization(row: JobRow): Synchronization {
  const { passes, ...document } = JSON.parse(row.document) as Pick<
    Synchronization,
    'kms' | 'synchronize_all' | 'passes'
  >;
  return { ...presentJob(row, passes), ...document, passes };
}

function presentBulk(row: JobRow): Bulk {
  const { operation, results } = JSON.parse(row.document) as Pick<Bulk, 'operation' | 'results'>;
  return { ...presentJob(row, results), operation, results };
}
