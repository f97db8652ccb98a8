import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { HostCommands } from '../../../src/hostcommands/host-commands.js';
import { frame, PayshieldClient } from '../../support/payshield-client.js';
import { listener, useHostCommands } from '../../support/host-listeners.js';

const CONNECTIONS = 1000;

describe('a listener', () => {
  const service = useHostCommands({
    listeners: [
      listener(),
      listener({ messageSeconds: 1 }),
      listener({ idleSeconds: 1 }),
      listener({ maxConnections: 2 }),
      listener(),
    ],
  });

  test('serves 1,000 connections, and no more', async () => {
    const port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[4]!;
    const clients: PayshieldClient[] = [];
    for (let i = 0; i < CONNECTIONS; i++) clients.push(await PayshieldClient.connect({ port }));
    const replies = await Promise.all(clients.map((client, i) => client.ask(`B20004${String(i).padStart(4, '0')}`)));
    expect(replies).toEqual(clients.map((_, i) => `B300${String(i).padStart(4, '0')}`));
    const last = await PayshieldClient.connect({ port });
    expect(await last.read()).toBeUndefined();
    for (const client of clients) client.close();
  });

  test('closes a connection whose message is not completed in time', async () => {
    const client = await service.connect(1);
    expect(await client.ask('B20004PING')).toBe('B300PING');
    client.socket.write(Buffer.from([0, 14, 0x30]));
    expect(await client.read()).toBeUndefined();
  });

  test('asks whether a silent host is still there', async () => {
    const client = await service.connect();
    expect(await client.ask('B20001A')).toBe('B300A');
    const port = (number: number) => `:${number.toString(16).toUpperCase().padStart(4, '0')} `;
    const ends = new RegExp(`${port(client.socket.remotePort!)}[0-9A-F]+${port(client.socket.localPort!)}`);
    // In /proc/net/tcp, 02 and a time mean that a keep-alive probe is scheduled; before that, a segment may be
    // unacknowledged.
    for (let timer = '01'; timer !== '02';) {
      await new Promise((resolve) => setImmediate(resolve));
      const row = readFileSync('/proc/net/tcp', 'latin1')
        .split('\n')
        .find((each) => ends.test(each));
      timer = row?.trim().split(/\s+/)[5]?.slice(0, 2) ?? 'none';
      expect(['01', '02', '04']).toContain(timer);
    }
  });

  test('closes a silent connection only if a limit is set', async () => {
    const client = await service.connect(2);
    expect(await client.ask('B20004PING')).toBe('B300PING');
    expect(await client.read()).toBeUndefined();
  });

  test('reports no refusal of a host that resets its connection at once', async () => {
    const refused = () => service.log.filter(({ reason }) => String(reason).includes('certificate'));
    const port = service.app.get<HostCommands>(HostCommands, { strict: false }).ports[0]!;
    const reset = Array.from({ length: 200 }, async () => {
      const socket = connect({ port, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.resetAndDestroy();
    });
    await Promise.all(reset);
    expect(await service.ask('B20004PING')).toBe('B300PING');
    expect(refused()).toEqual([]);
  });

  test('accepts another connection in place of one that has ended', async () => {
    const [first, second] = [await service.connect(3), await service.connect(3)];
    expect(await second.ask('B20001A')).toBe('B300A');
    const third = await service.connect(3);
    expect(await third.read()).toBeUndefined();
    expect(service.log).toContainEqual(
      expect.objectContaining({ reason: 'there are 2 already', msg: 'a connection for host commands was refused' }),
    );
    first.socket.end();
    expect(await first.read()).toBeUndefined();
    expect(await (await service.connect(3)).ask('B20001B')).toBe('B300B');
  });
});

describe('a service with a rate limit', () => {
  const service = useHostCommands({ listeners: [listener()] }, { KEYBLOCK_DATA_PLANE_RATE: '5' });

  test('answers 41 beyond it', async () => {
    const client = await service.connect();
    const messages = Array.from({ length: 20 }, () => frame(client.message('B20000')));
    client.socket.end(Buffer.concat(messages));
    const replies = (await client.readAll()).map((reply) => reply.toString('latin1', 4));
    expect(replies.slice(0, 5)).toEqual(Array(5).fill('B300'));
    expect(replies).toHaveLength(20);
    expect(replies).toContain('B341');
  });
});

describe('a service that cannot write audit events', () => {
  const service = useHostCommands({ listeners: [listener()] });

  test('answers 41', async () => {
    jest.spyOn(service.app.get(AuditLog), 'isFull', 'get').mockReturnValueOnce(true).mockReturnValueOnce(true);
    const client = await service.connect();
    expect(await client.ask('B20000')).toBe('B341');
    expect(await client.ask('B20000')).toBe('B300');
  });
});

describe('a service that stops', () => {
  const service = useHostCommands({ listeners: [listener()] });

  test('answers what has arrived, ends its connections and accepts no more', async () => {
    const client = await service.connect();
    const other = await service.connect();
    expect(await other.ask('B20000')).toBe('B300');
    client.socket.write(Buffer.concat(Array.from({ length: 500 }, () => frame(client.message('B20000')))));
    expect((await client.read())?.toString('latin1', 4)).toBe('B300');
    const port = client.socket.remotePort!;
    const hostCommands = service.app.get<HostCommands>(HostCommands, { strict: false });
    await hostCommands.close(performance.now() + 10_000);
    expect((await client.readAll()).map((reply) => reply.toString('latin1', 4))).toEqual(Array(499).fill('B300'));
    expect(await other.read()).toBeUndefined();
    await expect(PayshieldClient.connect({ port })).rejects.toThrow('ECONNREFUSED');
  });
});
