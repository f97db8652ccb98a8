import fc from 'fast-check';
import { Clock } from '../../src/clock.js';
import { runKeyblock } from '../support/cli.js';
import { newStore, type TestStore } from '../support/database.js';
import { spawnService, type ServiceProcess } from '../support/process.js';
import { send, serviceEnv } from '../support/service.js';
import { EXAMPLES, type Example } from './examples.js';
import { type Json, mutatedJson } from './json-mutations.js';

/**
 * Sends every operation its example with changed members. Whatever a body says, the service answers in the form of its
 * API, never with a status of 500 or more, and doesn't log an internal error.
 *
 * FUZZ_CASES is twice the number of requests. FUZZ_SEED reproduces a run.
 */
const REQUESTS = Math.ceil(Number(process.env['FUZZ_CASES'] ?? 2000) / 2);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7fffffff);
const CLOCK = new Clock();

const PAUSE_SECONDS = 0.1;
/** Interval of the timer by which Node.js measures the delay of its event loop. */
const SAMPLING_SECONDS = 0.01;
/** Number of requests between two checks of the pauses of the event loop. */
const BETWEEN_LOOKS = 100;

/** Operations that only read or compute, so that no other operation misses what they changed. */
const READING = /^(Decrypt|Derive|Describe|Encrypt|Explain|Generate|Get|List|ReEncrypt|Sign|Translate|Verify)/;

const environment = { ...process.env };
const ENV = { KEYBLOCK_REGIONS: 'us-east-1,eu-west-1', KEYBLOCK_LOG_LEVEL: 'error' };
let store: TestStore;
let service: ServiceProcess;
let url: string;
let isChanged = true;
beforeAll(async () => {
  process.stderr.write(`Fuzzing with FUZZ_SEED=${SEED}\n`);
  store = await newStore();
  Object.assign(process.env, serviceEnv(store), ENV);
  service = spawnService({ ...serviceEnv(store), ...ENV });
  url = await service.listening;
});
// Requests to one operation may stop or delete what another operation needs.
beforeEach(async () => {
  if (isChanged) expect((await runKeyblock(['demo'])).exitCode).toBe(0);
  isChanged = false;
});
afterAll(async () => {
  process.env = environment;
  service.child.kill('SIGTERM');
  await service.ended;
  await store.remove();
});

/** Returns the parts of a request that are changed, as one value. */
const inputOf = ({ parameters, body }: Example): Json => ({ parameters, ...(body !== undefined && { body }) });
const INPUTS = EXAMPLES.map(inputOf);

test.each(EXAMPLES)('$name of $service answers changed input without an internal error', async (example) => {
  isChanged = !READING.test(example.name);
  const statuses = new Map<number, number>();
  let [count, slowest] = [0, { seconds: 0, body: '' }];
  await longestPause();
  const property = fc.asyncProperty(mutatedJson(inputOf(example), INPUTS), async (input) => {
    const request = requestOf(example, input);
    const began = performance.now();
    const { status, text } = await send(url, CLOCK, request);
    const seconds = (performance.now() - began) / 1000;
    if (seconds > slowest.seconds) slowest = { seconds, body: request.body };
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500) throw new Error(`${status} ${text} for ${request.path} ${request.body.slice(0, 2000)}`);
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    if (++count % BETWEEN_LOOKS === 0) await report(example, slowest);
  });
  const numRuns = Math.ceil(REQUESTS / EXAMPLES.length);
  await fc.assert(property, { numRuns, seed: SEED, endOnFailure: false });
  await report(example, slowest);
  process.stderr.write(`  ${example.name}: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
});

test('no internal error was logged', () => {
  expect(service.log()).toBe('');
});

function requestOf({ service, method, path, parameters }: Example, input: Json) {
  const { parameters: changed, body } = (isObject(input) ? input : {}) as { parameters?: Json; body?: Json };
  const given = isObject(changed) ? changed : parameters;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = given[name] ?? '';
    // An empty segment would make another path.
    return (
      encodeURIComponent(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString()) || '%20'
    );
  });
  return { service, method, path: filled, body: method === 'GET' || body === undefined ? '' : JSON.stringify(body) };
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reports a pause of the event loop since the last check that is longer than any request may cause. */
async function report({ name }: Example, slowest: { seconds: number; body: string }): Promise<void> {
  const seconds = await longestPause();
  if (seconds < PAUSE_SECONDS) return;
  const took = `the slowest request took ${slowest.seconds.toFixed(3)} s: ${slowest.body.slice(0, 300)}`;
  process.stderr.write(`  ${name}: a pause of ${seconds.toFixed(3)} s; ${took}\n`);
}

/** Returns the longest pause since the metrics were last read, which resets their histogram. */
async function longestPause(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? 0) - SAMPLING_SECONDS;
}
