import { CreateKeyCommand, DescribeKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { ContainerRepository } from '../../../src/cckm/containers/container.repository.js';
import { Synchronizer } from '../../../src/cckm/jobs/synchronize.js';
import { KmsDeletionWorker } from '../../../src/kms/keys/kms-deletion.worker.js';
import { statement } from '../../support/admin.js';
import { rootCall } from '../../support/call.js';
import { type AwsKey, type CckmUser, MISSING, useCckm, UUID } from '../../support/cckm.js';
import { kmsClient } from '../../support/kms.js';

const { service, user } = useCckm({ KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });

type Json = Record<string, unknown>;

let ann: CckmUser;
beforeAll(async () => {
  ann = await user('ann', statement(['kms:*', 'cckm:*']));
});

describe('a synchronization', () => {
  const synchronize = (body: object) => ann.ok('POST', 'cckm/aws/synchronization-jobs', body, 202);

  test('records keys that were created through KMS, refreshes the others, and finds missing ones', async () => {
    const recorded = await ann.createKey({ Alias: 'synchronized' });
    const doomed = await ann.createKey();
    const kms = kmsClient(service);
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'made through KMS' }));
    const { KeyId = '' } = KeyMetadata!;
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyId}`)).toMatchObject({ total: 0 });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: doomed.aws_param.KeyID, PendingWindowInDays: 7 }));
    await service.app.get(KmsDeletionWorker, { strict: false }).doDue(new Date(Date.now() + 8 * 86_400_000));

    const job = await synchronize({ kms: ['kms'], regions: ['us-east-1'] });
    expect(job).toMatchObject({
      id: expect.stringMatching(UUID),
      overall_status: 'completed',
      cloud_name: 'aws',
      synchronize_all: false,
      passes: [{ kms: 'kms', region: 'us-east-1', status: 'completed', added: 1, gone: 1 }],
    });
    const found = await ann.ok<{ resources: AwsKey[] }>('GET', `cckm/aws/keys?keyid=${KeyId}&region=us-east-1`);
    expect(found).toMatchObject({
      total: 1,
      resources: [{ kms: 'kms', aws_param: { Description: 'made through KMS' } }],
    });
    const after = await ann.ok<AwsKey>('GET', `cckm/aws/keys/${recorded.id}`);
    expect(String(after['synced_at']) > String(recorded['synced_at'])).toBe(true);
    expect(String(after['updatedAt']) > String(recorded['updatedAt'])).toBe(true);
    expect(await ann.ok('GET', `cckm/aws/keys/${doomed.id}`)).toMatchObject({ gone: true });

    expect(await synchronize({ kms: 'kms', regions: 'us-east-1' })).toMatchObject({ passes: [{ added: 0 }] });
    const twice = await synchronize({ kms: ['kms', String(recorded['kms_id']), 'kms'], regions: ['us-east-1'] });
    expect(twice['passes']).toHaveLength(1);
    expect(await ann.ok('GET', `cckm/aws/keys?keyid=${KeyId}`)).toMatchObject({
      total: 1,
      resources: [{ id: found.resources[0]!.id }],
    });
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata).toMatchObject({ Enabled: true });
  });

  test('of all containers covers each of their Regions, and leaves a key in the container that has it', async () => {
    const other = await ann.createContainer('second', ['us-east-1']);
    const key = await ann.createKey();
    const job = await synchronize({ synchronize_all: true });
    expect(job).toMatchObject({ overall_status: 'completed', synchronize_all: true });
    expect((job['passes'] as Json[]).map(({ kms, region }) => `${String(kms)} ${String(region)}`)).toEqual(
      expect.arrayContaining(['second us-east-1', 'kms us-east-1', 'kms eu-west-1']),
    );
    expect(await ann.ok('GET', `cckm/aws/keys/${key.id}`)).toMatchObject({ kms: 'kms' });
    expect(await ann.ok('GET', 'cckm/aws/keys?kms=second')).toMatchObject({ total: 0 });
    await ann.send('DELETE', `cckm/aws/kms/${other.id}`);
  });

  test('reads no more keys than its limit, and a later one reads the rest', async () => {
    const name = 'bounded';
    const { id } = await ann.createContainer(name, ['eu-west-1']);
    const kms = kmsClient(service, { region: 'eu-west-1' });
    for (let i = 0; i < 3; i++) await kms.send(new CreateKeyCommand({}));
    const container = await service.app.get(ContainerRepository).find(id);
    const call = rootCall('StartSynchronization');
    const pass = (keys: number) => service.app.get(Synchronizer).keysOf(call, container, 'eu-west-1', { keys });
    const at = { kms: name, region: 'eu-west-1', status: 'completed', gone: 0 };
    expect(await pass(2)).toEqual({ ...at, added: 2, updated: 0, remaining: 1 });
    expect(await pass(2)).toEqual({ ...at, added: 1, updated: 1, remaining: 1 });
    expect(await pass(3)).toEqual({ ...at, added: 0, updated: 3, remaining: 0 });
    expect(await ann.ok('GET', `cckm/aws/keys?kms=${name}`)).toMatchObject({ total: 3 });
  });

  test('is visible only to the user who started it, and can no longer be cancelled', async () => {
    const job = await synchronize({ kms: 'kms' });
    const path = `cckm/aws/synchronization-jobs/${String(job['id'])}`;
    expect(await ann.ok('GET', path)).toEqual(job);
    expect(await ann.ok('GET', 'cckm/aws/synchronization-jobs?limit=1&sort=-createdAt')).toMatchObject({
      limit: 1,
      resources: [{}],
    });
    expect(await ann.refused('POST', `${path}/cancel`)).toMatch(/^409 17 NCERRConflict \| The job .* has ended/);
    const eve = await user('eve', statement(['kms:*', 'cckm:*']));
    expect(await eve.refused('GET', path)).toMatch(/^404 16 /);
    expect(await eve.refused('POST', `${path}/cancel`)).toMatch(/^404 16 /);
    expect(await eve.ok('GET', 'cckm/aws/synchronization-jobs')).toMatchObject({ total: 0 });
    expect(await ann.refused('GET', `cckm/aws/bulkjob/${String(job['id'])}`)).toMatch(/^404 16 /);
  });

  test.each<[string, object, string]>([
    ['nothing', {}, '400 15 NCERRBadRequest'],
    ['both', { kms: 'kms', synchronize_all: true }, '400 15 NCERRBadRequest'],
    ['an unknown container', { kms: ['kms', 'none'] }, '404 16 '],
    ['a number', { kms: 5 }, '400 '],
    ['an empty list', { kms: [] }, '400 15 '],
    ['a Region that no container has', { kms: 'kms', regions: ['us-east-1', 'nowhere'] }, '400 9 '],
    ['such a Region of all containers', { synchronize_all: true, regions: 'us-east-1,eu-west-1' }, '400 9 '],
  ])('is not started for %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/synchronization-jobs', body)).toContain(message);
  });
});

describe('a bulk job', () => {
  const bulk = (body: object) => ann.ok('POST', 'cckm/aws/bulkjob', body, 202);

  test('changes keys, each with its own result', async () => {
    const [one, two] = [await ann.createKey(), await ann.createKey({ Origin: 'EXTERNAL' })];
    const keys = [one.id, two.id, MISSING, one.id];
    const scheduled = await bulk({ keys, operation: 'schedulekeydeletion', days: 8 });
    expect(scheduled).toMatchObject({
      overall_status: 'failed',
      operation: 'schedulekeydeletion',
      results: [
        { key_id: one.id, status: 'completed' },
        { key_id: two.id, status: 'completed' },
        { key_id: MISSING, status: 'failed', error: 'NCERRResourceNotFound: Key not found' },
      ],
    });
    expect(await bulk({ keys: [one.id, two.id], operation: 'cancelkeydeletion' })).toMatchObject({
      overall_status: 'completed',
    });
    const enabled = await bulk({ keys: [one.id, two.id], operation: 'enablekey' });
    expect(enabled).toMatchObject({
      results: [
        { status: 'completed' },
        { status: 'failed', error: expect.stringContaining('KMSInvalidStateException') as unknown },
      ],
    });
    expect(await ann.ok('GET', `cckm/aws/keys/${one.id}`)).toMatchObject({ aws_param: { KeyState: 'Enabled' } });
    await bulk({ keys: [one.id], operation: 'disablekey' });
    expect(await ann.ok('GET', `cckm/aws/keys/${one.id}`)).toMatchObject({ aws_param: { KeyState: 'Disabled' } });

    const path = `cckm/aws/bulkjob/${String(scheduled['id'])}`;
    expect(await ann.ok('GET', path)).toEqual(scheduled);
    expect(await ann.ok('GET', 'cckm/aws/bulkjob')).toMatchObject({ total: 4 });
    expect(await ann.refused('POST', `${path}/cancel`)).toMatch(/^409 17 /);
  });

  test('beside another one leaves each key in a state that one of them set, as every answer shows', async () => {
    const keys = [(await ann.createKey()).id, (await ann.createKey()).id];
    const jobs = await Promise.all(
      ['schedulekeydeletion', 'disablekey', 'schedulekeydeletion', 'enablekey'].map((operation) =>
        bulk({ keys, operation }),
      ),
    );
    expect(jobs.map(({ results }) => (results as Json[]).map(({ key_id }) => key_id))).toEqual(jobs.map(() => keys));
    for (const [i, id] of keys.entries()) {
      const scheduled = [jobs[0]!, jobs[2]!].filter(({ results }) => (results as Json[])[i]!['status'] === 'completed');
      expect(scheduled).toHaveLength(1);
      const { aws_param } = await ann.ok<AwsKey>('GET', `cckm/aws/keys/${id}`);
      const { KeyMetadata } = await kmsClient(service).send(new DescribeKeyCommand({ KeyId: aws_param.KeyID }));
      expect([aws_param.KeyState, KeyMetadata!.KeyState]).toEqual(['PendingDeletion', 'PendingDeletion']);
    }
  });

  test.each<[string, object, string]>([
    ['no keys', { keys: [], operation: 'enablekey' }, '400 9 '],
    ['201 keys', { keys: Array.from({ length: 201 }, () => 'x'), operation: 'enablekey' }, '400 9 '],
    ['another operation', { keys: ['x'], operation: 'deletekey' }, '400 9 '],
    ['too few days', { keys: ['x'], operation: 'schedulekeydeletion', days: 6 }, '400 9 '],
    ['no template', { keys: ['x'], operation: 'applypolicytemplate' }, '400 15 '],
    ['an unknown template', { keys: ['x'], operation: 'applypolicytemplate', policy_template_id: 'x' }, '404 16 '],
  ])('is not started for %s', async (_, body, message) => {
    expect(await ann.refused('POST', 'cckm/aws/bulkjob', body)).toContain(message);
  });
});
