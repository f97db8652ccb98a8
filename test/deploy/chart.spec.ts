import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/config.js';
import { CHART, type Manifest, objectsOf, type Part, render, renderText, type Values } from '../support/chart.js';
import { FULL, LEAST } from '../support/chart-values.js';
import { typeProblems } from '../support/kubernetes-types.js';

const PLAIN = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));

/* eslint-disable @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call,
   @typescript-eslint/no-unsafe-member-access -- parts of Kubernetes objects, whose types the first test checks */

const least = render(LEAST);
const full = render(FULL);

const named = (objects: Manifest[], kind: string, name = 'keyblock'): Manifest => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}`);
  return found;
};
const podOf = (object: Manifest): Part =>
  object.kind === 'CronJob' ? object.spec.jobTemplate.spec.template : object.spec.template;
const podsOf = (objects: Manifest[]): Part[] =>
  objects.filter(({ kind }) => ['Deployment', 'CronJob'].includes(kind)).map((object) => podOf(object).spec);
const containerOf = (objects: Manifest[]): Part => podOf(named(objects, 'Deployment')).spec.containers[0];

describe('the objects of the chart', () => {
  test("fit Kubernetes' types, without unknown fields", () => {
    expect(typeProblems([...least, ...full])).toEqual([]);
  });

  test('would be refused with a misspelled field, or a value of another type', () => {
    const deployment = named(least, 'Deployment');
    const misspelled = { ...deployment, spec: { ...deployment.spec, minReadySecond: 1 } };
    const mistyped = { ...deployment, spec: { ...deployment.spec, replicas: 'three' } };
    expect(typeProblems([misspelled, mistyped])).toEqual([
      expect.stringMatching(/minReadySecond.* does not exist in type 'DeploymentSpec'/),
      expect.stringContaining("'string' is not assignable to type 'number'"),
    ]);
  });

  test('are named once each, and select pods that exist', () => {
    for (const objects of [least, full]) {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      const pods = objects.filter(({ spec }) => spec.template ?? spec.jobTemplate).map((object) => podOf(object));
      const selectors = objects.flatMap(({ kind, spec }) =>
        kind === 'ServiceMonitor' ? [] : [spec.podSelector?.matchLabels ?? spec.selector?.matchLabels ?? spec.selector],
      );
      for (const selector of selectors.filter(Boolean))
        expect(pods.map(({ metadata }: Part) => metadata.labels)).toContainEqual(expect.objectContaining(selector));
    }
  });

  test('are those of the plain manifests, which are fresh', () => {
    const values = parse(readFileSync(join(PLAIN, 'values.yaml'), 'utf8')) as Values;
    const texts = [...renderText(values)].filter(([name]) => name.endsWith('.yaml')).map(([, text]) => text.trim());
    const made =
      '# Made from the chart and values.yaml: RECORD=1 NODE_OPTIONS=--experimental-vm-modules npx jest test/deploy/chart\n' +
      texts
        .filter(Boolean)
        .join('\n---\n')
        .replace(/^ +$/gm, '')
        .replace(/\n---\s*$/, '') +
      '\n';
    const file = join(PLAIN, 'keyblock.yaml');
    if (process.env['RECORD']) writeFileSync(file, made);
    expect(readFileSync(file, 'utf8')).toBe(made);
    expect(objectsOf(made).map(({ kind }) => kind)).toEqual([
      ...['PodDisruptionBudget', 'HorizontalPodAutoscaler', 'Deployment', 'CronJob', 'CronJob'],
      ...['NetworkPolicy', 'NetworkPolicy', 'Service', 'Service'],
    ]);
  });
});

describe('the configuration', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'keyblock-chart-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const SECRETS: Record<string, string> = {
    'master-key': '00112233445566778899aabbccddeeff'.repeat(2),
    'secret-access-key': 'a-secret-access-key-of-the-chart',
    pgpass: 'postgres:5432:*:keyblock:the-password',
    uri: 'postgresql://keyblock:the-password@postgres:5432/keyblock',
  };
  const COMPONENTS: Record<string, string> = { alice: '01'.repeat(32), bob: '02'.repeat(32) };

  /** Writes the files that a pod's volumes mount. @returns the environment of its container, with their paths here */
  const environmentOf = (pod: Part): Record<string, string> => {
    const container = pod.containers[0];
    for (const { name, mountPath } of container.volumeMounts) {
      const volume = pod.volumes.find((each: Part) => each.name === name);
      for (const { key, path } of volume?.secret?.items ?? []) {
        const file = join(folder, mountPath, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, COMPONENTS[volume.secret.secretName] ?? SECRETS[key] ?? '');
      }
    }
    return Object.fromEntries(
      container.env
        .filter(({ name }: Part) => !['JOB_POD', 'KEYBLOCK_TLS_CERT_FILE', 'KEYBLOCK_TLS_KEY_FILE'].includes(name))
        .map(({ name, value, valueFrom }: Part) => [
          name,
          (value ?? SECRETS[valueFrom.secretKeyRef.key]).replaceAll('/run/secrets', join(folder, '/run/secrets')),
        ]),
    );
  };

  test('is one that the service and its commands accept: each setting exists, each file is mounted', () => {
    for (const pod of podsOf(least)) {
      const config = readConfig(environmentOf(pod));
      expect(config.databaseUrls).toEqual(['postgresql://keyblock:the-password@postgres:5432/keyblock']);
      expect(config.masterKey!.toString('hex')).toBe(SECRETS['master-key']);
      expect(config.rootCredentials!.secretAccessKey).toBe(SECRETS['secret-access-key']);
    }
  });

  test('has the components of two people, and the settings of env and extraEnv', () => {
    for (const pod of podsOf(full)) {
      const config = readConfig(environmentOf(pod));
      expect(config.masterKey!.toString('hex')).toBe('03'.repeat(32));
      expect(config).toMatchObject({ region: 'eu-central-1', regions: ['eu-central-1', 'eu-west-1'] });
      expect(config).toMatchObject({ accountId: '123456789012', keyCache: 50_000, maxKeys: 100_000, staleSeconds: 60 });
    }
    const { env } = containerOf(full);
    expect(env).toContainEqual({ name: 'PGSSLROOTCERT', value: '/ca/ca.crt' });
  });

  test('has one process per pod, its own port for metrics, and the drain', () => {
    const config = readConfig(environmentOf(podOf(named(full, 'Deployment')).spec));
    expect(config).toMatchObject({ workers: 1, metricsPort: 9100, drainSeconds: 20 });
  });

  test('names a token instead of a key', () => {
    const masterKey = { token: 'pkcs11:token=keyblock;object=master?pin-source=file:/pin&module-path=/module.so' };
    const pod = podOf(named(render({ ...LEAST, masterKey }), 'Deployment')).spec;
    const names = pod.containers[0].env.map(({ name }: Part) => name);
    expect(names.filter((name: string) => name.includes('MASTER_KEY'))).toEqual(['KEYBLOCK_MASTER_KEY_TOKEN']);
    expect(pod.volumes.map(({ name }: Part) => name)).toEqual(['database', 'root-access-key']);
  });

  test('holds no secret: secrets are files, except a URL from a Secret', () => {
    for (const { name, value } of containerOf(full).env)
      if (/SECRET|MASTER_KEY|PASS/.test(name)) expect(value).toMatch(/^\/run\/secrets\//);
    expect(JSON.stringify(podsOf(least))).not.toContain('subPath');
  });
});

describe('pods', () => {
  test('have no rights on the node and no token of Kubernetes, and write no file', () => {
    for (const pod of [...podsOf(least), ...podsOf(full)]) {
      expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(pod.containers[0].resources.limits).toEqual({ memory: '512Mi' });
      for (const { secret } of pod.volumes) if (secret?.items) expect(secret.defaultMode).toBe(0o440);
    }
  });

  test('run as the user of the image', () => {
    const image = readFileSync(fileURLToPath(new URL('../../Dockerfile', import.meta.url)), 'utf8');
    expect(/^USER (\d+)$/m.exec(image)?.[1]).toBe('1000');
  });

  test('are probed: two minutes to start, alive without the database, out of rotation after four seconds', () => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(least);
    expect(startupProbe).toMatchObject({ httpGet: { path: '/readyz' }, periodSeconds: 2, failureThreshold: 60 });
    expect(livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'api', scheme: 'HTTP' });
    expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz' }, periodSeconds: 2, failureThreshold: 2 });
    expect(containerOf(full).livenessProbe.httpGet.scheme).toBe('HTTPS');
  });

  test.each([
    ['least', least, 10],
    ['full', full, 20],
  ])('drain for longer than the probe takes, and have enough time to stop (%s)', (_, objects, drainSeconds) => {
    const { terminationGracePeriodSeconds, containers } = podOf(named(objects, 'Deployment')).spec;
    expect(containers[0].env).toContainEqual({ name: 'KEYBLOCK_DRAIN_SECONDS', value: String(drainSeconds) });
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainSeconds + 10 + 5);
    expect(containers[0].lifecycle).toBeUndefined();
    const { periodSeconds, failureThreshold } = containers[0].readinessProbe;
    expect(drainSeconds).toBeGreaterThan(periodSeconds * failureThreshold);
  });

  test('are replaced one at a time without reducing their number, and spread over zones and hosts', () => {
    const { spec } = named(least, 'Deployment');
    expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(named(least, 'PodDisruptionBudget').spec.maxUnavailable).toBe(1);
    const keys = spec.template.spec.topologySpreadConstraints.map(({ topologyKey }: Part) => topologyKey);
    expect(keys).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname']);
  });

  test('are scaled by CPU and the event loop, never by memory', () => {
    const metricsOf = (objects: Manifest[]) => named(objects, 'HorizontalPodAutoscaler').spec.metrics;
    expect(metricsOf(least)).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ]);
    expect(metricsOf(full)[1].pods).toEqual({
      metric: { name: 'keyblock_event_loop_utilization' },
      target: { type: 'AverageValue', averageValue: '700m' },
    });
    expect(named(least, 'Deployment').spec.replicas).toBeUndefined();
    const fixed = render({ ...LEAST, autoscaling: { enabled: false }, replicas: 5 });
    expect(named(fixed, 'Deployment').spec.replicas).toBe(5);
    expect(fixed.some(({ kind }) => kind === 'HorizontalPodAutoscaler')).toBe(false);
  });
});

describe('the network', () => {
  test('allows clients to reach the API, and Prometheus the metrics', () => {
    const { ingress, policyTypes } = named(full, 'NetworkPolicy').spec;
    expect(policyTypes).toEqual(['Ingress', 'Egress']);
    expect(ingress.map(({ ports, from }: Part) => [ports.map(({ port }: Part) => port), from])).toEqual([
      [['api', 'payshield'], [{ namespaceSelector: { matchLabels: { name: 'gateway' } } }]],
      [['metrics'], [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }]],
    ]);
  });

  test('allows pods to reach PostgreSQL, DNS and listed destinations', () => {
    const portsOf = (objects: Manifest[], name?: string) =>
      named(objects, 'NetworkPolicy', name).spec.egress.flatMap(({ ports }: Part) =>
        ports.map(({ port }: Part) => port),
      );
    expect(portsOf(least)).toEqual([53, 53, 5432]);
    expect(portsOf(full)).toEqual([53, 53, 5432, 1792]);
    expect(portsOf(full, 'keyblock-jobs')).toEqual(portsOf(full));
    expect(named(full, 'NetworkPolicy').spec.egress[1].to).toEqual([{ ipBlock: { cidr: '10.1.2.0/24' } }]);
    expect(named(full, 'NetworkPolicy', 'keyblock-jobs').spec.ingress).toEqual([]);
  });

  test('keeps the metrics out of the Service of the API', () => {
    const portsOf = (name: string) => named(full, 'Service', name).spec.ports.map(({ port }: Part) => port);
    expect(portsOf('keyblock')).toEqual([443, 1500]);
    expect(portsOf('keyblock-metrics')).toEqual([9100]);
    const monitor = named(full, 'ServiceMonitor');
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
    const { labels } = named(full, 'Service', 'keyblock-metrics').metadata;
    expect(labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(least.some(({ kind }) => kind === 'ServiceMonitor')).toBe(false);
  });
});

describe('jobs', () => {
  const commandsOf = (objects: Manifest[]) =>
    objects
      .filter(({ kind }) => kind === 'CronJob')
      .map((object) => {
        const { command, args } = podOf(object).spec.containers[0];
        return [...command, ...args].join(' ');
      });

  test('run keyblock commands, those that write a file only on request', () => {
    expect(commandsOf(least)).toEqual(['keyblock check', 'keyblock audit verify --since 2d']);
    expect(commandsOf(full)).toEqual([
      'keyblock check',
      'keyblock audit verify --since 2d',
      'keyblock audit export --to /exports',
      'keyblock backup --to /backups/$(JOB_POD)',
    ]);
  });

  test('write to the volume that they are given', () => {
    const { containers, volumes } = podOf(named(full, 'CronJob', 'keyblock-backup')).spec;
    expect(containers[0].image).toBe('registry.example/keyblock-with-pg-dump:1.2.3');
    expect(containers[0].volumeMounts).toContainEqual({ name: 'output', mountPath: '/backups' });
    expect(volumes).toContainEqual({ name: 'output', persistentVolumeClaim: { claimName: 'backups' } });
  });

  test('never overlap, and follow UTC', () => {
    for (const { kind, spec } of full)
      if (kind === 'CronJob') expect(spec).toMatchObject({ concurrencyPolicy: 'Forbid', timeZone: 'Etc/UTC' });
  });
});

describe('the chart refuses', () => {
  test.each<[string, Values, string | RegExp]>([
    ['no database', {}, 'Set database.url or database.urlSecret.name'],
    [
      'two databases',
      { database: { url: 'postgresql://a@b/c', urlSecret: { name: 'd' } } },
      'Set only one of database',
    ],
    ['a single component', { ...LEAST, masterKey: { components: [{ name: 'a', key: 'b' }] } }, 'two or more'],
    [
      'components and a token',
      { ...FULL, masterKey: { ...(FULL['masterKey'] as object), token: 'pkcs11:object=a' } },
      'Set only one of masterKey.components',
    ],
    [
      'an export without a volume',
      { ...LEAST, jobs: { auditExport: { enabled: true } } },
      'Set jobs.auditExport.claim',
    ],
    ['a backup without a volume', { ...LEAST, jobs: { backup: { enabled: true } } }, 'Set jobs.backup.claim'],
    ['an unknown value', { ...LEAST, replica: 2 }, /replica/],
    ['an unknown value deep inside', { ...LEAST, tls: { secret: 'a' } }, /secret/],
    ['a Region that does not exist', { ...LEAST, regions: ['Frankfurt'] }, /regions/],
    ['another database', { database: { url: 'mysql://a@b/c' } }, /url/],
    ['a drain that is shorter than the probe', { ...LEAST, drainSeconds: 2 }, /drainSeconds/],
    ['a port beyond 65535', { ...LEAST, metrics: { port: 70000 } }, /port/],
  ])('%s', (_, values, message) => {
    expect(() => render(values)).toThrow(message);
  });
});

test('the version of the chart is that of the service', () => {
  const read = (path: string) => readFileSync(path, 'utf8');
  const { version } = JSON.parse(read(fileURLToPath(new URL('../../package.json', import.meta.url)))) as Values;
  expect(parse(read(join(CHART, 'Chart.yaml')))).toMatchObject({ version, appVersion: version });
});
