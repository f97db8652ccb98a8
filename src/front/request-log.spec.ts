import type { Call } from '../call.js';
import type { Config } from '../config/config.js';
import type { Outcome } from '../http/metrics.js';
import type { Exchange } from './exchange.js';
import { openLog } from '../logger.js';
import { RequestLog } from './request-log.js';

const KEY = 'arn:aws:payment-cryptography:us-east-1:111122223333:key/abcdefghijklmnop';
const exchange = {
  id: '11111111-2222-4333-8444-555555555555',
  found: { api: { name: 'data plane' } },
  call: { record: { keyArns: [KEY] }, principal: { arn: 'arn:aws:iam::111122223333:user/"ann"' } } as unknown as Call,
} as unknown as Exchange;

/** Logs a request of each outcome. @returns the lines */
function logged(requests: Config['requestLog'], level = 'info', outcomes: Outcome[] = ['ok', 'ValidationException']) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = new RequestLog(openLog(level, { write }), requests);
  for (const outcome of outcomes)
    log.write(exchange, {
      operation: 'GenerateMac',
      outcome,
      status: outcome === 'ok' ? 200 : 400,
      durationMs: 1.23456,
    });
  return lines;
}

const outcomes = (lines: Record<string, unknown>[]) => lines.map(({ outcome }) => outcome);

test('all requests have a line, or those that fail, or none', () => {
  expect(outcomes(logged('all'))).toEqual(['ok', 'ValidationException']);
  expect(outcomes(logged('errors'))).toEqual(['ValidationException']);
  expect(outcomes(logged('off'))).toEqual([]);
});

test.each(['warn', 'error', 'silent'])('no request has a line at level %s', (level) => {
  for (const requests of ['all', 'errors', 'off'] as const) expect(logged(requests, level)).toEqual([]);
});

test('a line has the level of information, the members of every line, and the facts about the request', () => {
  const [line] = logged('all', 'debug', ['ok']);
  expect(line).toEqual({
    level: 30,
    time: expect.any(Number) as number,
    service: 'keyblock',
    requestId: exchange.id,
    api: 'data plane',
    operation: 'GenerateMac',
    keyArns: [KEY],
    principal: 'arn:aws:iam::111122223333:user/"ann"',
    outcome: 'ok',
    status: 200,
    durationMs: 1.235,
  });
});

test('a request whose signer is unknown has no caller in its line', () => {
  const lines: string[] = [];
  const log = new RequestLog(openLog('info', { write: (line) => lines.push(line) }), 'errors');
  log.write(Object.assign({}, exchange, { call: undefined }), {
    operation: 'unknown',
    outcome: 'AccessDeniedException',
    status: 403,
    durationMs: 0,
  });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).not.toHaveProperty('principal');
});
