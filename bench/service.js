// Compares signed calls of the built service with a bare Fastify echo of the same requests: npm run bench
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareMicroseconds } from './support/bare.js';
import { createKey, createUser, CREDENTIALS, prepareRequest } from './support/client.js';
import { load, percentile } from './support/load.js';
import { OPERATIONS, tokenOperations } from './support/operations.js';
import { pausesDuring } from './support/pauses.js';
import { startMeasuredServer } from './support/server.js';
import { newCluster } from './support/softhsm.js';

const CONNECTIONS = 16;
/** With few connections, latencies show the duration of calls rather than the time in a queue. */
const FEW_CONNECTIONS = 4;
// With many short rounds, other load on the machine affects both measurements of a round, and the median ignores
// outliers.
const ROUNDS = 21;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 3;
const PAUSES_SECONDS = 3;

const dataDir = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const tokenDir = await mkdtemp(join(tmpdir(), 'keyblock-bench-token-'));
const cluster = newCluster(tokenDir);
const servers = [];
try {
  const echo = await start(import.meta.resolve('./support/echo.js'), {});
  const env = {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: dataDir,
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    ...cluster?.env,
  };
  const service = await start(import.meta.resolve('../dist/bundle/main.js'), env);
  const user = await createUser(service.port, 'bench');
  console.log(`${ROUNDS} rounds of ${SECONDS} s each, alternating, called by a user with a policy\n`);
  const ratios = {};
  if (!cluster) console.log('Skipped, because softhsm2 is not installed: the operations with a custom key store\n');
  const operations = { ...OPERATIONS, ...(cluster && tokenOperations(cluster.store)) };
  for (const [name, prepare] of Object.entries(operations)) {
    const request = await prepareRequest(service.port, prepare, user, env);
    for (const { port } of [echo, service])
      await load({ port, request, connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
    const many = await measure([echo, service], request, CONNECTIONS);
    const few = await measure([echo, service], request, FEW_CONNECTIONS);
    console.log(name);
    console.table({ echo: figures(many[0], few[0]), service: figures(many[1], few[1]) });
    const { p99, longest } = await pausesDuring(service.port, () =>
      load({ port: service.port, request, connections: CONNECTIONS, seconds: PAUSES_SECONDS }),
    );
    const bare = bareMicroseconds(name);
    if (bare !== undefined)
      console.log(`bare OpenSSL: ${bare.toFixed(1)} us, ${percentOf(bare, many[1])} % of the service's CPU`);
    console.log(`pauses of the event loop under this load: p99 ${p99} ms, longest ${longest} ms\n`);
    ratios[name] = {
      'by CPU': ratio(many, ({ cpu }) => 1 / cpu),
      'by rate': ratio(many, ({ perSecond }) => perSecond),
      'p99 of the service / echo, 4 connections': Number((p99Of(few[1]) / p99Of(few[0])).toFixed(2)),
    };
  }
  console.log('Service / echo: medians over the rounds');
  console.table(ratios);

  const request = await prepareRequest(service.port, Object.values(OPERATIONS)[0], user);
  console.log('p99 in milliseconds on 4 connections, alone and beside other work');
  console.table({
    'echo, beside a process that burns one core': await besides(echo, request, startBusyCore),
    'service, beside CreateKey of RSA_4096': await besides(service, request, () => createRsaKeys(service.port)),
  });
} finally {
  for (const { stop } of servers) await stop();
  for (const folder of [dataDir, tokenDir]) await rm(folder, { recursive: true });
}

/** @param {string} url of the script; `SERVER_NODE` is the path of the `node` that runs it, by default this one */
async function start(url, env) {
  const server = await startMeasuredServer(fileURLToPath(url), env, process.env.SERVER_NODE);
  servers.push(server);
  return server;
}

/** Puts load on the servers in turn. @returns the results of all rounds for each server */
async function measure(measured, request, connections) {
  const rounds = measured.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, { port, cpuMicroseconds }] of measured.entries()) {
      const before = await cpuMicroseconds();
      const { perSecond, latencies } = await load({ port, request, connections, seconds: SECONDS });
      rounds[i].push({ perSecond, latencies, cpu: ((await cpuMicroseconds()) - before) / latencies.length });
    }
  return rounds;
}

/**
 * Measures a server alone and beside other work, in turn.
 * @param {() => () => Promise<void>} begin starts the work, and returns a function that ends it
 */
async function besides({ port }, request, begin) {
  const alone = [];
  const beside = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(await load({ port, request, connections: FEW_CONNECTIONS, seconds: SECONDS }));
    const end = begin();
    beside.push(await load({ port, request, connections: FEW_CONNECTIONS, seconds: SECONDS }));
    await end();
  }
  const [before, after] = [p99Of(alone), p99Of(beside)];
  return { alone: before.toFixed(2), beside: after.toFixed(2), times: (after / before).toFixed(2) };
}

/** Starts a process that does nothing but use a core. */
function startBusyCore() {
  const child = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  return async () => {
    child.kill('SIGKILL');
    await exited;
  };
}

/** Creates RSA keys one after another. */
function createRsaKeys(port) {
  let isEnding = false;
  const created = (async () => {
    while (!isEnding)
      await createKey(
        port,
        'D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
        'RSA_4096',
        'Encrypt',
        'Decrypt',
        'Wrap',
        'Unwrap',
      );
  })();
  return () => {
    isEnding = true;
    return created;
  };
}

/** Returns the median of the ratios between the service's figure and the echo's, over all rounds. */
function ratio([echoed, served], figure) {
  return Number(
    percentile(
      served.map((round, i) => figure(round) / figure(echoed[i])),
      0.5,
    ).toFixed(2),
  );
}

/** Returns the share of a cost in a server's CPU time per request, in percent. */
function percentOf(microseconds, rounds) {
  return (
    (100 * microseconds) /
    percentile(
      rounds.map(({ cpu }) => cpu),
      0.5,
    )
  ).toFixed(0);
}

function p99Of(rounds) {
  return percentile(
    rounds.flatMap(({ latencies }) => latencies),
    0.99,
  );
}

function figures(many, few) {
  const median = (values) => percentile(values, 0.5);
  return {
    'CPU us': Number(median(many.map(({ cpu }) => cpu)).toFixed(1)),
    'requests/s': Math.round(median(many.map(({ perSecond }) => perSecond))),
    'p99 ms': Number(p99Of(many).toFixed(2)),
    'p99 ms, 4 connections': Number(p99Of(few).toFixed(2)),
  };
}
