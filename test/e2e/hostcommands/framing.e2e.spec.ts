import { frame, PayshieldClient } from '../../support/payshield-client.js';
import { listener, useHostCommands } from '../../support/host-listeners.js';

const HEADER_LENGTHS = [0, 2, 4, 255];
const service = useHostCommands({
  listeners: [...HEADER_LENGTHS.map((headerLength) => listener({ headerLength })), listener({ maxMessageBytes: 1024 })],
});
const SHORT = HEADER_LENGTHS.length;

const echo = (data: string) => `B2${data.length.toString(16).toUpperCase().padStart(4, '0')}${data}`;

describe.each(HEADER_LENGTHS.map((headerLength, place) => ({ headerLength, place })))(
  'a header of $headerLength bytes',
  ({ headerLength, place }) => {
    const connect = () => service.connect(place, { headerLength });

    test('is returned unchanged', async () => {
      const client = await connect();
      expect(await client.ask(echo('PING'))).toBe('B300PING');
      const header = Buffer.from(Array.from({ length: headerLength }, (_, i) => i & 0xff));
      client.socket.write(frame(Buffer.concat([header, Buffer.from('B20004PING')])));
      expect(await client.read()).toEqual(Buffer.concat([header, Buffer.from('B300PING')]));
    });

    test('may come in two segments, split anywhere', async () => {
      const client = await connect();
      const bytes = frame(client.message(echo('PING')));
      for (let split = 1; split < bytes.length; split++) {
        client.socket.write(bytes.subarray(0, split));
        await new Promise((resolve) => setImmediate(resolve));
        client.socket.write(bytes.subarray(split));
        expect((await client.read())?.toString('latin1', headerLength)).toBe('B300PING');
      }
    });

    test('may come ten in a segment, and replies keep their order', async () => {
      const client = await connect();
      const messages = Array.from({ length: 10 }, (_, i) => client.message(echo(`message ${i}`)));
      client.socket.write(Buffer.concat(messages.map(frame)));
      for (let i = 0; i < 10; i++)
        expect((await client.read())?.toString('latin1', headerLength)).toBe(`B300message ${i}`);
    });

    test('without a command code closes the connection', async () => {
      const client = await connect();
      client.socket.write(
        Buffer.concat([frame(client.message(echo('1'))), frame(Buffer.alloc(headerLength + 1, 'N'))]),
      );
      expect((await client.readAll()).map((reply) => reply.toString('latin1', headerLength))).toEqual(['B3001']);
    });
  },
);

test('the example of the specification', async () => {
  const client = await service.connect(2);
  client.socket.write(Buffer.from('\x00\x0e0001B20004PING', 'latin1'));
  expect(await client.read()).toEqual(Buffer.from('0001B300PING'));
});

test('bytes may come one at a time', async () => {
  const client = await service.connect(2);
  for (const byte of frame(client.message(echo('PING')))) {
    client.socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await client.read()).toEqual(Buffer.from('0000B300PING'));
});

describe('a trailer', () => {
  test.each([
    [`${echo('PING')}\x19`, 'B300PING\x19'],
    [`${echo('PING')}\x19END`, 'B300PING\x19END'],
    [`${echo('PING')}%00\x19END`, 'B300PING\x19END'],
    [`${echo('PING')}\x19${'T'.repeat(32)}`, `B300PING\x19${'T'.repeat(32)}`],
    [echo('A\x19B'), 'B300A\x19B'],
    [`NO02\x19END`, 'NP15\x19END'],
    [`${echo('PING')}\x19${'T'.repeat(33)}`, 'B315'],
    [`${echo('PING')}PONG`, 'B315'],
    [`${echo('PING')}%01\x19END`, 'B313\x19END'],
    [`${echo('PING')}%0`, 'B315'],
    [`XX\x19END`, 'XY68'],
  ])('%j is answered %j', async (command, reply) => {
    expect(await service.ask(command, 2)).toBe(reply);
  });
});

describe('messages in flight', () => {
  test('may be a thousand: the replies come in order', async () => {
    const client = await service.connect(2);
    const messages = Array.from({ length: 1000 }, (_, i) => client.message(echo(String(i))));
    client.socket.write(Buffer.concat(messages.map(frame)));
    for (let i = 0; i < 1000; i++) expect((await client.read())?.toString('latin1', 4)).toBe(`B300${i}`);
  });

  test('of a host that ends its side are answered before the connection ends', async () => {
    const client = await service.connect(2);
    client.socket.end(
      Buffer.concat([
        ...Array.from({ length: 200 }, (_, i) => frame(client.message(echo(String(i))))),
        Buffer.from([0]),
      ]),
    );
    expect((await client.readAll()).map((reply) => reply.toString('latin1', 4))).toEqual(
      Array.from({ length: 200 }, (_, i) => `B300${i}`),
    );
  });

  test('are read only up to a limit while the host reads no replies', async () => {
    const client = await service.connect(2);
    client.socket.pause();
    const message = frame(client.message(echo('x'.repeat(30_000))));
    let sent = 0;
    // If a host could send without limit, gigabytes of replies would be buffered.
    while (sent < 4000 && client.socket.writableLength < 8_000_000) {
      client.socket.write(message);
      if (++sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.socket.writableLength).toBeGreaterThan(0);
    client.socket.resume();
    for (let i = 0; i < sent; i++) expect((await client.read())?.length).toBe(30_008);
  });
});

describe('a message that is too long', () => {
  test('is answered 80 before it has arrived, and the connection is closed', async () => {
    const client = await service.connect(SHORT);
    client.socket.write(frame(client.message(echo('x'.repeat(2000)))).subarray(0, 100));
    expect((await client.readAll()).map(String)).toEqual(['0000B380']);
  });

  test('is answered after those before it', async () => {
    const client = await service.connect(SHORT);
    client.socket.write(
      Buffer.concat([
        frame(client.message(echo('1'))),
        frame(client.message(echo('x'.repeat(1015)))),
        frame('0000B20000'),
      ]),
    );
    expect((await client.readAll()).map(String)).toEqual(['0000B3001', '0001B380']);
  });

  test('is one byte longer than the longest', async () => {
    const client = await service.connect(SHORT);
    expect(await client.ask(echo('x'.repeat(1014)))).toBe(`B300${'x'.repeat(1014)}`);
  });
});

test('a silent client costs nothing to others', async () => {
  const silent = await PayshieldClient.connect({ port: (await service.connect(2)).socket.remotePort! });
  silent.socket.write(Buffer.from([0]));
  expect(await service.ask(echo('PING'), 2)).toBe('B300PING');
});
