import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { Nodes } from '../../../src/admin/nodes.js';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { DataSource } from 'typeorm';
import type { AuditEvent } from '../../support/audit.js';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { listener, SWITCH, useHostCommands } from '../../support/host-listeners.js';
import { sendUnsigned } from '../../support/service.js';

const GUEST = 'arn:aws:iam::000000000000:user/guest';
const service = useHostCommands({
  listeners: [
    listener(),
    listener({ principal: GUEST }),
    listener({ commands: { allow: ['NC', 'NK', 'B2'] }, firmware: '1.2' }),
  ],
});

async function events(): Promise<AuditEvent[]> {
  await service.app.get(AuditLog).flush();
  const rows = await service.app
    .get(DataSource)
    .query<{ event: AuditEvent }[]>(
      `SELECT event FROM audit_events WHERE event->>'eventSource' = 'hostcommands' ORDER BY chain, sequence`,
    );
  return rows.map(({ event }) => event);
}

describe('diagnostics', () => {
  test.each([
    ['NC', /^ND00[0-9A-F]{16}0000-KB01$/],
    ['NO00', /^NP00311000[0]?0000-KB01 ?00000$/],
    ['NO01', /^NP000$/],
    ['NO02', /^NP15$/],
    ['NO0', /^NP15$/],
    ['B20000', /^B300$/],
    ['B2000G', /^B315$/],
    ['B20005PING', /^B315$/],
    ['B2FFFFPING', /^B315$/],
    ['N0000', /^N101$/],
    ['N0257', /^N101$/],
    ['N0-01', /^N115$/],
    ['NK0010008B20000', /^NL68$/],
    ['ZZ', /^Z\[68$/],
    ['\xfe\xff', /^\xfe[^]68$/],
  ])('%j is answered %s', async (command, reply) => {
    expect(await service.ask(command)).toMatch(reply);
  });

  test('N0 generates random bytes', async () => {
    const [one, other] = [await service.ask('N0256'), await service.ask('N0256')];
    expect([one.length, one.slice(0, 4)]).toEqual([260, 'N100']);
    expect(one).not.toBe(other);
  });

  test('NK runs commands in order', async () => {
    expect(await service.ask('NK0030010B20004PING0002N00002XX', 2)).toBe('NL000008B300PING0004N1680004XY68');
    expect(await service.ask('NK101' + '0014' + '9999B20004PING', 2)).toBe('NL000012' + '9999B300PING');
    const chained = (await events())
      .slice(-2)
      .map(({ eventName, requestParameters }) => [eventName, requestParameters]);
    expect(chained).toEqual([
      ['B2', { listener: expect.stringMatching(/^127.0.0.1:\d+$/) as unknown, command: 'B2' }],
      ['NK', { listener: expect.stringMatching(/^127.0.0.1:\d+$/) as unknown, command: 'NK' }],
    ]);
  });

  test.each(['NK000', 'NK0010002NK', 'NK0010001B', 'NK2010002NC', 'NK0020002NC', 'NK0010002NC0002NC'])(
    'refuses %j',
    async (command) => {
      expect(await service.ask(command, 2)).toBe('NL15');
    },
  );

  test('commands that the configuration leaves out are off', async () => {
    expect(await service.ask('N0008', 2)).toBe('N168');
    expect(await service.ask('NC', 2)).toMatch(/^ND00[0-9A-F]{16}1\.2 {6}$/);
  });
});

describe('callers', () => {
  test('a user who does not exist yet, is created and is removed, on one connection', async () => {
    const client = await service.connect(1);
    const principals = service.app.get(PrincipalRepository);
    expect(await client.ask('B20004PING')).toBe('B368');
    await principals.create('user', 'guest');
    expect(await client.ask('B20004PING')).toBe('B300PING');
    await principals.remove(GUEST);
    expect(await client.ask('B20004PING')).toBe('B368');
    const [refused] = (await events()).slice(-1);
    expect(refused).toMatchObject({
      eventName: 'B2',
      userIdentity: { type: 'Unknown' },
      errorCode: '68',
      errorMessage: `The caller ${GUEST} doesn't exist`,
    });
  });
});

describe('records', () => {
  test('each command has an event, without its fields', async () => {
    const before = (await events()).length;
    const client = await service.connect();
    await client.ask('B20004PING');
    await client.ask('NO77');
    await client.ask('\x00\x01');
    const [echoed, refused, unknown, ...others] = (await events()).slice(before);
    expect(others).toEqual([]);
    const parameters = { listener: `127.0.0.1:${client.socket.remotePort!}` };
    expect(echoed).toMatchObject({
      eventSource: 'hostcommands',
      eventName: 'B2',
      sourceIPAddress: '127.0.0.1',
      userIdentity: { type: 'IAMUser', arn: SWITCH, userName: 'switch' },
      requestParameters: { ...parameters, command: 'B2' },
      resources: [],
      readOnly: true,
    });
    expect(echoed).not.toHaveProperty('errorCode');
    expect(JSON.stringify(echoed)).not.toContain('PING');
    expect(refused).toMatchObject({ errorCode: '15', requestParameters: { command: 'NO' } });
    expect(unknown).toMatchObject({
      eventName: 'Unknown',
      errorCode: '68',
      requestParameters: { ...parameters, command: '0001' },
    });
  });

  test('an event names the LMK, and the check values of the keys under it in the order of their use', async () => {
    const before = (await events()).length;
    await service.ask(
      'CAU8463435FC4B4DAA0C49025272C29B12CU1EF828AA8F6B80EB83E19FBC373F3A85126428EB94035AF53B0101550000025321',
    );
    await service.ask('CWU9B4934384B19946B040CD702B4D581454123456789012345;8701101%77');
    const [translated, refused, ...others] = (await events()).slice(before);
    expect(others).toEqual([]);
    const ARN = 'arn:aws:keyblock:us-east-1:000000000000:lmk/00';
    expect(translated).toMatchObject({
      eventName: 'TranslatePinData',
      requestParameters: { command: 'CA', keyCheckValues: ['070753', '6F1E3F'] },
      resources: [{ accountId: '000000000000', type: 'Keyblock::HostCommands::LMK', ARN }],
    });
    expect(refused).toMatchObject({ errorCode: '13', requestParameters: { command: 'CW' }, resources: [] });
    expect(refused!.requestParameters).not.toHaveProperty('keyCheckValues');
  });

  test('metrics count commands by code and error', async () => {
    const count = async () => {
      const { text } = await sendUnsigned(`${service.url}/metrics`, { method: 'GET' });
      const labels = '{service="hostcommands",operation="NO",outcome="15"}';
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`keyblock_requests_total${labels}`))
          ?.split(' ')[1] ?? 0,
      );
    };
    const before = await count();
    await service.ask('NO99');
    expect(await count()).toBe(before + 1);
  });

  test('the test LMK is shown at start and in readiness', async () => {
    expect(service.log).toContainEqual(
      expect.objectContaining({ lmk: '00', msg: expect.stringContaining('public test set') as unknown }),
    );
    expect((await sendUnsigned(`${service.url}/readyz`, { method: 'GET' })).json).toMatchObject({ testLmks: ['00'] });
  });
});

test('GetStatus shows each listener with its connections, commands and errors', async () => {
  const host = await service.connect(2);
  expect(await host.ask('B20004PING')).toBe('B300PING');
  expect(await host.ask('N0257')).toMatch(/^N168$/);
  await service.app.get(Nodes, { strict: false }).write();
  const { json } = await service.send({ method: 'GET', path: '/admin/status', body: '' });
  const listeners = json['Listeners'] as Record<string, unknown>[];
  const [first, second, third] = service.app.get<HostCommands>(HostCommands, { strict: false }).ports;
  const own = { Host: expect.any(String), Pid: process.pid, Region: 'us-east-1', Tls: false, ClientCertificate: false };
  expect(listeners).toMatchObject([
    { ...own, Address: `127.0.0.1:${first}`, AllowedPeers: [{ Principal: SWITCH }] },
    { ...own, Address: `127.0.0.1:${second}`, AllowedPeers: [{ Principal: GUEST }] },
    { ...own, Address: `127.0.0.1:${third}`, AllowedPeerCount: 1, MaxConnections: 1000, RefusedConnections: 0 },
  ]);
  expect(listeners[2]).toMatchObject({
    Connections: expect.any(Number),
    Commands: expect.arrayContaining([{ Command: 'B2', Served: expect.any(Number), Refused: 0 }]),
    Errors: expect.arrayContaining([{ Code: '68', Count: expect.any(Number) }]),
  });
  expect(listeners[2]?.['Connections']).toBeGreaterThan(0);
});
