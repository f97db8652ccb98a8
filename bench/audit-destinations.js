// Compares what storing an audit event costs in the table and on streams: npm run bench:audit
import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { AuditLog } from '../dist/audit/audit-log.js';
import { EventFile } from '../dist/audit/event-file.js';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { auditSigningKey } from '../dist/provider/audit-signing-key.js';
import { openStore, runEmbeddedDatabase } from '../dist/store.js';
import { cpuOf } from './support/cpu.js';

const ROUNDS = 12;
const EVENTS = 6000;
/** Events between two turns of the event loop, as a busy service has them. */
const TURN = 10;

const folder = await mkdtemp(join(tmpdir(), 'keyblock-bench-'));
const config = readConfig({ KEYBLOCK_DATA_DIR: join(folder, 'data') });
const logger = pino({ level: 'silent' });
const clock = new Clock();
const store = await openStore(config, clock, await runEmbeddedDatabase(config, logger, 'service'));
const pipe = await open('/dev/null', 'w');
try {
  const signer = await auditSigningKey(store.database.manager, store.masterKey, clock.now());
  const options = { database: store.database, secret: Buffer.alloc(32, 1), clock, logger, home: config };
  const stream = (name, output) => ({
    hasDataInTable: false,
    streams: [{ name, isRequired: true, output, signer }],
  });
  const stdout = { write: (lines) => pipe.write(lines).then(() => undefined) };
  const sinks = {
    table: new AuditLog(options),
    stdout: new AuditLog({ ...options, ...stream('stdout', stdout) }),
    file: new AuditLog({ ...options, ...stream('file', new EventFile(join(folder, 'events'))) }),
  };
  const totals = {};
  for (const [name, audit] of Object.entries(sinks)) {
    await audit.open();
    await storeEvents(audit);
    totals[name] = { own: 0, descendants: 0 };
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, audit] of Object.entries(sinks)) {
      const [cpu, postgres] = [process.cpuUsage(), cpuOf(process.pid).descendants];
      await storeEvents(audit);
      const { user, system } = process.cpuUsage(cpu);
      totals[name].own += user + system;
      totals[name].descendants += cpuOf(process.pid).descendants - postgres;
    }
  for (const audit of Object.values(sinks)) await audit.close();
  const perEvent = (microseconds) => Number((microseconds / (ROUNDS * EVENTS)).toFixed(1));
  console.log(
    `CPU time of storing an event of ${event().length} characters, ${ROUNDS} rounds of ${EVENTS}, alternating\n`,
  );
  console.table(
    Object.fromEntries(
      Object.entries(totals).map(([name, { own, descendants }]) => [
        name,
        { 'service us': perEvent(own), 'PostgreSQL us': perEvent(descendants) },
      ]),
    ),
  );
} finally {
  await pipe.close();
  await store.close();
  await rm(folder, { recursive: true });
}

/** Queues events and waits until they are stored. */
async function storeEvents(audit) {
  for (let i = 0; i < EVENTS; i++) {
    audit.record(event());
    if (i % TURN === 0) await turn();
  }
  await audit.flush();
}

/** An event of GenerateMac as the service formats it. */
function event() {
  const arn = 'arn:aws:payment-cryptography:us-east-1:111122223333:key/abcdefghijklmnop';
  return (
    '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAABCDEFGHIJKLMNOP",' +
    '"arn":"arn:aws:iam::111122223333:user/bench","accountId":"111122223333","accessKeyId":"AKIAABCDEFGHIJKLMNOP",' +
    '"userName":"bench"},"eventTime":"2026-11-29T01:02:03Z","eventSource":"payment-cryptography.amazonaws.com",' +
    '"eventName":"GenerateMac","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-sdk-java/2.30.1 ' +
    'md/io#sync md/http#Apache ua/2.1 os/Linux#6.1 lang/java#17.0.9 cfg/retry-mode#standard",' +
    `"requestParameters":{"keyIdentifier":"${arn}","generationAttributes":{"algorithm":"CMAC"}},"responseElements":null,` +
    `"requestID":"${randomUUID()}","eventID":"${randomUUID()}","readOnly":true,"resources":[{"accountId":"111122223333",` +
    `"type":"AWS::PaymentCryptography::Key","ARN":"${arn}"}],"eventType":"AwsApiCall","managementEvent":false,` +
    '"recipientAccountId":"111122223333","eventCategory":"Data"}'
  );
}
