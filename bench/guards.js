// Measures what guards cost the calls that they don't cover: npm run bench:guards
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callSigned, createUser, CREDENTIALS, prepareRequest } from './support/client.js';
import { load } from './support/load.js';
import { OPERATIONS } from './support/operations.js';
import { startMeasuredServer } from './support/server.js';

const ROUNDS = 61;
const SECONDS = 0.15;
const WARM_UP_SECONDS = 2;
const POLICY = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: 'payment-cryptography:GenerateMac', Resource: '*' }],
};

/** The measured calls. PutResourcePolicy could be guarded, but isn't; TranslatePinData can't be. */
const CALLS = {
  'TranslatePinData, 16 connections': {
    connections: 16,
    prepare: OPERATIONS['TranslatePinData, format 0 to 0, TDES 2-key'],
  },
  'PutResourcePolicy, 4 connections': {
    connections: 4,
    prepare: async ({ key }) => ({
      operation: 'PutResourcePolicy',
      input: {
        ResourceArn: await key('D0_SYMMETRIC_DATA_ENCRYPTION_KEY', 'AES_128', 'Encrypt', 'Decrypt', 'Wrap', 'Unwrap'),
        Policy: JSON.stringify(POLICY),
      },
    }),
  },
};

const SCRIPT = fileURLToPath(import.meta.resolve('../dist/bundle/main.js'));
const folder = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const servers = [];
try {
  const [guarded, without, again] = [await start('guards'), await start('without'), await start('again')];
  await guardOthers(guarded.port);
  for (const [name, { connections, prepare }] of Object.entries(CALLS)) {
    const cpu = servers.map(() => []);
    for (const server of servers) {
      server.request = await prepareRequest(server.port, prepare, server.user, server.env);
      await load({ ...server, connections, seconds: WARM_UP_SECONDS });
    }
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, server] of servers.entries()) cpu[i].push(await cpuOfCall(server, connections));
    const ratio = (one, other) => {
      const [i, j] = [servers.indexOf(one), servers.indexOf(other)];
      const [low, median, high] = quartilesOf(cpu[i].map((each, round) => each / cpu[j][round]));
      return { median: median.toFixed(3), 'half of the rounds': `${low.toFixed(3)} to ${high.toFixed(3)}` };
    };
    const microseconds = servers.map(({ name: server }, i) => `${server} ${quartilesOf(cpu[i])[1].toFixed(0)} us`);
    console.log(`${name}: CPU time of a call, medians of ${ROUNDS} rounds: ${microseconds.join(', ')}`);
    // A difference between two equal services is noise.
    console.table({
      'guards on others / no guards': ratio(guarded, without),
      'without / again': ratio(without, again),
    });
  }
} finally {
  for (const { stop } of servers) await stop();
  await rm(folder, { recursive: true });
}

async function start(name) {
  const env = {
    KEYBLOCK_PORT: '0',
    KEYBLOCK_DATA_DIR: join(folder, name),
    KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  };
  const server = await startMeasuredServer(SCRIPT, env);
  servers.push({ ...server, name, env });
  const started = servers.at(-1);
  started.user = await createUser(server.port, 'bench');
  return started;
}

/** Guards every operation that can be guarded, except PutResourcePolicy. */
async function guardOthers(port) {
  const admin = async (method, path, body) => {
    const { status, text } = await callSigned(port, { method, path: `/admin/${path}`, body: JSON.stringify(body) });
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  await createUser(port, 'ann');
  await createUser(port, 'bob');
  const { Team } = await admin('POST', 'teams', { Name: 'team', Approvers: ['ann', 'bob'], MinApprovals: 2 });
  const { Guardable } = JSON.parse((await callSigned(port, { method: 'GET', path: '/admin/guards', body: '' })).text);
  for (const operation of Guardable.filter((each) => each !== 'PutResourcePolicy'))
    await admin('PUT', `guards/${operation}`, { TeamArn: Team.TeamArn });
}

/** @returns {Promise<number>} microseconds */
async function cpuOfCall({ port, request, cpuMicroseconds }, connections) {
  const before = await cpuMicroseconds();
  const { latencies } = await load({ port, request, connections, seconds: SECONDS });
  return ((await cpuMicroseconds()) - before) / latencies.length;
}

function quartilesOf(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * (sorted.length - 1))]);
}
