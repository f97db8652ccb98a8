import { readFileSync } from 'node:fs';
import { DeleteKeyCommand } from '@aws-sdk/client-payment-cryptography';
import { parse } from 'yaml';
import { DeploymentCounts } from '../../src/admin/deployment-counts.js';
import { Nodes } from '../../src/admin/nodes.js';
import { adminOf } from '../support/admin.js';
import { useService } from '../support/api.js';
import { approvalsOf, sessionIdOf } from '../support/approvals.js';
import { createKey } from '../support/keys.js';
import { sendUnsigned, target } from '../support/service.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const service = useService({ KEYBLOCK_DATA_PLANE_RATE: '1', KEYBLOCK_REGIONS: 'us-east-1,eu-west-1' });

const metrics = async () => (await sendUnsigned(`${service.url}/metrics`, {})).text;
const count = () => service.app.get<DeploymentCounts>(DeploymentCounts, { strict: false }).count();

/** Returns the value of a metric with its labels, as the text format has it. */
async function valueOf(series: string): Promise<number | undefined> {
  const line = (await metrics()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

/** Returns the names of the series of every registered metric, with its help. */
async function registered(): Promise<Map<string, string>> {
  const text = await metrics();
  const help = new Map(Array.from(text.matchAll(/^# HELP (\S+) (.*)$/gm), ([, name = '', said = '']) => [name, said]));
  const histograms = Array.from(text.matchAll(/^# TYPE (\S+) histogram$/gm), ([, name = '']) => name);
  for (const name of histograms)
    for (const suffix of ['bucket', 'sum', 'count']) help.set(`${name}_${suffix}`, help.get(name) ?? '');
  return help;
}

describe('metrics', () => {
  test('report the version, the master key, the freshness and the load of a node', async () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(await valueOf(`keyblock_build_info{version="${version}"}`)).toBe(1);
    expect(await metrics()).toMatch(/^keyblock_master_key_info\{id="[0-9a-f]{16}",state="active"\} 1$/m);
    expect(await valueOf('keyblock_listener_up')).toBe(1);
    expect(await valueOf('keyblock_epoch_age_seconds')).toBeGreaterThanOrEqual(0);
    const utilization = await valueOf('keyblock_event_loop_utilization');
    expect(utilization).toBeGreaterThanOrEqual(0);
    expect(utilization).toBeLessThanOrEqual(1);
  });

  test('count lookups of keys: the first reads, the next are answered from the cache', async () => {
    const { KeyArn: arn } = await createKey(service);
    const lookups = (result: string) =>
      valueOf(`keyblock_key_cache_requests_total{service="payment-cryptography",result="${result}"}`);
    const before = [await lookups('miss'), await lookups('hit')];
    for (let i = 0; i < 3; i++)
      await service.send({ headers: target('GetKey'), body: JSON.stringify({ KeyIdentifier: arn }) });
    const after = [await lookups('miss'), await lookups('hit')];
    expect(after.map((value, i) => value! - before[i]!)).toEqual([1, 2]);
    expect(await valueOf('keyblock_key_cache_entries{service="payment-cryptography"}')).toBeGreaterThanOrEqual(1);
  });

  test('count callers that could not be authenticated, by reason, and nobody else', async () => {
    const failures = async () => (await metrics()).match(/^keyblock_signature_failures_total\{.*$/gm);
    await service.send({ headers: target('ListKeys') });
    expect(await failures()).toBeNull();
    const headers = target('ListKeys');
    await service.send({ headers, credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' } });
    await service.send({ headers, tamper: (sent) => (sent.body = '{ }') });
    await service.send({ headers, tamper: (sent) => (sent.body = '{  }') });
    await sendUnsigned(`${service.url}/`, { method: 'POST', body: '{}', headers });
    expect((await failures())?.sort()).toEqual([
      'keyblock_signature_failures_total{reason="InvalidSignatureException"} 2',
      'keyblock_signature_failures_total{reason="MissingAuthenticationTokenException"} 1',
      'keyblock_signature_failures_total{reason="UnrecognizedClientException"} 1',
    ]);
  });

  test('count throttled requests by plane', async () => {
    const send = () => service.send({ path: '/mac/generate' });
    const answers = await Promise.all([send(), send(), send()]);
    const throttled = answers.filter(({ text }) => text.includes('ThrottlingException')).length;
    expect(throttled).toBeGreaterThan(0);
    expect(await valueOf('keyblock_throttled_total{plane="data"}')).toBe(throttled);
  });

  test('count keys by state, and those that will be destroyed', async () => {
    const { KeyArn: arn } = await createKey(service);
    await count();
    const keys = (state: string) =>
      valueOf(`keyblock_keys{service="payment-cryptography",region="us-east-1",state="${state}"}`);
    const before = await keys('CREATE_COMPLETE');
    await service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: arn, DeleteKeyInDays: 3 }));
    await count();
    expect(await keys('CREATE_COMPLETE')).toBe(before! - 1);
    expect(await keys('DELETE_PENDING')).toBe(1);
    expect(await valueOf('keyblock_deletions_within_7d')).toBe(1);
    expect(await valueOf('keyblock_deletions_due')).toBe(0);
    expect(await valueOf('keyblock_replication_oldest_seconds{region="eu-west-1"}')).toBe(0);
    expect(await valueOf('keyblock_clock_offset_seconds')).toBeCloseTo(0, 0);
  });

  test('count requests for approval by state', async () => {
    const { createUsers, createTeam, guard, newKey, control } = approvalsOf(adminOf(service));
    await createUsers();
    await createTeam('custodians');
    await guard('DeleteKey', 'custodians');
    await count();
    const counts = () =>
      Promise.all(['PENDING', 'EXECUTED'].map((state) => valueOf(`keyblock_approvals{state="${state}"}`)));
    expect(await counts()).toEqual([0, 0]);
    sessionIdOf(await control('DeleteKey', { KeyIdentifier: await newKey() }));
    await count();
    expect(await counts()).toEqual([1, 0]);
  });

  test('of shared state come from the node that started first, and from no other', async () => {
    const database = service.app.get<Nodes>(Nodes, { strict: false })['database'];
    await database.query(
      `INSERT INTO nodes SELECT 'other', host, pid, version, workers, started_at - interval '1 hour', now(), 0 FROM nodes`,
    );
    await count();
    expect(await valueOf('keyblock_deletions_due')).toBeUndefined();
    await database.query(`DELETE FROM nodes WHERE id = 'other'`);
    await count();
    expect(await valueOf('keyblock_deletions_due')).toBe(0);
  });
});

describe('alerts and the board', () => {
  const METRIC = /\b(?:keyblock|nodejs|process)_\w+/g;
  const alerts = parse(read('deploy/prometheus/alerts.yaml')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const rules = alerts.groups.flatMap((group) => group.rules);
  const board = JSON.parse(read('deploy/grafana/keyblock.json')) as {
    panels: { type: string; title: string; targets?: { expr: string }[] }[];
  };
  const expressions = [
    ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
    ...board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ];

  test('ask only for metrics that the service has', async () => {
    const known = await registered();
    const unknown = expressions.flatMap(([name, expr]) =>
      Array.from(expr.matchAll(METRIC), ([metric]) => metric)
        .filter((metric) => !known.has(metric))
        .map((metric) => `${name}: ${metric}`),
    );
    expect(unknown).toEqual([]);
    expect(expressions.every(([, expr]) => expr.match(METRIC))).toBe(true);
  });

  test('the board has five rows', () => {
    expect(board.panels.flatMap(({ type, title }) => (type === 'row' ? [title] : []))).toEqual([
      ...['Calls and outcomes', 'Latency by operation', 'Process and workers', 'Database and cache'],
      'Audit and replication',
    ]);
  });

  test('docs/monitoring.md has every metric and every alert', async () => {
    const document = read('docs/monitoring.md');
    const names = [...(await registered()).keys()].filter((name) => /^keyblock_(?!.*_(bucket|sum|count)$)/.test(name));
    expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
    expect(rules.map(({ alert }) => alert).filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
  });
});
