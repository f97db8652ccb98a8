import type { IncomingMessage } from 'node:http';
import { RequestEntityTooLargeException, SerializationException } from '../errors/exceptions.js';

const NO_BODY: Buffer = Buffer.alloc(0);

/**
 * Reads the body of a request, up to a limit. A GET or HEAD request has none.
 *
 * @param announced Content-Length, if the request has one
 * @param done      called once, with the body, or with the exception for a body that is too long or was cut off
 */
export function readBody(
  request: IncomingMessage,
  announced: string | undefined,
  limitBytes: number,
  done: (body: Buffer, error?: RequestEntityTooLargeException | SerializationException) => void,
): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    done(NO_BODY);
    return;
  }
  if (Number(announced) > limitBytes) {
    done(NO_BODY, tooLarge());
    return;
  }
  // The chunks are joined only once, because a caller can send a body of a megabyte in chunks of one byte.
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const settle = (body: Buffer, error?: RequestEntityTooLargeException | SerializationException) => {
    if (isDone) return;
    isDone = true;
    done(body, error);
  };
  request.on('data', (chunk: Buffer) => {
    if (isDone) return;
    length += chunk.length;
    if (length > limitBytes) settle(NO_BODY, tooLarge());
    else chunks.push(chunk);
  });
  request.on('end', () => settle(chunks.length === 1 ? (chunks[0] ?? NO_BODY) : Buffer.concat(chunks, length)));
  request.on('error', () => settle(NO_BODY, new SerializationException('The request could not be read.')));
}

function tooLarge(): RequestEntityTooLargeException {
  return new RequestEntityTooLargeException('The request body is larger than this service accepts.');
}
