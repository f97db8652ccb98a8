import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, PaymentCryptographyClient } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { Clock } from '../../src/clock.js';
import { embeddedDatabase } from '../../src/cli/deployment.js';
import { readConfig } from '../../src/config/config.js';
import { MasterKey, sealedUnder } from '../../src/provider/master-key.js';
import { openStore, type Store } from '../../src/store.js';
import { type TestStore } from './database.js';
import { CREDENTIALS, REGION, serviceEnv } from './service.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/cli.js', import.meta.url));
export const idOf = (key: Buffer) => new MasterKey(Buffer.from(key)).id;

export interface Command {
  child: ChildProcess;
  /** Everything printed so far. */
  output: () => string;
  ended: Promise<number | null>;
}

/** Runs the built command in the environment of a service over the store. */
export function keyblock(store: TestStore, args: string[], env: NodeJS.ProcessEnv = {}): Command {
  const child = spawn(process.execPath, [CLI, 'master-key', ...args], {
    env: { PATH: process.env['PATH'], ...serviceEnv(store), ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/**
 * Rotates the master key with the command; services of the store start with the new key from then on.
 *
 * @returns the path of the file with the new key
 */
export async function rotate(store: TestStore): Promise<string> {
  const newKey = randomBytes(32);
  const path = keyFile(store, newKey);
  const command = keyblock(store, ['rotate', '--file', path]);
  expect([await command.ended, command.output()]).toEqual([0, expect.stringContaining('is retired')]);
  store.env.KEYBLOCK_MASTER_KEY = newKey.toString('hex');
  return path;
}

export function keyFile(store: TestStore, key: Buffer): string {
  const path = join(store.env.KEYBLOCK_DATA_DIR, `given-${idOf(key)}`);
  writeFileSync(path, `${key.toString('hex')}\n`);
  return path;
}

export const MAC_KEY = {
  KeyAttributes: {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_256',
    KeyModesOfUse: { Generate: true, Verify: true },
  },
  Exportable: true,
} as const;

export function clients(endpoint: string) {
  const options = { region: REGION, endpoint, credentials: CREDENTIALS };
  const controlPlane = new PaymentCryptographyClient({ ...options, maxAttempts: 1 });
  const dataPlane = new PaymentCryptographyData({ ...options, maxRetries: 0 });
  return {
    controlPlane,
    create: async () => (await controlPlane.send(new CreateKeyCommand(MAC_KEY))).Key!.KeyArn!,
    mac: async (KeyIdentifier: string) =>
      (
        await dataPlane
          .generateMac({ KeyIdentifier, MessageData: '0102030405060708', GenerationAttributes: { Algorithm: 'CMAC' } })
          .promise()
      ).Mac,
  };
}

/** Returns the ids of the master keys under which values are sealed, by table, for every table. */
export async function sealedIds(database: DataSource): Promise<Map<string, Set<string>>> {
  const tables = await database.query<{ name: string }[]>(
    `SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema = current_schema() AND column_name = 'sealed' AND data_type = 'bytea' ORDER BY 1`,
  );
  const ids = new Map<string, Set<string>>();
  for (const { name } of tables) {
    const rows = await database.query<{ sealed: Buffer }[]>(`SELECT sealed FROM "${name}" WHERE sealed IS NOT NULL`);
    ids.set(name, new Set(rows.map(({ sealed }) => sealedUnder(sealed))));
  }
  return ids;
}

/** Opens a store as a command does. */
export async function openTestStore(store: TestStore, env: NodeJS.ProcessEnv = {}): Promise<Store> {
  const config = readConfig({ ...serviceEnv(store), ...env });
  const embedded = config.databaseUrls === undefined ? await embeddedDatabase(config) : undefined;
  return openStore(config, new Clock(), embedded);
}
