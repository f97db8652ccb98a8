// Prints the CPU time of the most expensive body that each operation refuses: npm run bench:refusals
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callSigned, CREDENTIALS } from './support/client.js';
import { hostileBodies } from './support/hostile-bodies.js';
import { percentile } from './support/load.js';
import { startMeasuredServer } from './support/server.js';

// A body that took longer is sent again, because the measurement may have included other work of the process.
const SUSPICIOUS_MS = 20;
const REPEATS = 5;
const PLANES = ['controlplane', 'dataplane', 'admin', 'kms'];

const dataDir = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const service = await startMeasuredServer(fileURLToPath(import.meta.resolve('../dist/bundle/main.js')), {
  KEYBLOCK_PORT: '0',
  KEYBLOCK_DATA_DIR: dataDir,
  KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
});
try {
  const worst = {};
  for (const { name, method, path, bodies } of (await Promise.all(PLANES.map(operationsOf))).flat()) {
    const measured = [];
    for (const [what, body] of bodies) measured.push({ what, ...(await measure(method, path, body)) });
    worst[name] = measured.reduce((most, one) => (one.ms > most.ms ? one : most));
  }
  const rows = Object.entries(worst).sort(([, a], [, b]) => b.ms - a.ms);
  console.log('The most expensive body of each operation: CPU time of the process, and bytes of the answer\n');
  console.table(Object.fromEntries(rows));
  const [[name, { ms, what }]] = rows;
  console.log(`Worst: ${ms} ms, ${name}, ${what}`);
} finally {
  await service.stop();
  await rm(dataDir, { recursive: true });
}

async function operationsOf(plane) {
  const document = JSON.parse(await readFile(new URL(`../openapi/${plane}.json`, import.meta.url), 'utf8'));
  const resolve = (ref) => document.components.schemas[ref.split('/').at(-1)];
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { requestBody }]) => requestBody)
      .map(([method, { operationId, requestBody }]) => ({
        name: plane === 'kms' ? `KMS ${operationId}` : operationId,
        method: method.toUpperCase(),
        path: path.replaceAll(/\{(\w+)\}/g, (_, name) => (name === 'kind' ? 'users' : 'x')),
        bodies: hostileBodies(Object.values(requestBody.content)[0].schema, resolve),
      })),
  );
}

async function measure(method, path, body) {
  let { ms, bytes } = await cost(method, path, body);
  if (ms > SUSPICIOUS_MS) {
    const costs = [];
    for (let i = 0; i < REPEATS; i++) costs.push((await cost(method, path, body)).ms);
    ms = percentile(costs, 0.5);
  }
  return { ms: Number(ms.toFixed(1)), bytes };
}

async function cost(method, path, body) {
  const before = await service.cpuMicroseconds();
  const { text } = await callSigned(service.port, { method, path, body });
  return { ms: ((await service.cpuMicroseconds()) - before) / 1000, bytes: Buffer.byteLength(text) };
}
