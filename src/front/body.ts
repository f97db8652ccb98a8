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
  let body = NO_BODY;
  let length = 0;
  let isDone = false;
  const settle = (whole: Buffer, error?: RequestEntityTooLargeException | SerializationException) => {
    if (isDone) return;
    isDone = true;
    body = NO_BODY;
    done(whole, error);
  };
  request.on('data', (chunk: Buffer) => {
    if (isDone) return;
    if (length + chunk.length > limitBytes) {
      settle(NO_BODY, tooLarge());
      return;
    }
    body = length === 0 ? chunk : appended(body, length, chunk);
    length += chunk.length;
  });
  request.on('end', () => settle(body.subarray(0, length)));
  request.on('error', () => settle(NO_BODY, new SerializationException('The request could not be read.')));
}

/**
 * Appends a chunk to the bytes at the beginning of a buffer. Chunks aren't kept: a caller can send a body of a megabyte in
 * chunks of one byte, whose buffers would take more than a hundred times as much memory. A buffer that is full is replaced by
 * one of twice the length that is needed, so that each byte is copied twice on average.
 */
function appended(buffer: Buffer, length: number, chunk: Buffer): Buffer {
  const total = length + chunk.length;
  const target = total > buffer.length ? Buffer.allocUnsafe(2 * total) : buffer;
  if (target !== buffer) buffer.copy(target, 0, 0, length);
  chunk.copy(target, length);
  return target;
}

function tooLarge(): RequestEntityTooLargeException {
  return new RequestEntityTooLargeException('The request body is larger than this service accepts.');
}
