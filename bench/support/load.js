import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Sends one request repeatedly, or several in turn, on several keep-alive connections, each time as soon as the
 * previous response on that connection has arrived. Uses raw sockets and parses as little of the responses as possible,
 * so that the server never waits for the client.
 *
 * @param {object} target
 * @param {number} target.port on 127.0.0.1
 * @param {Buffer | (() => Buffer)} target.request the whole request, head and body, or a function that returns the next
 *   request
 * @param {number} target.connections
 * @param {number} target.seconds
 * @param {(received: Buffer) => number} [target.missing] returns the number of bytes still missing from a response; negative
 *   for an unexpected response. By default, those of an HTTP response that is 200 with a Content-Length
 * @returns {Promise<{ perSecond: number, latencies: number[] }>} latencies in milliseconds
 * @throws Error for an unexpected response
 */
export async function load({ port, request, connections, seconds, missing = missingBytes }) {
  const latencies = [];
  const next = typeof request === 'function' ? request : () => request;
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => one({ port, next, end, missing }, latencies)));
  const elapsedSeconds = (performance.now() - start) / 1000;
  return { perSecond: latencies.length / elapsedSeconds, latencies };
}

function one({ port, next, end, missing }, latencies) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let sentAt = 0;
    let received = Buffer.alloc(0);
    const send = () => {
      sentAt = performance.now();
      socket.write(next());
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('the server closed a connection')));
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const bytes = missing(received);
      if (bytes > 0) return;
      if (bytes < 0) {
        socket.destroy(new Error(`unexpected response:\n${received.toString()}`));
        return;
      }
      received = Buffer.alloc(0);
      const now = performance.now();
      latencies.push(now - sentAt);
      if (now < end) send();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}

/** Returns the number of bytes still missing from a response; negative if there are too many. */
function missingBytes(received) {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return 1;
  const length = /content-length: (\d+)/i.exec(received.latin1Slice(0, headEnd))?.[1];
  if (length === undefined || received.latin1Slice(9, 12) !== '200') return -1;
  return headEnd + HEAD_END.length + Number(length) - received.length;
}

/** @param {number[]} values @param {number} share 0 to 1 */
export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
