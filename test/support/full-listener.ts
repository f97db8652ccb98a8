import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

const LISTENER = `
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: Number(process.argv[1]), backlog: 1 }, () => process.stdout.write('listening'));
`;
/** More than the queue of the listener holds. */
const CONNECTIONS = 4;

/**
 * Listens at 127.0.0.1 in a stopped process whose queue of connections is full, so that Linux ignores attempts to connect
 * as a firewall does.
 *
 * @returns a function that ends it
 */
export async function startFullListener(port: number): Promise<() => Promise<void>> {
  const listener = spawn(process.execPath, ['-e', LISTENER, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(listener.stdout, 'data');
  listener.kill('SIGSTOP');
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await once(sockets[0]!, 'connect');
  return async () => {
    for (const socket of sockets) socket.destroy();
    listener.kill('SIGKILL');
    await once(listener, 'exit');
  };
}
