// Writes events of one day as the service does, then exports, verifies and prunes the day: npm run build && DATABASE_URL=… node bench/audit-days.js --events 1000000
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { AuditLog } from '../dist/audit/audit-log.js';
import { makePartitions } from '../dist/audit/partitions.js';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { serviceSecret } from '../dist/provider/service-secret.js';
import { openStore } from '../dist/store.js';

const CLI = fileURLToPath(new URL('../dist/bundle/cli.js', import.meta.url));
const QUEUE = 5000;

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
const events = Number(values.events);
if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is needed: an empty database');
Object.assign(process.env, {
  KEYBLOCK_MASTER_KEY: randomBytes(32).toString('hex'),
  KEYBLOCK_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  KEYBLOCK_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
});
const config = readConfig(process.env);
const directory = mkdtempSync(join(tmpdir(), 'keyblock-audit-'));
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
/** The highest of the samples in each tenth of the time, so that growth with the number of events shows. */
const tenths = (samples) => {
  const length = Math.ceil(samples.length / 10) || 1;
  const parts = Array.from({ length: Math.ceil(samples.length / length) }, (_, i) =>
    Math.max(...samples.slice(i * length, (i + 1) * length)),
  );
  return `RSS ${parts.map((bytes) => (bytes / 1e6).toFixed(0)).join(', ')} MB`;
};

/** An event of the data plane, as long as those of a service. */
const event = (i) =>
  `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA0123456789ABCDEF0:authorizer","arn":"arn:aws:sts::000000000000:assumed-role/authorizer/node-${i % 8}","accountId":"000000000000","accessKeyId":"ASIA0123456789ABCDEF","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA0123456789ABCDEF0","arn":"arn:aws:iam::000000000000:role/authorizer","accountId":"000000000000","userName":"authorizer"},"attributes":{"creationDate":"2026-11-28T10:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"${new Date().toISOString().slice(0, 19)}Z","eventSource":"payment-cryptography.amazonaws.com","eventName":"VerifyMac","awsRegion":"us-east-1","sourceIPAddress":"10.0.0.${i % 256}","userAgent":"aws-sdk-js/3.953.0 ua/2.1 os/linux lang/js md/nodejs#22 api/payment-cryptography-data#3.953.0","requestParameters":{"keyIdentifier":"alias/mac-${i % 100}","verificationAttributes":{"algorithm":"CMAC"}},"responseElements":null,"requestID":"${randomUUID()}","eventID":"${randomUUID()}","readOnly":true,"resources":[{"accountId":"000000000000","type":"AWS::PaymentCryptography::Key","ARN":"arn:aws:payment-cryptography:us-east-1:000000000000:key/${String(i % 100).padStart(16, 'a')}"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"000000000000","eventCategory":"Data"}`;

/** Runs a command, and prints its time and its RSS over that time. */
async function run(name, ...args) {
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, 'audit', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const samples = [];
  const watch = setInterval(() => {
    try {
      const rss = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)])) * 1024;
      if (rss > 0) samples.push(rss); // 0: it is ending
    } catch {
      // It has ended.
    }
  }, 250);
  const [exitCode] = await once(child, 'close');
  clearInterval(watch);
  if (exitCode !== 0) throw new Error(`${name} ended with exit code ${exitCode}`);
  console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s, ${tenths(samples)}`);
}

const { database, masterKey, close } = await openStore(config, new Clock());
const size = async () => {
  const [row] = await database.query(
    `SELECT sum(pg_total_relation_size(inhrelid))::float8 AS bytes FROM pg_inherits WHERE inhparent = 'audit_log'::regclass`,
  );
  return row.bytes;
};
try {
  const secret = await serviceSecret(database.manager, masterKey, 'audit');
  const logger = pino({ level: 'error' });
  const log = new AuditLog({ database, secret, clock: new Clock(), logger, home: config });
  await log.open();
  const start = performance.now();
  const samples = [];
  for (let i = 0; i < events; i++) {
    log.record(event(i));
    while (log.waiting > QUEUE) await turn();
    if (i % 2000 === 0) samples.push(process.memoryUsage.rss());
  }
  await log.close();
  console.log(
    `write ${events} events: ${((performance.now() - start) / 1000).toFixed(1)} s, ${tenths(samples)}, table ${megabytes(await size())}`,
  );
  // The events become those of a day that is over: their partition is detached and attached as that of another day.
  const [{ today, before, name }] = await database.query(
    `SELECT today::text AS today, (today - 2)::text AS before, 'audit_log_' || to_char(today, 'YYYYMMDD') AS name
       FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today) AS now`,
  );
  await database.query(`ALTER TABLE audit_log DETACH PARTITION ${name}`);
  await database.query(`ALTER TABLE ${name} RENAME TO ${name}_was`);
  await database.query(`ALTER TABLE ${name}_was DROP COLUMN day CASCADE, ADD day date NOT NULL DEFAULT '${before}'`);
  await database.query(
    `ALTER TABLE audit_log ATTACH PARTITION ${name}_was FOR VALUES FROM ('${before}') TO (date '${before}' + 1)`,
  );
  await makePartitions(database.manager);
  console.log(`${today} became ${before}`);

  await run('verify', 'verify');
  await run('export', 'export', '--to', directory);
  const folder = join(directory, before);
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  console.log(`export: ${megabytes(bytes)}, ${(bytes / events).toFixed(0)} bytes an event`);
  const keys = join(directory, 'keys.pem');
  writeFileSync(keys, execFileSync(process.execPath, [CLI, 'audit', 'public-key']));
  await run('verify --export', 'verify', '--export', directory, '--public-key', keys);
  await run('prune', 'prune', '--keep', '1d', '--export', directory, '--yes');
  console.log(`table: ${megabytes(await size())}`);
  await run('verify', 'verify');
} finally {
  await close();
  rmSync(directory, { recursive: true });
}
