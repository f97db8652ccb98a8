import { jest } from '@jest/globals';
import { pino } from 'pino';
import { rootCall } from '../../test/support/call.js';
import { testServices } from '../../test/support/host-commands.js';
import type { AuditLog } from '../audit/audit-log.js';
import { Clock } from '../clock.js';
import { Metrics } from '../http/metrics.js';
import { CONTROL_PLANE } from '../payment/api.js';
import type { HostCommand, Reply } from './command.js';
import { Dispatcher } from './dispatcher.js';
import type { HostPrincipals } from './host-principals.js';
import { ListenerCounts } from './listener-reports.js';

const events: Record<string, unknown>[] = [];
/** Notes for each use of a cached value whether it may be outdated while the database is unreachable. */
const staleness: boolean[] = [];
const peer = { sourceIp: '127.0.0.1', secureTransport: false, principalArn: 'arn:aws:iam::000000000000:root' };
const { keys, pins, issuer, verifications, settings } = testServices();

/** The operation whose guard covers exports. */
const EXPORT = `${CONTROL_PLANE.name}:ExportKey`;

/** Serves one command, ZZ. */
function serving(
  execute: () => Reply | Promise<Reply>,
  operation?: string,
  { needsApproval = false, exportsKey = false } = {},
) {
  events.length = 0;
  staleness.length = 0;
  const command: HostCommand = {
    ...{ code: 'ZZ', title: 'Wait', operation, isDefault: true },
    ...{ parse: () => ({}), exports: () => exportsKey, execute },
  };
  const dispatcher = new Dispatcher({
    served: {
      ...{ name: 'test', headerLength: 0, maxConnections: 1, region: 'us-east-1', accountId: '000000000000' },
      counts: new ListenerCounts(),
    },
    commands: [command],
    services: { keys, pins, issuer, verifications, settings },
    checkValue: () => '',
    principals: {
      get: (_: string, mayBeStale: boolean) => {
        staleness.push(mayBeStale);
        return rootCall('ZZ').principal;
      },
    } as unknown as HostPrincipals,
    audit: { record: (event: string) => events.push(JSON.parse(event) as object as never) } as unknown as AuditLog,
    metrics: new Metrics(),
    clock: new Clock(),
    staleServing: {
      now: (mayBeStale: boolean) => {
        staleness.push(mayBeStale);
        return new Date();
      },
    },
    logger: pino({ level: 'silent' }),
    needsApproval: ({ api, operation }) => needsApproval && `${api.name}:${operation}` === EXPORT,
    rate: undefined,
  });
  return { dispatcher, answer: () => dispatcher.answer({ bytes: Buffer.from('ZZ'), isTooLong: false }, peer) };
}

afterEach(() => {
  jest.useRealTimers();
});

test('a command that takes longer than 10 s is answered 41, and recorded once', async () => {
  jest.useFakeTimers();
  let finish: (reply: Reply) => void = () => undefined;
  const { dispatcher, answer } = serving(() => new Promise((resolve) => (finish = resolve)));
  const reply = answer();
  await jest.advanceTimersByTimeAsync(9999);
  expect(events).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1);
  expect((await reply).toString('latin1', 2)).toBe('Z[41');
  expect(dispatcher.waiting).toBe(1);
  finish({ fields: [] });
  await jest.advanceTimersByTimeAsync(0);
  expect(dispatcher.waiting).toBe(0);
  expect(events.map(({ errorCode }) => errorCode)).toEqual(['41']);
});

test('a command that ends in time is answered with its reply', async () => {
  jest.useFakeTimers();
  const { answer } = serving(
    () => new Promise((resolve) => setTimeout(() => resolve({ fields: [['x', 'OK']] }), 9000)),
  );
  const reply = answer();
  await jest.advanceTimersByTimeAsync(9000);
  expect((await reply).toString('latin1', 2)).toBe('Z[00OK');
  await jest.advanceTimersByTimeAsync(10_000);
  expect(events).toHaveLength(1);
});

test.each([
  ['GenerateMac', true],
  [undefined, true],
  ['CreateKey', false],
  ['ImportKey', false],
  ['ExportKey', false],
])(
  'a command that performs %s may use outdated values while the database is unreachable: %s',
  async (operation, mayBeStale) => {
    const { answer } = serving(() => ({ fields: [] }), operation);
    expect((await answer()).toString('latin1', 2)).toBe('Z[00');
    // The lookup of the caller, and the time by which the command is judged.
    expect(staleness).toEqual([mayBeStale, mayBeStale]);
  },
);

test.each([
  ['ExportKey', false, true, 'Z[29'],
  ['ExportKey', false, false, 'Z[00'],
  ['ImportKey', false, true, 'Z[00'],
  ['ImportKey', true, true, 'Z[29'],
  ['CreateKey', false, true, 'Z[00'],
  ['CreateKey', true, true, 'Z[29'],
  ['CreateKey', true, false, 'Z[00'],
  [undefined, false, true, 'Z[00'],
])(
  'a command that performs %s, also exports (%s), and needs approval for exports (%s) is answered %s',
  async (operation, exportsKey, needsApproval, reply) => {
    const execute = jest.fn(() => ({ fields: [] }));
    const { answer } = serving(execute, operation, { needsApproval, exportsKey });
    expect((await answer()).toString('latin1', 2)).toBe(reply);
    expect(execute).toHaveBeenCalledTimes(reply.endsWith('00') ? 1 : 0);
  },
);
