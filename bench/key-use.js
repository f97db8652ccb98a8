// Measures what it costs to count the calls with each key: npm run bench:key-use
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KeyUse } from '../dist/access/key-use.js';
import { DATA_PLANE } from '../dist/payment/api.js';
import { createUser, CREDENTIALS, prepareRequest } from './support/client.js';
import { load } from './support/load.js';
import { OPERATIONS } from './support/operations.js';
import { startMeasuredServer } from './support/server.js';

const OPERATION = 'TranslatePinData, format 0 to 0, TDES 2-key';
const CONNECTIONS = 16;
/** So many that each service writes its counts, which it does once a minute. */
const ROUNDS = 151;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 5;
const LOOPS = 9;
const CALLS_IN_LOOP = 200_000;

// The bundle is one file, in which nothing can be replaced. The same service as separate modules can be started without counting.
const SCRIPT = fileURLToPath(import.meta.resolve('../dist/main.js'));
const WITHOUT = { NODE_OPTIONS: `--import=${import.meta.resolve('./support/no-key-use.js')}` };

const folder = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const servers = [];
try {
  const counting = await start('counting', {});
  const without = await start('without', WITHOUT);
  // A difference between two equal services is noise.
  const again = await start('again', WITHOUT);
  for (const { port, request } of servers)
    await load({ port, request, connections: CONNECTIONS, seconds: WARM_UP_SECONDS });
  const rounds = servers.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, server] of servers.entries()) rounds[i].push(await cpuOfCall(server));
  console.log(`${OPERATION}: medians of ${ROUNDS} rounds of ${SECONDS} s each, alternating`);
  console.table(
    Object.fromEntries(servers.map(({ name }, i) => [name, { 'CPU us': quartilesOf(rounds[i])[1].toFixed(1) }])),
  );
  const ratio = (one, other) => {
    const [i, j] = [servers.indexOf(one), servers.indexOf(other)];
    const [low, median, high] = quartilesOf(rounds[i].map((cpu, round) => cpu / rounds[j][round]));
    return { median: median.toFixed(3), 'half of the rounds': `${low.toFixed(3)} to ${high.toFixed(3)}` };
  };
  console.log('CPU time of a call, as a ratio');
  console.table({ 'counting / without': ratio(counting, without), 'without / without again': ratio(without, again) });
  console.log(`counting alone, a call with two keys: ${countingMicroseconds().toFixed(2)} us`);
} finally {
  for (const { stop } of servers) await stop();
  await rm(folder, { recursive: true });
}

async function start(name, more) {
  const env = {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: join(folder, name),
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    ...more,
  };
  const server = await startMeasuredServer(SCRIPT, env);
  servers.push({ ...server, name });
  const started = servers.at(-1);
  const user = await createUser(server.port, 'bench');
  started.request = await prepareRequest(server.port, OPERATIONS[OPERATION], user, env);
  return started;
}

/** @returns {Promise<number>} microseconds */
async function cpuOfCall({ port, request, cpuMicroseconds }) {
  const before = await cpuMicroseconds();
  const { latencies } = await load({ port, request, connections: CONNECTIONS, seconds: SECONDS });
  return ((await cpuMicroseconds()) - before) / latencies.length;
}

/** Returns the CPU time of counting one call, in a loop without anything else. */
function countingMicroseconds() {
  const use = new KeyUse(undefined, undefined);
  const keyArns = [1, 2].map((i) => `arn:aws:payment-cryptography:us-east-1:000000000000:key/abcdefghijklmno${i}`);
  const principal = { arn: 'arn:aws:iam::000000000000:user/bench' };
  const call = { api: DATA_PLANE, operation: 'TranslatePinData', origin: { time: new Date() }, principal };
  const measured = Array.from({ length: LOOPS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS_IN_LOOP; i++) use.note({ ...call, record: { keyArns } }, true);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / CALLS_IN_LOOP;
  });
  return quartilesOf(measured)[1];
}

function quartilesOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}
