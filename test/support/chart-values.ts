import type { Values } from './chart.js';

/** The minimal values with which the chart renders. */
export const LEAST: Values = { database: { url: 'postgresql://keyblock@postgres:5432/keyblock' } };

/** Values that use everything that the chart has. */
export const FULL: Values = {
  image: { repository: 'registry.example/keyblock', tag: '1.2.3' },
  imagePullSecrets: [{ name: 'registry' }],
  regions: ['eu-central-1', 'eu-west-1'],
  accountId: '123456789012',
  database: { urlSecret: { name: 'database', key: 'uri' }, passwordSecret: { name: '' } },
  masterKey: {
    components: [
      { name: 'alice', key: 'component' },
      { name: 'bob', key: 'component' },
    ],
  },
  tls: { secretName: 'keyblock-tls' },
  service: { type: 'LoadBalancer', port: 443, annotations: { 'example.com/internal': 'true' } },
  extraPorts: [{ name: 'payshield', port: 1500 }],
  metrics: { port: 9100, serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
  autoscaling: { minReplicas: 4, maxReplicas: 20, cpuUtilization: 50, eventLoopUtilization: '700m' },
  drainSeconds: 20,
  nodeSelector: { pool: 'pci' },
  tolerations: [{ key: 'pci', operator: 'Exists', effect: 'NoSchedule' }],
  networkPolicy: {
    from: [{ namespaceSelector: { matchLabels: { name: 'gateway' } } }],
    databaseTo: [{ ipBlock: { cidr: '10.1.2.0/24' } }],
    egress: [{ ports: [{ port: 1792, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '10.9.9.9/32' } }] }],
  },
  env: { KEYBLOCK_KEY_CACHE: '50000', KEYBLOCK_MAX_KEYS: 100000, KEYBLOCK_AUDIT: 'stdout', KEYBLOCK_STALE_SECONDS: 60 },
  extraEnv: [{ name: 'PGSSLROOTCERT', value: '/ca/ca.crt' }],
  extraVolumes: [
    { name: 'ca', configMap: { name: 'postgres-ca' } },
    { name: 'payshield', secret: { secretName: 'payshield' } },
  ],
  extraVolumeMounts: [
    { name: 'ca', mountPath: '/ca', readOnly: true },
    { name: 'payshield', mountPath: '/etc/keyblock', readOnly: true },
  ],
  jobs: {
    auditExport: { enabled: true, claim: 'audit-exports' },
    backup: { enabled: true, claim: 'backups', image: 'registry.example/keyblock-with-pg-dump:1.2.3' },
  },
};
