// Measures signed TranslatePinData with one worker and with several, on PostgreSQL: npm run bench:workers
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { CREDENTIALS, prepareRequest } from './support/client.js';
import { cpuOf } from './support/cpu.js';
import { load, percentile } from './support/load.js';
import { OPERATIONS } from './support/operations.js';
import { startServer } from './support/server.js';

const OPERATION = 'TranslatePinData, format 0 to 0, TDES 2-key';
const CONNECTIONS = 32;
const ROUNDS = 11;
const SECONDS = 0.5;
const WARM_UP_SECONDS = 5;

const server = process.env.DATABASE_URL;
if (!server) throw new Error('DATABASE_URL is needed: a PostgreSQL server on which a database can be created');
const counts = [1, 2, 4, 8].filter((count) => count <= availableParallelism());
const name = `keyblock_bench_${randomBytes(6).toString('hex')}`;
await administer(`CREATE DATABASE ${name}`);
const services = [];
try {
  for (const count of counts) services.push(await start(count));
  for (const service of services) await run(service, WARM_UP_SECONDS * service.count);
  for (let round = 0; round < ROUNDS; round++)
    for (const service of services) {
      const before = usedBy(service);
      const { perSecond, latencies } = await run(service, SECONDS);
      service.rates.push(perSecond);
      service.costs.push((usedBy(service) - before) / latencies.length);
    }

  console.log(`${OPERATION}; ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each, alternating`);
  console.log(`${availableParallelism()} cores, one of them busy with the load generator\n`);
  const [one] = services;
  console.table(
    Object.fromEntries(
      services.map(({ count, rates, costs }) => [
        `${count} worker${count === 1 ? '' : 's'}`,
        {
          'CPU us a request': Number(percentile(costs, 0.5).toFixed(1)),
          'CPU, times': Number(
            percentile(
              costs.map((cost, i) => cost / one.costs[i]),
              0.5,
            ).toFixed(2),
          ),
          'requests/s': Math.round(percentile(rates, 0.5)),
          times: Number(
            percentile(
              rates.map((rate, i) => rate / one.rates[i]),
              0.5,
            ).toFixed(2),
          ),
        },
      ]),
    ),
  );
} finally {
  for (const { stop } of services) await stop();
  await administer(`DROP DATABASE ${name} WITH (FORCE)`);
}

async function start(count) {
  const url = new URL(server);
  url.pathname = `/${name}`;
  const { port, pid, stop } = await startServer(fileURLToPath(import.meta.resolve('../dist/bundle/main.js')), {
    DATABASE_URL: url.href,
    KEYBLOCK_MASTER_KEY: '0'.repeat(64),
    KEYBLOCK_PORT: '0',
    KEYBLOCK_WORKERS: String(count),
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
  return { count, port, stop, pid, rates: [], costs: [], request: await prepareRequest(port, OPERATIONS[OPERATION]) };
}

/** Returns the CPU time of a service's processes, in microseconds. */
function usedBy({ pid }) {
  const { own, descendants } = cpuOf(pid);
  return own + descendants;
}

function run({ port, request }, seconds) {
  return load({ port, request, connections: CONNECTIONS, seconds });
}

async function administer(sql) {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
