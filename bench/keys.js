// Measures what a call costs with one key and with many keys in turn, and parallel changes: npm run bench:keys
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Clock } from '../dist/clock.js';
import { readConfig } from '../dist/config/config.js';
import { CryptoProvider } from '../dist/provider/crypto-provider.js';
import { joinEmbeddedDatabase, openStore } from '../dist/store.js';
import { CREDENTIALS, requestOf } from './support/client.js';
import { cpuOf } from './support/cpu.js';
import { load, percentile } from './support/load.js';
import { seed } from './support/seed.js';
import { startServer } from './support/server.js';

const KEYS = 15_000;
/** One message per key. The cache holds all of these keys and the key that is used alone. */
const MESSAGES = KEYS;
const CONNECTIONS = 16;
const ROUNDS = 9;
const SECONDS = 2;
const CLIENTS = [1, 8, 32];
const CHANGE_ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), 'keyblock-bench-'));
const env = {
  KEYBLOCK_DATA_DIR: folder,
  KEYBLOCK_PORT: '0',
  KEYBLOCK_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  KEYBLOCK_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};
try {
  await measureCalls();
  await measureChanges();
} finally {
  rmSync(folder, { recursive: true });
}

/** Prints the CPU time per call of the service and of PostgreSQL, with one key and with many. */
async function measureCalls() {
  await withService({}, async ({ port, pid, database, masterKey }) => {
    console.log(`creating ${KEYS} keys and signing ${2 * MESSAGES} requests`);
    const scope = { accountId: '000000000000', region: 'us-east-1' };
    // Some of the keys are pending deletion.
    await seed(database, new CryptoProvider(masterKey), { ...scope, keys: Math.ceil(KEYS * 1.02) });
    const arns = await usableKeys(database, KEYS + 1);
    const cases = {
      'one key': await requests(port, [arns.pop()]),
      [`${KEYS} keys in turn`]: await requests(port, arns),
    };
    const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
    for (const next of Object.values(cases)) await untilAllSent(port, next);
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, next] of Object.entries(cases)) {
        const before = cpuOf(pid);
        const { perSecond, latencies } = await load({
          port,
          request: next,
          connections: CONNECTIONS,
          seconds: SECONDS,
        });
        const after = cpuOf(pid);
        results[name].push({
          service: (after.own - before.own) / latencies.length,
          postgres: (after.descendants - before.descendants) / latencies.length,
          perSecond,
        });
      }
    const [one, many] = Object.values(results).map(medians);
    const ratio = ({ service: a, postgres: b }, { service: c, postgres: d }) => ({
      service: rounded(c / a, 2),
      PostgreSQL: rounded(d / b, 2),
      both: rounded((c + d) / (a + b), 2),
    });
    console.log(
      `\nGenerateMac, microseconds of CPU per call; medians of ${ROUNDS} rounds of ${SECONDS} s, alternating`,
    );
    console.table({
      ...Object.fromEntries(
        Object.keys(cases).map((name, i) => {
          const { service, postgres, perSecond } = [one, many][i];
          return [
            name,
            {
              service: rounded(service),
              PostgreSQL: rounded(postgres),
              both: rounded(service + postgres),
              'calls/s': Math.round(perSecond),
            },
          ];
        }),
      ),
      times: ratio(one, many),
    });
  });
}

/**
 * Prints the changes per second that parallel clients reach: with the row of `change_epoch`, which transactions lock
 * one after another, and with a sequence in its place, which needs no lock.
 */
async function measureChanges() {
  await withService({ KEYBLOCK_WORKERS: '2' }, async ({ port, database }) => {
    const arns = await usableKeys(database, 1000);
    const signed = [];
    for (const ResourceArn of arns) {
      const input = { ResourceArn, Tags: [{ Key: 'made-by', Value: 'bench' }] };
      signed.push(await requestOf(port, { path: '/', input, operation: 'TagResource' }));
    }
    const next = inTurn(signed);
    const rates = { 'one row': CLIENTS.map(() => []), 'a sequence': CLIENTS.map(() => []) };
    await load({ port, request: next, connections: Math.max(...CLIENTS), seconds: SECONDS });
    for (let round = 0; round < CHANGE_ROUNDS; round++)
      for (const [name, ofClients] of Object.entries(rates)) {
        if (name === 'a sequence') await useSequence(database);
        for (const [i, connections] of CLIENTS.entries())
          ofClients[i].push((await load({ port, request: next, connections, seconds: SECONDS })).perSecond);
        if (name === 'a sequence') await useRow(database);
      }
    console.log(
      `\nTagResource on two processes, changes/s; medians of ${CHANGE_ROUNDS} rounds of ${SECONDS} s, alternating`,
    );
    console.table(
      Object.fromEntries(
        Object.entries(rates).map(([name, ofClients]) => [
          `numbered by ${name}`,
          Object.fromEntries(
            CLIENTS.map((clients, i) => [
              `${clients} client${clients === 1 ? '' : 's'}`,
              rounded(percentile(ofClients[i], 0.5)),
            ]),
          ),
        ]),
      ),
    );
  });
}

async function useSequence(database) {
  const [{ n }] = await database.query('SELECT n FROM change_epoch');
  await database.transaction(async (manager) => {
    await manager.query('ALTER TABLE change_epoch RENAME TO change_epoch_row');
    await manager.query('CREATE SEQUENCE changes_counted');
    await manager.query(`SELECT setval('changes_counted', $1)`, [n]);
    // The view calls a function: UPDATE locks the rows that a view reads, and those of a sequence can't be locked.
    await manager.query(`CREATE VIEW change_epoch AS SELECT pg_sequence_last_value('changes_counted'::regclass) AS n`);
    await manager.query(`
      CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.n := nextval('changes_counted'); RETURN NEW; END
      $$`);
    await manager.query(
      'CREATE TRIGGER count_change INSTEAD OF UPDATE ON change_epoch FOR EACH ROW EXECUTE FUNCTION count_change()',
    );
  });
}

async function useRow(database) {
  await database.transaction(async (manager) => {
    await manager.query('UPDATE change_epoch_row SET n = (SELECT last_value FROM changes_counted)');
    await manager.query('DROP VIEW change_epoch');
    await manager.query('DROP FUNCTION count_change');
    await manager.query('DROP SEQUENCE changes_counted');
    await manager.query('ALTER TABLE change_epoch_row RENAME TO change_epoch');
  });
}

/** Starts the service on the embedded database and opens the database beside it. */
async function withService(settings, work) {
  const main = fileURLToPath(import.meta.resolve('../dist/bundle/main.js'));
  const { port, pid, stop } = await startServer(main, { ...env, ...settings });
  try {
    const config = readConfig(env);
    const store = await openStore(config, new Clock(), joinEmbeddedDatabase(config));
    try {
      await work({ port, pid, ...store });
    } finally {
      await store.close();
    }
  } finally {
    await stop();
  }
}

async function usableKeys(database, count) {
  const rows = await database.query(`SELECT arn FROM keys WHERE state = 'CREATE_COMPLETE' LIMIT ${count}`);
  return rows.map(({ arn }) => arn);
}

/**
 * Signs a request for each message, with the keys in turn.
 *
 * @returns {Promise<() => Buffer>} returns the next request
 */
async function requests(port, arns) {
  const signed = [];
  for (let i = 0; i < MESSAGES; i++)
    signed.push(
      await requestOf(port, {
        path: '/mac/generate',
        input: {
          KeyIdentifier: arns[i % arns.length],
          MessageData: i.toString(16).padStart(128, '0'),
          GenerationAttributes: { Algorithm: 'CMAC' },
        },
      }),
    );
  return inTurn(signed);
}

function inTurn(signed) {
  let sent = 0;
  const next = () => signed[sent++ % signed.length];
  next.isThrough = () => sent >= signed.length;
  return next;
}

/** Sends every request at least once. */
async function untilAllSent(port, next) {
  while (!next.isThrough()) await load({ port, request: next, connections: CONNECTIONS, seconds: SECONDS });
}

function medians(results) {
  const median = (member) =>
    percentile(
      results.map((result) => result[member]),
      0.5,
    );
  return { service: median('service'), postgres: median('postgres'), perSecond: median('perSecond') };
}

function rounded(value, digits = 0) {
  return Number(value.toFixed(digits));
}
