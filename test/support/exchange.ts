import { connect } from 'node:net';

/**
 * Sends bytes to a port and returns the response.
 *
 * @param until when to stop waiting: at the first bytes, or at the end of the connection
 */
export function exchange(url: string, bytes: string | Buffer, until: 'answer' | 'end' = 'answer'): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const finish = () => {
      resolve(received);
      socket.destroy();
    };
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (until === 'answer') finish();
    });
    socket.on('end', finish);
    // A client that is cut off while it sends may see the connection reset.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') ? finish() : reject(error),
    );
  });
}
