import { ConfigError, readConfig } from './config.js';
import { withoutServiceLinks } from './service-links.js';

/** The variables that the kubelet sets for a Service: `FromServices` in pkg/kubelet/envvars/envvars.go. */
function serviceLinks(
  service: string,
  host: string,
  ports: { port: number; protocol?: string; name?: string }[],
): Record<string, string> {
  const prefix = service.toUpperCase().replaceAll('-', '_');
  const address = host.includes(':') ? `[${host}]` : host;
  const links: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: host,
    [`${prefix}_SERVICE_PORT`]: String(ports[0]!.port),
    [`${prefix}_PORT`]: `${ports[0]!.protocol ?? 'tcp'}://${address}:${ports[0]!.port}`,
  };
  for (const { port, protocol = 'tcp', name } of ports) {
    if (name) links[`${prefix}_SERVICE_PORT_${name.toUpperCase().replaceAll('-', '_')}`] = String(port);
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    links[link] = `${protocol}://${address}:${port}`;
    links[`${link}_PROTO`] = protocol;
    links[`${link}_PORT`] = String(port);
    links[`${link}_ADDR`] = host;
  }
  return links;
}

const KEYBLOCK = serviceLinks('keyblock', '10.0.0.1', [{ port: 8080, name: 'http' }]);
const POSTGRES = serviceLinks('keyblock-postgres', '10.0.0.2', [{ port: 5432 }]);

test('a Service named keyblock sets the variables that these tests expect', () => {
  expect(KEYBLOCK).toEqual({
    KEYBLOCK_SERVICE_HOST: '10.0.0.1',
    KEYBLOCK_SERVICE_PORT: '8080',
    KEYBLOCK_SERVICE_PORT_HTTP: '8080',
    KEYBLOCK_PORT: 'tcp://10.0.0.1:8080',
    KEYBLOCK_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
    KEYBLOCK_PORT_8080_TCP_PROTO: 'tcp',
    KEYBLOCK_PORT_8080_TCP_PORT: '8080',
    KEYBLOCK_PORT_8080_TCP_ADDR: '10.0.0.1',
  });
});

test.each<[string, Record<string, string>]>([
  ['a Service named keyblock', KEYBLOCK],
  ['the Service of the database', POSTGRES],
  ['both Services', { ...KEYBLOCK, ...POSTGRES }],
  ['an IPv6 Service', serviceLinks('keyblock', 'fd00::1', [{ port: 8080 }])],
  [
    'a Service with two ports',
    serviceLinks('keyblock', '10.0.0.1', [
      { port: 443, name: 'https' },
      { port: 9090, name: 'metrics-2' },
    ]),
  ],
  [
    'a Service with UDP and SCTP ports',
    serviceLinks('keyblock-dns', '10.0.0.3', [
      { port: 53, protocol: 'udp', name: 'dns' },
      { port: 54, protocol: 'sctp', name: 's' },
    ]),
  ],
])('ignores the links of %s', (_, links) => {
  expect(withoutServiceLinks({ ...links, KEYBLOCK_REGION: 'eu-west-1' })).toEqual({ KEYBLOCK_REGION: 'eu-west-1' });
  expect(readConfig(links).port).toBe(8080);
});

test.each(['9000', ''])('KEYBLOCK_PORT %p, set for the container, replaces the link', (port) => {
  expect(readConfig({ ...KEYBLOCK, KEYBLOCK_PORT: port }).port).toBe(Number(port || 8080));
});

test('ignores variables with other names', () => {
  const others = { ...serviceLinks('postgres', '10.0.0.4', [{ port: 5432 }]), PATH: '/bin' };
  expect(withoutServiceLinks(others)).toEqual(others);
});

function refused(env: Record<string, string>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replace(/ .*/, '')).sort();
  }
  return [];
}

const without = (links: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(links).filter(([name]) => !names.includes(name)));

test.each<[string, Record<string, string>, string[]]>([
  ['a lone KEYBLOCK_PORT', { KEYBLOCK_PORT: 'tcp://10.0.0.1:8080' }, ['KEYBLOCK_PORT']],
  [
    'no SERVICE_HOST',
    without(KEYBLOCK, 'KEYBLOCK_SERVICE_HOST'),
    Object.keys(KEYBLOCK).filter((name) => name !== 'KEYBLOCK_SERVICE_HOST'),
  ],
  [
    'no SERVICE_PORT',
    without(KEYBLOCK, 'KEYBLOCK_SERVICE_PORT'),
    Object.keys(KEYBLOCK).filter((name) => name !== 'KEYBLOCK_SERVICE_PORT'),
  ],
  ['another host in PORT', { ...KEYBLOCK, KEYBLOCK_PORT: 'tcp://10.0.0.9:8080' }, ['KEYBLOCK_PORT']],
  ['another port in PORT', { ...KEYBLOCK, KEYBLOCK_PORT: 'tcp://10.0.0.1:8081' }, ['KEYBLOCK_PORT']],
  ['a URL in PORT', { ...KEYBLOCK, KEYBLOCK_PORT: 'http://10.0.0.1:8080' }, ['KEYBLOCK_PORT']],
  ['a path in PORT', { ...KEYBLOCK, KEYBLOCK_PORT: 'tcp://10.0.0.1:8080/' }, ['KEYBLOCK_PORT']],
  ['another host in ADDR', { ...KEYBLOCK, KEYBLOCK_PORT_8080_TCP_ADDR: '10.0.0.9' }, ['KEYBLOCK_PORT_8080_TCP_ADDR']],
  ['another protocol in PROTO', { ...KEYBLOCK, KEYBLOCK_PORT_8080_TCP_PROTO: 'udp' }, ['KEYBLOCK_PORT_8080_TCP_PROTO']],
  ['another port in a link', { ...KEYBLOCK, KEYBLOCK_PORT_8080_TCP_PORT: '80' }, ['KEYBLOCK_PORT_8080_TCP_PORT']],
  [
    'another address in a link',
    { ...KEYBLOCK, KEYBLOCK_PORT_8080_TCP: 'tcp://10.0.0.1:80' },
    ['KEYBLOCK_PORT_8080_TCP'],
  ],
  [
    'a link with an unknown protocol',
    { ...KEYBLOCK, KEYBLOCK_PORT_8080_ICMP: 'icmp://10.0.0.1:8080' },
    ['KEYBLOCK_PORT_8080_ICMP'],
  ],
  [
    'a link with an invalid port',
    { ...KEYBLOCK, KEYBLOCK_PORT_70000_TCP: 'tcp://10.0.0.1:70000' },
    ['KEYBLOCK_PORT_70000_TCP'],
  ],
  [
    'a named port without a number',
    { ...KEYBLOCK, KEYBLOCK_SERVICE_PORT_HTTP: 'http' },
    ['KEYBLOCK_SERVICE_PORT_HTTP'],
  ],
  ['a misspelt setting beside links', { ...KEYBLOCK, KEYBLOCK_PROT: '80' }, ['KEYBLOCK_PROT']],
  ['a wrong number beside links', { ...KEYBLOCK, KEYBLOCK_PORT: '80.5' }, ['KEYBLOCK_PORT']],
  [
    'a host that is not an address',
    { KEYBLOCK_SERVICE_HOST: 'example.com', KEYBLOCK_SERVICE_PORT: '80' },
    ['KEYBLOCK_SERVICE_HOST', 'KEYBLOCK_SERVICE_PORT'],
  ],
  [
    'port 0',
    { KEYBLOCK_SERVICE_HOST: '10.0.0.1', KEYBLOCK_SERVICE_PORT: '0' },
    ['KEYBLOCK_SERVICE_HOST', 'KEYBLOCK_SERVICE_PORT'],
  ],
  [
    'only some of the links of another Service',
    without(POSTGRES, 'KEYBLOCK_POSTGRES_PORT'),
    Object.keys(POSTGRES).filter((name) => name !== 'KEYBLOCK_POSTGRES_PORT'),
  ],
  [
    'contradictory links of another Service',
    { ...POSTGRES, KEYBLOCK_POSTGRES_PORT: 'tcp://10.0.0.9:5432' },
    Object.keys(POSTGRES),
  ],
])('refuses %s', (_, env, names) => {
  expect(refused(env)).toEqual(names.sort());
});

test('the error for a lone address in KEYBLOCK_PORT says what to change', () => {
  expect(() => readConfig({ KEYBLOCK_PORT: 'tcp://10.0.0.1:8080' })).toThrow(
    /KEYBLOCK_PORT must be a number such as 8080, not an address.*KEYBLOCK_SERVICE_HOST and KEYBLOCK_SERVICE_PORT/,
  );
});
