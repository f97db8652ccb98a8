import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openLog } from '../logger.js';
import { TurnAnswers } from './turn-answers.js';

const log: Record<string, unknown>[] = [];
const { logger } = openLog('info', { write: (line) => log.push(JSON.parse(line) as Record<string, unknown>) });
const server = createServer();
const answers = new TurnAnswers(logger);

/** Sends requests. @returns the server's responses to them once all have arrived, and what the clients receive */
async function requests(count: number) {
  const responses: ServerResponse[] = [];
  const arrived = new Promise<void>((resolve) => {
    server.removeAllListeners('request').on('request', (_, response: ServerResponse) => {
      if (responses.push(response) === count) resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const received = Array.from({ length: count }, async () => {
    try {
      const [answer] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage];
      return { status: answer.statusCode, type: answer.headers['content-type'], body: await text(answer) };
    } catch (error) {
      return { error: (error as NodeJS.ErrnoException).code };
    }
  });
  await arrived;
  return { responses, received: Promise.all(received) };
}

const answer = (response: ServerResponse, body: string, type = 'text/plain') =>
  answers.send({ response, status: 200, headers: ['content-type', type, 'content-length', String(body.length)], body });

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
beforeEach(() => {
  log.length = 0;
});
afterAll(() => server.close());

test('answers of a turn are sent together at its end', async () => {
  const { responses, received } = await requests(3);
  for (const response of responses) answer(response, 'done');
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false, false, false]);
  await new Promise(setImmediate);
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true, true]);
  const expected = { status: 200, type: 'text/plain', body: 'done' };
  expect(await received).toEqual([expected, expected, expected]);
});

test('answers of a later turn are sent, too', async () => {
  const { responses, received } = await requests(2);
  answer(responses[0]!, 'first');
  await new Promise(setImmediate);
  answer(responses[1]!, 'second');
  await new Promise(setImmediate);
  expect((await received).map(({ body }) => body).toSorted()).toEqual(['first', 'second']);
});

test('an answer that cannot be written ends its connection, and the others are sent', async () => {
  const { responses, received } = await requests(3);
  answer(responses[0]!, 'done');
  answer(responses[1]!, 'done', 'text/plain\n');
  answer(responses[2]!, 'done');
  const outcomes = await received;
  expect(outcomes.filter(({ body }) => body === 'done')).toHaveLength(2);
  expect(outcomes.filter(({ error }) => error === 'ECONNRESET')).toHaveLength(1);
  expect(log).toEqual([
    expect.objectContaining({ level: 50, msg: 'an answer could not be sent', error: expect.any(String) as string }),
  ]);
});
