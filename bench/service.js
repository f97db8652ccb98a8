// Compares signed calls of the built service with a bare Fastify echo of the same requests: npm run bench
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CREDENTIALS, prepareRequest } from './support/client.js';
import { load, percentile } from './support/load.js';
import { OPERATIONS } from './support/operations.js';
import { startServer } from './support/server.js';

const CONNECTIONS = 16;
// Rounds are short and many: other load on the machine then affects both halves of a pair, and the median ignores the
// outliers.
const ROUNDS = 21;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 5;

const dataDir = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const servers = [];
try {
  const echo = await start(import.meta.resolve('./support/echo.js'), {});
  const service = await start(import.meta.resolve('../dist/bundle/main.js'), {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: dataDir,
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, alternating; latencies in ms\n`);
  for (const [name, prepare] of Object.entries(OPERATIONS)) {
    const request = await prepareRequest(service.port, prepare);
    const echoed = [];
    const served = [];
    for (const { port } of [echo, service]) await run(port, request, WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round++) {
      echoed.push(await run(echo.port, request, SECONDS));
      served.push(await run(service.port, request, SECONDS));
    }
    const ratios = served.map(({ perSecond }, i) => perSecond / echoed[i].perSecond);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percentile(ratios, share).toFixed(2));
    console.log(name);
    console.table({ echo: figures(echoed), service: figures(served) });
    console.log(`service / echo: ${middle} (half of the rounds: ${low} to ${high})\n`);
  }
} finally {
  for (const { stop } of servers) await stop();
  await rm(dataDir, { recursive: true });
}

async function start(url, env) {
  const server = await startServer(fileURLToPath(url), env);
  servers.push(server);
  return server;
}

function run(port, request, seconds) {
  return load({ port, request, connections: CONNECTIONS, seconds });
}

/** Median rate and latency percentiles over all rounds. */
function figures(rounds) {
  const latencies = rounds.flatMap((round) => round.latencies);
  const rates = rounds.map(({ perSecond }) => perSecond);
  const ms = (share) => Number(percentile(latencies, share).toFixed(2));
  return { 'requests/s': Math.round(percentile(rates, 0.5)), p50: ms(0.5), p90: ms(0.9), p99: ms(0.99) };
}
