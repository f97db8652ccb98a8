import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import { readBody } from './body.js';

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

test('copies a body of many small chunks once', async () => {
  const concat = jest.spyOn(Buffer, 'concat');
  const [outcome] = await read(
    Array.from({ length: 5000 }, () => 'a'),
    5000,
  );
  const copied = concat.mock.calls.reduce(
    (sum, [list]) => sum + list.reduce((bytes, { length }) => bytes + length, 0),
    0,
  );
  concat.mockRestore();
  expect(outcome?.body).toHaveLength(5000);
  expect(copied).toBeLessThanOrEqual(5000);
});
