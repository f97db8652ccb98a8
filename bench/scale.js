// Measures listing, reading and creating payment and KMS keys with 1 000, 10 000 and 100 000 keys on PostgreSQL: npm run
// bench:scale
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import pg from 'pg';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { CryptoProvider } from '../dist/provider/crypto-provider.js';
import { openStore } from '../dist/store.js';
import { percentile } from './support/load.js';
import { startServer } from './support/server.js';
import { seed } from './support/seed.js';
import { seedKms } from './support/seed-kms.js';

const SIZES = [1000, 10_000, 100_000];
// Alternates between the sizes, so that other load on the machine affects all of them.
const ROUNDS = 20;
const CALLS = 10;

const CREATE_KEY = {
  Exportable: false,
  KeyAttributes: {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_256',
    KeyModesOfUse: { Generate: true, Verify: true },
  },
};

const server = process.env.DATABASE_URL;
if (!server) throw new Error('DATABASE_URL is needed: a PostgreSQL server on which databases can be created');
const scope = { accountId: '000000000000', region: 'us-east-1' };
const credentials = { accessKeyId: 'AKIABENCHMARKBENCHMA', secretAccessKey: 'benchmark-benchmark-benchmark' };
const signer = new SignatureV4({ credentials, region: scope.region, service: 'payment-cryptography', sha256: Sha256 });
const agent = new Agent({ keepAlive: true });
const stores = [];
try {
  for (const keys of SIZES) stores.push(await open(keys));
  const operations = {
    'ListKeys, first page': () => ({ operation: 'ListKeys', input: {} }),
    'ListKeys, page in the middle': ({ middle }) => ({ operation: 'ListKeys', input: { NextToken: middle } }),
    'ListKeys, DELETE_PENDING': () => ({
      operation: 'ListKeys',
      input: { KeyState: 'DELETE_PENDING', MaxResults: 10 },
    }),
    'GetKey, not cached': ({ unread }) => ({ operation: 'GetKey', input: { KeyIdentifier: unread.pop() } }),
    'GetKey, cached': ({ arn }) => ({ operation: 'GetKey', input: { KeyIdentifier: arn } }),
    CreateKey: () => ({ operation: 'CreateKey', input: CREATE_KEY }),
    'ListAliases of a key': ({ arn }) => ({ operation: 'ListAliases', input: { KeyArn: arn } }),
    'KMS ListKeys, first page': () => ({ kms: 'ListKeys', input: {} }),
    'KMS ListAliases, first page': () => ({ kms: 'ListAliases', input: {} }),
    'KMS ListGrants of a key': ({ kmsArn }) => ({ kms: 'ListGrants', input: { KeyId: kmsArn } }),
    'KMS DescribeKey, not cached': ({ kmsUnread }) => ({ kms: 'DescribeKey', input: { KeyId: kmsUnread.pop() } }),
    'KMS DescribeKey, cached': ({ kmsArn }) => ({ kms: 'DescribeKey', input: { KeyId: kmsArn } }),
    'KMS CreateKey': () => ({ kms: 'CreateKey', input: {} }),
    'KMS CreateGrant': ({ kmsArn }) => ({
      kms: 'CreateGrant',
      input: { KeyId: kmsArn, GranteePrincipal: 'arn:aws:iam::000000000000:root', Operations: ['Encrypt'] },
    }),
  };
  const table = {};
  for (const [name, callOf] of Object.entries(operations)) {
    const latencies = stores.map(() => []);
    for (let round = 0; round <= ROUNDS; round++)
      for (const [i, store] of stores.entries())
        for (let n = 0; n < CALLS; n++) {
          const { ms } = await call(store.port, callOf(store));
          if (round > 0) latencies[i].push(ms); // the first round is a warm-up
        }
    const medians = latencies.map((ms) => percentile(ms, 0.5));
    table[name] = Object.fromEntries(
      SIZES.flatMap((keys, i) => [
        [`ms, ${keys}`, Number(medians[i].toFixed(2))],
        [`times, ${keys}`, Number((medians[i] / medians[0]).toFixed(2))],
      ]).filter((_, column) => column !== 1),
    );
  }
  console.log(`median of ${ROUNDS * CALLS} calls, one at a time, alternating between the sizes`);
  console.table(table);
} finally {
  agent.destroy();
  for (const { close } of stores) await close();
}

/** Creates a database with this many keys and starts a service on it. */
async function open(keys) {
  const name = `keyblock_bench_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  const drop = () => administer(`DROP DATABASE ${name} WITH (FORCE)`);
  try {
    const url = new URL(server);
    url.pathname = `/${name}`;
    const environment = {
      KEYBLOCK_PORT: '0',
      DATABASE_URL: url.href,
      KEYBLOCK_MASTER_KEY: randomBytes(32).toString('hex'),
      KEYBLOCK_ACCESS_KEY_ID: credentials.accessKeyId,
      KEYBLOCK_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const { arns, kmsArns } = await fill(environment, keys);
    const main = fileURLToPath(import.meta.resolve('../dist/bundle/main.js'));
    const { port, stop } = await startServer(main, environment);
    const close = async () => {
      await stop();
      await drop();
    };
    const [arn, ...unread] = arns;
    const [kmsArn, ...kmsUnread] = kmsArns;
    return { port, close, arn, unread, kmsArn, kmsUnread, middle: await tokenAfter(port, keys / 2) };
  } catch (error) {
    await drop();
    throw error;
  }
}

/** Fills the database. @returns {Promise<{ arns: string[], kmsArns: string[] }>} ARNs of randomly chosen keys, enough for all rounds */
async function fill(environment, keys) {
  const { database, masterKey, close } = await openStore(readConfig(environment), new Clock());
  try {
    const start = performance.now();
    const provider = new CryptoProvider(masterKey);
    await seed(database, provider, { ...scope, keys });
    await seedKms(database, provider, { ...scope, keys });
    console.log(`${keys} keys created in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    const limit = (ROUNDS + 1) * CALLS + 1;
    const chosen = async (table) => {
      const rows = await database.query(`SELECT arn FROM ${table} ORDER BY random() LIMIT ${limit}`);
      return rows.map(({ arn }) => arn);
    };
    return { arns: await chosen('keys'), kmsArns: await chosen('kms_keys') };
  } finally {
    await close();
  }
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

/** Pages through ListKeys. @returns {Promise<string>} the NextToken after this many keys, a multiple of 100 */
async function tokenAfter(port, keys) {
  let NextToken;
  for (let listed = 0; listed < keys; listed += 100)
    ({ NextToken } = (await call(port, { operation: 'ListKeys', input: { MaxResults: 100, NextToken } })).output);
  return NextToken;
}

/**
 * Makes a signed call on a kept connection. @returns {Promise<{ ms: number, output: object }>} milliseconds to the last
 * byte
 */
async function call(port, { operation, kms, input }) {
  const body = JSON.stringify(input);
  const unsigned = {
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: '/',
    query: {},
    headers: {
      host: `127.0.0.1:${port}`,
      'content-type': `application/x-amz-json-${kms ? '1.1' : '1.0'}`,
      'x-amz-target': kms ? `TrentService.${kms}` : `PaymentCryptographyControlPlane.${operation}`,
    },
    body,
  };
  const { method, path, headers } = await signer.sign(unsigned, kms ? { signingService: 'kms' } : {});
  const start = performance.now();
  return new Promise((resolve, reject) => {
    request({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const ms = performance.now() - start;
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve({ ms, output: JSON.parse(text) });
        else reject(new Error(text));
      });
    })
      .on('error', reject)
      .end(body);
  });
}
