import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';

/** A proxy that accepts LISTEN but drops notifications, as a transaction pooler does. */
export interface DeafProxy {
  /** URL of the database through the proxy. */
  url: string;
  /** Number of notifications that the proxy has dropped. */
  dropped: () => number;
  close: () => Promise<void>;
}

/** Starts a proxy in front of a database. @param url URL of the database, on a host or a Unix socket */
export async function startDeafProxy(url: string): Promise<DeafProxy> {
  const { host, port } = new pg.Client({ connectionString: url });
  const to = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const sockets = new Set<Socket>();
  let dropped = 0;
  const server = createServer((client) => {
    const database = connect(to);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        client.destroy();
        database.destroy();
        sockets.delete(socket);
      });
    }
    client.pipe(database);
    const hearing = withoutNotifications(() => dropped++);
    database.on('data', (chunk) => client.write(hearing(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const proxied = new URL(url);
  proxied.search = '';
  proxied.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: proxied.href, dropped: () => dropped, close };
}

/**
 * Filters what a server sends. A message consists of a type byte, a length of four bytes that includes itself, and a
 * body.
 */
function withoutNotifications(drop: () => void): (chunk: Buffer) => Buffer {
  let waiting: Buffer = Buffer.alloc(0);
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    const passed: Buffer[] = [];
    while (waiting.length >= 5 && waiting.length > waiting.readUInt32BE(1)) {
      const message = waiting.subarray(0, 1 + waiting.readUInt32BE(1));
      waiting = waiting.subarray(message.length);
      if (message[0] === 'A'.charCodeAt(0)) drop();
      else passed.push(message);
    }
    return Buffer.concat(passed);
  };
}
