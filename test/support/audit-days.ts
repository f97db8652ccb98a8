import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { AuditLog } from '../../src/audit/audit-log.js';
import { makePartitions, partitions } from '../../src/audit/partitions.js';
import { Clock } from '../../src/clock.js';
import { connect } from '../../src/database/database.js';
import { MasterKey } from '../../src/provider/master-key.js';
import { serviceSecret } from '../../src/provider/service-secret.js';
import { leaveTime } from './calendar.js';
import { runKeyblock } from './cli.js';
import { type DatabaseStore, MASTER_KEY, newStore, tamper } from './database.js';

/** A deployment whose audit log has days that are over, and a folder for their exports. */

const DAY_MS = 86_400_000;
// The database's clock tells the days of rows, and specs count days from today: for a spec, today must not end.
await leaveTime('day', 300);

export interface AuditDays {
  database: DataSource;
  /** Key of the MACs of the audit log. */
  secret: Buffer;
  /** The environment of the deployment. */
  env: Record<string, string>;
  /** A folder for exports. */
  directory: string;
  /** File with the public keys. */
  publicKey: string;
  /** Runs the command in this process, on the deployment. */
  keyblock: (...args: string[]) => ReturnType<typeof runKeyblock>;
  /** Keeps the audit log and the folder as they are. @returns a function that puts both back, whatever was done to them */
  keep: () => Promise<() => Promise<void>>;
  remove: () => Promise<void>;
}

/** The tables of the audit log that commands and attackers write to. */
const TABLES = ['audit_log', 'audit_chains', 'audit_chain_set', 'audit_segments', 'audit_segment_set'];

export const HOME = { accountId: '111122223333', region: 'us-east-1' };

export const auditEvent = (name: string) =>
  JSON.stringify({ eventID: randomUUID(), eventTime: '2026-02-14T11:12:13Z', eventName: name });

/** ISO 8601 of the day that is this number of days before today. */
export const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);

/**
 * Creates a deployment with two chains, one of which continues from day to day.
 *
 * @param days  how many days ago events were written, the oldest first
 * @param given an empty database for it
 */
export async function auditDays(days: readonly number[], given?: DatabaseStore): Promise<AuditDays> {
  const store = given ?? (await newStore());
  const database = await connect(store.env.DATABASE_URL);
  const folder = mkdtempSync(join(tmpdir(), 'keyblock-days-'));
  const directory = join(folder, 'exports');
  mkdirSync(directory);
  const env = {
    ...store.env,
    KEYBLOCK_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    KEYBLOCK_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const keyblock = (...args: string[]) => inEnvironment(env, () => runKeyblock(args));
  const { stdout, stderr, exitCode } = await keyblock('audit', 'public-key');
  if (exitCode !== 0) throw new Error(stderr);
  const publicKey = join(folder, 'audit-keys.pem');
  writeFileSync(publicKey, stdout);
  const masterKey = new MasterKey(Buffer.from(MASTER_KEY, 'hex'));
  const secret = await serviceSecret(database.manager, masterKey, 'audit');
  await writeDays(database, secret, days);
  const remove = async () => {
    await database.destroy();
    await store.remove();
    rmSync(folder, { recursive: true });
  };
  let kept = 0;
  const keep = () => keepLog(database, directory, `kept_${++kept}`);
  return { database, secret, env, directory, publicKey, keyblock, keep, remove };
}

async function keepLog(database: DataSource, directory: string, name: string): Promise<() => Promise<void>> {
  const folder = join(directory, '..', name);
  const all = (statement: (table: string) => string) => TABLES.map(statement).join(';');
  await database.query(`CREATE SCHEMA ${name};${all((table) => `CREATE TABLE ${name}.${table} AS TABLE ${table}`)}`);
  cpSync(directory, folder, { recursive: true });
  const keptPartitions = new Set((await partitions(database.manager)).map((partition) => partition.name));
  return async () => {
    for (const partition of await partitions(database.manager))
      if (!keptPartitions.has(partition.name)) await database.query(`DROP TABLE ${partition.name}`);
    await tamper(
      database,
      all((table) => `DELETE FROM ${table}; INSERT INTO ${table} TABLE ${name}.${table}`),
    );
    // Rows of partitions that were dropped are in the default partition.
    await makePartitions(database.manager);
    rmSync(directory, { recursive: true });
    cpSync(folder, directory, { recursive: true });
  };
}

/** Writes events as if on earlier days: rows are dated back after they are written. */
async function writeDays(database: DataSource, secret: Buffer, days: readonly number[]): Promise<void> {
  const long = await openLog(database, secret);
  for (const ago of days) {
    const short = await openLog(database, secret);
    for (const log of [long, short]) {
      for (let i = 0; i < 400; i++) log.record(auditEvent(`${ago} days ago, ${i}`));
      await log.flush();
    }
    await short.close();
    await dateBack(database, ago);
  }
  await long.close();
}

/** Makes rows of today those of another day, in a partition of that day. */
export async function dateBack(database: DataSource, days: number): Promise<void> {
  await database.query(
    `UPDATE audit_log SET day = day - $1::int WHERE day = (clock_timestamp() AT TIME ZONE 'UTC')::date`,
    [days],
  );
  await makePartitions(database.manager);
}

export async function openLog(database: DataSource, secret: Buffer): Promise<AuditLog> {
  const logger = pino({ level: 'silent' });
  const log = new AuditLog({ database, secret, clock: new Clock(), logger, home: HOME });
  await log.open();
  return log;
}

/** Runs work with more variables in the environment of this process. */
export async function inEnvironment<T>(env: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
  }
}
