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
import type { JobKind, JobRow } from './job.entity.js';
import { JobRepository } from './job.repository.js';
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

/** Maximum number of keys per synchronization, so that the request ends before the client's timeout. */
const MAX_KEYS = 2000;

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
    summary: 'Synchronizes the records of keys with KMS',
    description:
      'Adds records for keys that were created through KMS, refreshes the other records, and marks keys that KMS no longer has. ' +
      `The job runs within the request and reads at most ${MAX_KEYS.toLocaleString('en')} keys: new ones first, then the least ` +
      'recently synchronized. `remaining` counts the others. The caller needs `kms:ListKeys`; keys that the caller may not ' +
      'describe are left out.',
    example: '-d \'{"synchronize_all":true}\'',
    output: Synchronization,
  })
  synchronize(call: Call, @Body(StartSynchronizationInput) input: StartSynchronizationInput): Promise<Synchronization> {
    const budget = { keys: MAX_KEYS };
    return this.#synchronize(call, 'synchronization', input, (container, region) =>
      this.synchronizer.keysOf(call, container, region, budget),
    );
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
    description: 'Returns the numbers of keys that were added, updated and found missing, for each Region.',
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
    description: 'Always fails with NCERRConflict, because a job has ended by the time its id is known.',
    output: Synchronization,
  })
  async cancelSynchronization(call: Call, @Param(IdPath) { id }: IdPath): Promise<Synchronization> {
    throw ended(await this.jobs.find(call, 'synchronization', id));
  }

  @CckmOperation({
    name: 'StartStoreSynchronization',
    route: ['POST', 'cckm/aws/custom-key-stores/synchronization-jobs'],
    resource: 'store',
    status: 202,
    summary: 'Synchronizes the records of custom key stores with KMS',
    description:
      'Adds records for stores that were created through KMS, refreshes the others, and marks stores that KMS no longer has. The ' +
      'caller needs `kms:DescribeCustomKeyStores`. The job runs within the request.',
    example: '-d \'{"synchronize_all":true}\'',
    output: Synchronization,
  })
  synchronizeStores(
    call: Call,
    @Body(StartSynchronizationInput) input: StartSynchronizationInput,
  ): Promise<Synchronization> {
    return this.#synchronize(call, 'stores', input, (container, region) =>
      this.synchronizer.storesOf(call, container, region),
    );
  }

  @CckmOperation({
    name: 'ListStoreSynchronizations',
    route: ['GET', 'cckm/aws/custom-key-stores/synchronization-jobs'],
    resource: 'self',
    summary: 'Lists the caller’s synchronization jobs of custom key stores',
    description: 'Jobs are kept for 30 days. The newest come first.',
    output: Synchronizations,
  })
  async storeSynchronizations(call: Call, @Query(Paging) paging: Paging): Promise<Envelope<Synchronization>> {
    return pageOf((await this.jobs.list(call, 'stores')).map(presentSynchronization), paging, BY_TIME);
  }

  @CckmOperation({
    name: 'GetStoreSynchronization',
    route: ['GET', 'cckm/aws/custom-key-stores/synchronization-jobs/:id'],
    resource: 'self',
    summary: 'Gets a synchronization job of custom key stores',
    description: 'Returns the numbers of stores that were added, updated and found missing, for each Region.',
    output: Synchronization,
  })
  async storeSynchronization(call: Call, @Param(IdPath) { id }: IdPath): Promise<Synchronization> {
    return presentSynchronization(await this.jobs.find(call, 'stores', id));
  }

  @CckmOperation({
    name: 'CancelStoreSynchronization',
    route: ['POST', 'cckm/aws/custom-key-stores/synchronization-jobs/:id/cancel'],
    resource: 'self',
    summary: 'Cancels a synchronization job of custom key stores',
    description: 'Always fails with NCERRConflict, because a job has ended by the time its id is known.',
    output: Synchronization,
  })
  async cancelStoreSynchronization(call: Call, @Param(IdPath) { id }: IdPath): Promise<Synchronization> {
    throw ended(await this.jobs.find(call, 'stores', id));
  }

  @CckmOperation({
    name: 'StartBulkJob',
    route: ['POST', 'cckm/aws/bulkjob'],
    resource: 'key',
    status: 202,
    summary: 'Runs an operation on up to 200 keys',
    description:
      'Enables keys, disables them, schedules or cancels their deletion, or applies a policy template, which needs `cckm:GetTemplate`. A key that fails doesn’t stop the job: each has its own result. The job runs within the request.',
    example: '-d \'{"keys":["baf58871-2503-4d13-a84a-339aeb8fdfaf"],"operation":"schedulekeydeletion","days":7}\'',
    output: Bulk,
  })
  async startBulk(call: Call, @Body(StartBulkInput) input: StartBulkInput): Promise<Bulk> {
    const act = await this.bulk.of(call, input);
    const results: Result[] = [];
    for (const id of new Set(input.keys))
      try {
        await act(id);
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
    description: 'Returns the result for each key.',
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
    description: 'Always fails with NCERRConflict, because a job has ended by the time its id is known.',
    output: Bulk,
  })
  async cancelBulk(call: Call, @Param(IdPath) { id }: IdPath): Promise<Bulk> {
    throw ended(await this.jobs.find(call, 'bulk', id));
  }

  async #synchronize(
    call: Call,
    kind: JobKind,
    { kms, regions, synchronize_all = false }: StartSynchronizationInput,
    pass: (container: ContainerRow, region: string) => Promise<Pass>,
  ): Promise<Synchronization> {
    const chosen = listOf(kms);
    if (synchronize_all === chosen.length > 0)
      throw new CckmException('NCERRBadRequest', 'Either kms or synchronize_all is required');
    const containers = synchronize_all ? (await this.containers.list()).filter(({ isArchived }) => !isArchived) : [];
    for (const name of chosen) {
      const found = await this.containers.find(name);
      if (!containers.some(({ id }) => id === found.id)) containers.push(found);
    }
    for (const container of containers) requireChangeable(call, container, 'keysynchronize');
    const wanted = listOf(regions);
    const present = new Set(containers.flatMap((container) => container.regions.split(',')));
    const other = wanted.find((region) => !present.has(region));
    if (other !== undefined)
      throw new CckmException(
        'NCERRInvalidParamValue',
        `regions must be among those of the KMS: ${[...present].join()}`,
      );
    const passes: Pass[] = [];
    for (const container of containers)
      for (const region of container.regions.split(','))
        if (wanted.length === 0 || wanted.includes(region)) passes.push(await pass(container, region));
    const document = { kms: containers.map(({ id }) => id), synchronize_all, passes };
    return presentSynchronization(await this.jobs.add(call, kind, document));
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
