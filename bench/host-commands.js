// Compares host commands with a bare TCP echo of the same messages, and with TranslatePinData by HTTP: npm run bench
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callSigned, createKey, createUser, CREDENTIALS, prepareRequest } from './support/client.js';
import { load, percentile } from './support/load.js';
import { OPERATIONS } from './support/operations.js';
import { startMeasuredServer } from './support/server.js';

const CONNECTIONS = [1, 16];
const ROUNDS = 21;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 2;
const TRANSLATE = 'TranslatePinData, format 0 to 0, TDES 2-key';

/** Commands with keys under the public test LMK, and with keys of the service. */
const COMMANDS = {
  'B2, echo': 'B20004PING',
  'CA, keys under a variant LMK':
    'CAU8463435FC4B4DAA0C49025272C29B12CU1EF828AA8F6B80EB83E19FBC373F3A85126428EB94035AF53B0101550000025321',
  'CW, key under a variant LMK': 'CWU9B4934384B19946B040CD702B4D581454123456789012345;8701101',
  'CW, key of the service': 'CW@alias/cvk@4123456789012345;8701101',
};

const folder = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const servers = [];
try {
  const port = await freePort();
  const file = join(folder, 'payshield.yaml');
  await writeFile(
    file,
    `payshield:
  keyNames: true
  listeners:
    - {host: 127.0.0.1, port: ${port}, region: us-east-1, principal: 'arn:aws:iam::000000000000:user/bench'}
  lmks:
    '00': {scheme: variant, set: test}
`,
  );
  const echo = await start('./support/tcp-echo.js', {});
  const env = {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: join(folder, 'data'),
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    KEYBLOCK_PAYSHIELD_FILE: file,
  };
  const service = await start('../dist/bundle/main.js', env);
  const user = await createUser(service.port, 'bench');
  await call(service.port, 'PUT', '/admin/users/bench/policies/lmk', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'payment-cryptography:*', Resource: 'arn:aws:keyblock:*:*:lmk/*' }],
  });
  const KeyArn = await createKey(service.port, 'C0_CARD_VERIFICATION_KEY', 'TDES_2KEY', 'Generate', 'Verify');
  await call(service.port, 'POST', '/PaymentCryptographyControlPlane/CreateAlias', { AliasName: 'alias/cvk', KeyArn });

  console.log(`Host commands: ${ROUNDS} rounds of ${SECONDS} s each, alternating with a bare TCP echo\n`);
  const rows = {};
  for (const [name, command] of Object.entries(COMMANDS)) {
    const request = frame(`0001${command}`);
    const echoed = { server: echo, target: { port: echo.port, request, missing: missingOf(command.slice(0, 2)) } };
    const served = { server: service, target: { port, request, missing: missingOf(replyCode(command)) } };
    rows[name] = await compare(echoed, served);
  }
  const request = await prepareRequest(service.port, OPERATIONS[TRANSLATE], user);
  const byHttp = { server: service, target: { port: service.port, request } };
  rows['TranslatePinData by HTTP'] = await compare(undefined, byHttp);
  console.table(rows);
} finally {
  for (const { stop } of servers) await stop();
  await rm(folder, { recursive: true });
}

async function start(script, env) {
  const server = await startMeasuredServer(fileURLToPath(import.meta.resolve(script)), env, process.env.SERVER_NODE);
  servers.push(server);
  return server;
}

async function freePort() {
  const server = createServer();
  const port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function call(port, method, path, body) {
  const { status, text } = await callSigned(port, { method, path, body: JSON.stringify(body) });
  if (status !== 200) throw new Error(text);
}

function frame(text) {
  const message = Buffer.from(`\0\0${text}`, 'latin1');
  message.writeUInt16BE(message.length - 2);
  return message;
}

function replyCode(command) {
  return `${command[0]}${String.fromCharCode(command.charCodeAt(1) + 1)}00`;
}

/** @returns a function that finds the end of a message, and refuses one that doesn't begin with these characters */
function missingOf(beginning) {
  return (received) => {
    if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return 1;
    const isExpected = received.toString('latin1', 6, 6 + beginning.length) === beginning;
    return isExpected && received.length === 2 + received.readUInt16BE() ? 0 : -1;
  };
}

/** Measures a server, and in alternation the echo if there is one. */
async function compare(echoed, served) {
  const figures = {};
  for (const connections of CONNECTIONS) {
    const measured = echoed ? [served, echoed] : [served];
    for (const { target } of measured) await load({ ...target, connections, seconds: WARM_UP_SECONDS });
    const rounds = measured.map(() => []);
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, { server, target }] of measured.entries()) {
        const before = await server.cpuMicroseconds();
        const { perSecond, latencies } = await load({ ...target, connections, seconds: SECONDS });
        rounds[i].push({ perSecond, cpu: ((await server.cpuMicroseconds()) - before) / latencies.length });
      }
    const [own, echoes] = rounds;
    figures[`per s, ${connections}`] = Math.round(median(own, ({ perSecond }) => perSecond));
    figures[`CPU us, ${connections}`] = Number(median(own, ({ cpu }) => cpu).toFixed(1));
    if (!echoes) continue;
    figures[`echo per s, ${connections}`] = Math.round(median(echoes, ({ perSecond }) => perSecond));
    const ratios = own.map(({ perSecond }, round) => perSecond / echoes[round].perSecond);
    figures[`/ echo, ${connections}`] = Number(percentile(ratios, 0.5).toFixed(2));
  }
  return figures;
}

function median(rounds, figure) {
  return percentile(rounds.map(figure), 0.5);
}
