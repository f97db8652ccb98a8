import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jest } from '@jest/globals';
import { readBody } from './body.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes on the heap and in buffers that are in use. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Reads a body that arrives in chunks. */
async function read(chunks: readonly string[], limitBytes: number) {
  const request = Object.assign(new PassThrough(), { method: 'POST' });
  const outcomes: { body: string; error: string | undefined }[] = [];
  readBody(request as unknown as IncomingMessage, undefined, limitBytes, (body, error) => {
    outcomes.push({ body: body.toString(), error: error?.name });
  });
  for (const chunk of chunks) request.write(chunk);
  request.end();
  await new Promise((resolve) => request.once('close', resolve));
  return outcomes;
}

test.each([
  ['no chunk', [], ''],
  ['one chunk', ['{"a":1}'], '{"a":1}'],
  ['several chunks', ['{"a"', ':', '1}'], '{"a":1}'],
])('reads a body of %s completely', async (_, chunks, body) => {
  expect(await read(chunks, 7)).toEqual([{ body, error: undefined }]);
});

test('refuses a body beyond the limit once', async () => {
  const refused = [{ body: '', error: 'RequestEntityTooLargeException' }];
  expect(await read(['{"a":1}', ' ', ' '], 7)).toEqual(refused);
  expect(await read(['{"a":1} '], 7)).toEqual(refused);
});

describe('a body of many small chunks', () => {
  test('is copied a few times, and not once for each chunk', async () => {
    const copy = jest.spyOn(Buffer.prototype, 'copy');
    const [outcome] = await read(
      Array.from({ length: 5000 }, () => 'a'),
      5000,
    );
    const copied = copy.mock.results.reduce((sum, { value }) => sum + (value as number), 0);
    copy.mockRestore();
    expect(outcome?.body).toBe('a'.repeat(5000));
    expect(copied).toBeLessThanOrEqual(4 * 5000);
  });

  test('takes no more memory than a body of few', async () => {
    const request = Object.assign(new PassThrough(), { method: 'POST' });
    const bodies: Buffer[] = [];
    readBody(request as unknown as IncomingMessage, undefined, 200_000, (body) => void bodies.push(body));
    const before = usedBytes();
    // As Node.js delivers the chunks of a chunked encoding: a buffer for each.
    for (let i = 0; i < 200_000; i++) request.write(Buffer.from(new Uint8Array(1).fill(0x61).buffer));
    await new Promise(setImmediate);
    const used = usedBytes() - before;
    request.end();
    await new Promise((resolve) => request.once('close', resolve));
    expect(bodies.map(String)).toEqual(['a'.repeat(200_000)]);
    expect(used).toBeLessThan(4_000_000);
  });
});
