import { once } from 'node:events';
import { createServer } from 'node:net';

const PORTS = 20;
let next = 0;

/**
 * Finds a free port of 127.0.0.1 that nobody else takes while nothing listens there: below the ports that Linux chooses,
 * and different in each process.
 */
export async function ownPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + PORTS * (process.pid % 1000) + (next++ % PORTS);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
