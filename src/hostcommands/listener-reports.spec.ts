import { ListenerCounts } from './listener-reports.js';

const CONFIG = { region: 'eu-west-1', principals: new Map<string, string>(), maxConnections: 7 };

test('a report counts commands by code, and refused ones by the error code of their reply', () => {
  const counts = new ListenerCounts();
  counts.count('CA', undefined);
  counts.count('CA', '01');
  counts.count('unknown', '68');
  counts.count('DA', '01');
  counts.connections = 2;
  counts.refusedConnections = 1;
  expect(counts.report('127.0.0.1:1500', { ...CONFIG, principal: 'arn:switch' })).toEqual({
    address: '127.0.0.1:1500',
    region: 'eu-west-1',
    tls: false,
    clientCertificate: false,
    peers: [{ principal: 'arn:switch' }],
    peerCount: 1,
    connections: 2,
    maxConnections: 7,
    refusedConnections: 1,
    commands: [
      { command: 'CA', served: 1, refused: 1 },
      { command: 'unknown', served: 0, refused: 1 },
      { command: 'DA', served: 0, refused: 1 },
    ],
    errors: [
      { code: '01', count: 2 },
      { code: '68', count: 1 },
    ],
  });
});

test('a report lists at most 100 peers, and contains nothing of the TLS configuration but whether there is one', () => {
  const principals = new Map(Array.from({ length: 150 }, (_, i) => [`CN=host-${i}`, `arn:${i}`]));
  const tls = { ca: 'certificate', key: 'secret' };
  const report = new ListenerCounts().report('[::1]:1500', { ...CONFIG, principals, tls });
  expect(report).toMatchObject({ tls: true, clientCertificate: true, peerCount: 150 });
  expect(report.peers).toHaveLength(100);
  expect(report.peers[99]).toEqual({ certificate: 'CN=host-99', principal: 'arn:99' });
  expect(JSON.stringify(report)).not.toContain('secret');
});
