// Signed GenerateMac of the built service beside a bare Fastify echo of the same requests: npm run bench
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { load, percentile } from './support/load.js';
import { startServer } from './support/server.js';

const CONNECTIONS = 16;
// Short and many: what else the machine does hits both of a pair, and the median leaves out the pairs it didn't.
const ROUNDS = 21;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 5;

const credentials = { accessKeyId: 'AKIABENCHMARKBENCHMA', secretAccessKey: 'benchmark-benchmark-benchmark' };
const signer = new SignatureV4({ credentials, region: 'us-east-1', service: 'payment-cryptography', sha256: Sha256 });

const OPERATIONS = [
  { algorithm: 'CMAC', usage: 'TR31_M6_ISO_9797_5_CMAC_KEY', keyAlgorithm: 'AES_256' },
  { algorithm: 'ISO9797_ALGORITHM3', usage: 'TR31_M3_ISO_9797_3_MAC_KEY', keyAlgorithm: 'TDES_2KEY' },
];

const dataDir = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const servers = [];
try {
  const echo = await start(import.meta.resolve('./support/echo.js'), {});
  const service = await start(import.meta.resolve('../dist/main.js'), {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: dataDir,
    KEYBLOCK_ACCESS_KEY_ID: credentials.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  console.log(`${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s each in turn; latencies in ms\n`);
  for (const { algorithm, usage, keyAlgorithm } of OPERATIONS) {
    const request = await generateMac(service.port, algorithm, await createKey(service.port, usage, keyAlgorithm));
    const echoed = [];
    const served = [];
    for (const { port } of [echo, service]) await run(port, request, WARM_UP_SECONDS);
    for (let round = 0; round < ROUNDS; round++) {
      echoed.push(await run(echo.port, request, SECONDS));
      served.push(await run(service.port, request, SECONDS));
    }
    const ratios = served.map(({ perSecond }, i) => perSecond / echoed[i].perSecond);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percentile(ratios, share).toFixed(2));
    console.log(`GenerateMac ${algorithm}, ${keyAlgorithm}, 64 bytes of message`);
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

/** The median rate, and the latencies of all rounds. */
function figures(rounds) {
  const latencies = rounds.flatMap((round) => round.latencies);
  const rates = rounds.map(({ perSecond }) => perSecond);
  const ms = (share) => Number(percentile(latencies, share).toFixed(2));
  return { 'requests/s': Math.round(percentile(rates, 0.5)), p50: ms(0.5), p90: ms(0.9), p99: ms(0.99) };
}

/** @returns {Promise<string>} its ARN */
async function createKey(port, usage, keyAlgorithm) {
  const { path, method, headers, body } = await sign(
    port,
    '/',
    {
      Exportable: false,
      KeyAttributes: {
        KeyUsage: usage,
        KeyClass: 'SYMMETRIC_KEY',
        KeyAlgorithm: keyAlgorithm,
        KeyModesOfUse: { Generate: true, Verify: true },
      },
    },
    { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'PaymentCryptographyControlPlane.CreateKey' },
  );
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text).Key.KeyArn;
}

/** @returns {Promise<Buffer>} the request as it goes over the wire; its signature is good for five minutes */
async function generateMac(port, algorithm, arn) {
  const { path, method, headers, body } = await sign(
    port,
    '/mac/generate',
    { KeyIdentifier: arn, MessageData: '0123456789ABCDEF'.repeat(8), GenerationAttributes: { Algorithm: algorithm } },
    { 'content-type': 'application/json' },
  );
  const lines = Object.entries({ ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function sign(port, path, input, headers) {
  return signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: {},
    headers: { host: `127.0.0.1:${port}`, ...headers },
    body: JSON.stringify(input),
  });
}
