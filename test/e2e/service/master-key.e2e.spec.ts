import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateKeyCommand,
  GetParametersForImportCommand,
  paginateListKeys,
  PaymentCryptographyClient,
} from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { PrincipalRepository } from '../../../src/access/principal.repository.js';
import { Clock } from '../../../src/clock.js';
import { embeddedDatabase } from '../../../src/cli/deployment.js';
import { readConfig } from '../../../src/config/config.js';
import { keyArn, newId } from '../../../src/payment/keys/arn.js';
import { newKey } from '../../../src/payment/keys/key-life-cycle.js';
import { generateKey } from '../../../src/payment/keys/key-material.js';
import { modesOfUse } from '../../../src/payment/keys/key-rules.js';
import { Key } from '../../../src/payment/keys/key.entity.js';
import { KeyCache } from '../../../src/payment/keys/key-cache.js';
import { MasterKeyError } from '../../../src/provider/master-key-check.js';
import { MasterKey, sealedUnder } from '../../../src/provider/master-key.js';
import { CryptoProvider } from '../../../src/provider/crypto-provider.js';
import { sealedTables } from '../../../src/provider/sealed.js';
import type { Service } from '../../../src/service.js';
import { openStore, rotateStore, type Store } from '../../../src/store.js';
import { newDataDirectory, newStore, tamper, type TestStore } from '../../support/database.js';
import { importKeys } from '../../support/import.js';
import { type ServiceProcess, spawnService } from '../../support/process.js';
import { CREDENTIALS, REGION, serviceEnv, startOn, startTestService, type TestService } from '../../support/service.js';

const CLI = fileURLToPath(new URL('../../../dist/bundle/cli.js', import.meta.url));
const idOf = (key: Buffer) => new MasterKey(Buffer.from(key)).id;

interface Command {
  child: ChildProcess;
  /** Everything printed so far. */
  output: () => string;
  ended: Promise<number | null>;
}

/** The built command, with the environment of a service over the store. */
function keyblock(store: TestStore, args: string[], env: NodeJS.ProcessEnv = {}): Command {
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
async function rotate(store: TestStore): Promise<string> {
  const newKey = randomBytes(32);
  const path = keyFile(store, newKey);
  const command = keyblock(store, ['rotate', '--file', path]);
  expect([await command.ended, command.output()]).toEqual([0, expect.stringContaining('is retired')]);
  store.env.KEYBLOCK_MASTER_KEY = newKey.toString('hex');
  return path;
}

function keyFile(store: TestStore, key: Buffer): string {
  const path = join(store.env.KEYBLOCK_DATA_DIR, `given-${idOf(key)}`);
  writeFileSync(path, `${key.toString('hex')}\n`);
  return path;
}

const MAC_KEY = {
  KeyAttributes: {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_256',
    KeyModesOfUse: { Generate: true, Verify: true },
  },
  Exportable: true,
} as const;

function clients(endpoint: string) {
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
    arns: async () => {
      const arns: string[] = [];
      for await (const { Keys } of paginateListKeys(
        { client: controlPlane, pageSize: 100 },
        { KeyState: 'CREATE_COMPLETE' },
      ))
        arns.push(
          ...Keys!
            .filter(({ KeyAttributes }) => KeyAttributes!.KeyUsage === MAC_KEY.KeyAttributes.KeyUsage)
            .map(({ KeyArn }) => KeyArn!),
        );
      return arns;
    },
  };
}

/** Returns the ids of the master keys under which values are sealed, by table, for every table. */
async function sealedIds(database: DataSource): Promise<Map<string, Set<string>>> {
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

describe('a service under load', () => {
  let service: TestService;
  let database: DataSource;
  let other: Service | undefined;
  let first: string;
  beforeAll(async () => {
    service = await startTestService();
    database = service.app.get(DataSource);
    // One of every kind of sealed value.
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'line');
    await principals.createAccessKey(arn);
    await clients(service.url).create();
    await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
    other = await startOn(service.store);
  });
  afterAll(async () => {
    await other?.close();
    await service.stop();
  });

  test('every table with sealed values is known, has the trigger and contains a value', async () => {
    const known = sealedTables(database).map(({ tableName }) => tableName);
    const ids = await sealedIds(database);
    expect([...ids.keys()].sort()).toEqual(known.sort());
    for (const id of ids.values()) expect([...id]).toEqual([service.app.get(MasterKey).id]);
    const triggers = await database.query<{ name: string }[]>(
      `SELECT DISTINCT event_object_table AS name FROM information_schema.triggers WHERE trigger_name = 'sealed_under_active'`,
    );
    expect(triggers.map(({ name }) => name).sort()).toEqual(known);
  });

  test('has no failed request while its master key is rotated, and nothing is under the old one', async () => {
    const nodes = [service, ...(other ? [other] : [])].map(({ url }) => clients(url));
    const [node] = nodes;
    const { importKey } = await importKeys(service);
    const hot = await node!.create();
    const mac = await node!.mac(hot);
    const old = service.app.get(MasterKey).id;
    let stop = false;
    let calls = 0;
    const forever = async (call: () => Promise<unknown>) => {
      while (!stop) {
        await call();
        calls++;
      }
    };
    const work = Promise.all([
      ...nodes.flatMap(({ create, mac: macOf }) => [
        forever(async () => expect(await macOf(hot)).toBe(mac)),
        forever(async () => expect(await macOf(await create())).toMatch(/^[0-9A-F]{32}$/)),
      ]),
      forever(() =>
        importKey({
          clear: randomBytes(32),
          usage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
          algorithm: 'AES_256',
          modes: ['Generate'],
        }),
      ),
      forever(() =>
        service.controlPlane.send(
          new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
        ),
      ),
    ]);
    first = await rotate(service.store);
    const retiredAt = calls;
    while (calls < retiredAt + 50) await new Promise((resolve) => setTimeout(resolve, 10));
    stop = true;
    await work;

    const { id } = service.app.get(MasterKey);
    expect(id).not.toBe(old);
    for (const [table, ids] of await sealedIds(database)) expect([table, [...ids]]).toEqual([table, [id]]);
    expect(
      await database.query('SELECT id, state, wrapped IS NULL AS unwrapped FROM master_key ORDER BY state'),
    ).toEqual([
      { id, state: 'ACTIVE', unwrapped: true },
      { id: old, state: 'RETIRED', unwrapped: true },
    ]);
    expect(service.log.filter(({ level }) => (level as number) >= 50)).toEqual([]);
  }, 60_000);

  test('opens values cached before the rotation when the old key is gone', async () => {
    const arn = await clients(service.url).create();
    const masterKey: MasterKey = service.app.get(MasterKey);
    await clients(service.url).mac(arn);
    await rotate(service.store);
    // The watch checks every second, and waits before it zeroizes the old key.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    masterKey.wipeRetired();
    expect(masterKey.ids).toHaveLength(1);
    await clients(service.url).mac(arn);
  });

  test('writes under the active key even if it is unaware of a rotation; the database rejects the old key', async () => {
    const masterKey = service.app.get(MasterKey);
    const [behind, before] = [new MasterKey(masterKey.lend((key) => Buffer.from(key))), masterKey.id];
    const bound = Buffer.from('["service secret","page tokens"]');
    const stale = behind.seal(bound, Buffer.alloc(32));
    await rotate(service.store);
    await expect(database.query('UPDATE service_secrets SET sealed = $1', [stale])).rejects.toThrow(
      'What is written to service_secrets must be sealed under the active master key',
    );
    // Restores the earlier keyring of the service: it has both keys and seals under the retired one.
    expect(masterKey.has(before)).toBe(true);
    masterKey.use(before);
    const arn = await clients(service.url).create();
    const [row] = await database.query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE arn = $1', [arn]);
    expect([sealedUnder(row!.sealed), masterKey.id]).not.toContain(before);
    await clients(service.url).mac(arn);
  });

  test('a modified value is named and keeps the old key in use, and all others are resealed', async () => {
    const { create, mac } = clients(service.url);
    const [broken, other] = [await create(), await create()];
    const [kept] = await database.query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE arn = $1', [broken]);
    await tamper(database, 'UPDATE keys SET sealed = set_bit(sealed, 240, 1 - get_bit(sealed, 240)) WHERE arn = $1', [
      broken,
    ]);
    const newKey = randomBytes(32);
    const command = keyblock(service.store, ['rotate', '--file', keyFile(service.store, newKey)]);
    expect(await command.ended).toBe(4);
    expect(command.output()).toContain(`1 value does not open`);
    expect(command.output()).toContain(`  keys ${broken}\n`);
    expect(command.output()).toContain('is not retired');
    expect(await mac(other)).toBeDefined();

    await tamper(database, 'UPDATE keys SET sealed = $2 WHERE arn = $1', [broken, kept!.sealed]);
    const another = keyblock(service.store, ['rotate', '--file', keyFile(service.store, randomBytes(32))]);
    expect([await another.ended, another.output()]).toEqual([4, expect.stringContaining('finish it first')]);
    const again = keyblock(service.store, ['rotate']);
    expect([await again.ended, again.output()]).toEqual([0, expect.stringContaining('is retired')]);
    service.store.env.KEYBLOCK_MASTER_KEY = newKey.toString('hex');
    expect(service.app.get(MasterKey).has(idOf(newKey))).toBe(true);
    service.app.get(KeyCache).clear();
    await mac(broken);
  });

  test('wrong keys are refused, and nothing is changed', async () => {
    const rows = () => database.query('SELECT * FROM master_key ORDER BY id');
    const before = await rows();
    const refused = async (exitCode: number, args: string[], words: string | RegExp, env = {}) => {
      const command = keyblock(service.store, ['rotate', ...args], env);
      expect([await command.ended, command.output()]).toEqual([exitCode, expect.stringMatching(words)]);
    };
    await refused(4, ['--file', first], "a master key can't be used again");
    await refused(1, ['--file', '/no/such/file'], 'cannot be read: ENOENT');
    const short = join(service.store.env.KEYBLOCK_DATA_DIR, 'short');
    writeFileSync(short, 'abc');
    await refused(1, ['--file', short], 'must hold 64 hexadecimal digits');
    await refused(1, ['--component-file', short, '--component-file', short], 'must hold 64 hexadecimal digits');
    await refused(4, [], 'No rotation is in progress: give the new master key');
    await refused(4, [], 'the master key given is', { KEYBLOCK_MASTER_KEY: 'ab'.repeat(32) });
    expect(await rows()).toEqual(before);
  });
});

const KEYS = 3000;

/** With the master key in the environment, and in the file of a data directory. */
describe.each(['on a server', 'in a data directory'])('a rotation %s that is killed', (where) => {
  const isGiven = where === 'on a server';
  let store: TestStore;
  let node: ServiceProcess;
  let arn: string;
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const stores: Store[] = [];
  const master = () => join(store.env.KEYBLOCK_DATA_DIR, 'master-key');
  const open = async (env: NodeJS.ProcessEnv = {}) => {
    const opened = await openTestStore(store, env);
    stores.push(opened);
    return opened;
  };
  const startNode = async (env: NodeJS.ProcessEnv = {}) => {
    node = spawnService({ ...serviceEnv(store), ...env });
    return clients(await node.listening);
  };
  beforeAll(async () => {
    store = isGiven ? await newStore() : newDataDirectory();
    if (isGiven) store.env.KEYBLOCK_MASTER_KEY = oldKey.toString('hex');
    else writeFileSync(master(), `${oldKey.toString('hex')}\n`);
    const { database, masterKey, close } = await open();
    await addKeys(database, masterKey, KEYS);
    await close();
  });
  afterAll(async () => {
    node.child.kill('SIGKILL');
    await node.ended;
    for (const { close } of stores) await close();
    await store.remove();
  });

  /** Runs the command until it has printed this, and kills it. */
  async function killedAt(args: string[], printed: RegExp): Promise<void> {
    for (;;) {
      const command = keyblock(store, ['rotate', ...args]);
      while (!printed.test(command.output()) && command.child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      command.child.kill('SIGKILL');
      if ((await command.ended) === null) return;
      // PostgreSQL has not noticed yet that the previous command is gone.
      expect(command.output()).toContain('Another command is rotating');
    }
  }

  test('resumes where it stopped, whatever was killed, and keys open throughout', async () => {
    let { create, mac } = await startNode();
    arn = await create();
    const expected = await mac(arn);
    const unaware = isGiven ? await open() : undefined;

    await killedAt(['--file', keyFile(store, newKey)], /replaces/);
    expect(await mac(arn)).toBe(expected);
    await killedAt([], /keys: [3-9]00 /);
    expect(await mac(await create())).toBeDefined();

    node.child.kill('SIGKILL');
    await node.ended;
    const startWith = (key: Buffer) => startOn(store, { KEYBLOCK_MASTER_KEY: key.toString('hex') });
    if (isGiven) {
      // Either key is sufficient; any other key is refused.
      for (const key of [oldKey, newKey]) await (await startWith(key)).close();
      await expect(startWith(randomBytes(32))).rejects.toThrow(MasterKeyError);
      // This store was not notified, and doesn't check by itself.
      expect(unaware!.masterKey.has(idOf(newKey))).toBe(false);
      const rows = await unaware!.database.getRepository(Key).find({ select: { arn: true, sealed: true } });
      expect(new Set(rows.map(({ sealed }) => sealedUnder(sealed!)))).toEqual(new Set([oldKey, newKey].map(idOf)));
      expect(unaware!.masterKey.id).toBe(idOf(newKey));
    } else {
      expect(readFileSync(master(), 'utf8').trim()).toBe(oldKey.toString('hex'));
      expect(readFileSync(`${master()}.next`, 'utf8').trim()).toBe(newKey.toString('hex'));
    }

    ({ mac, create } = await startNode());
    expect(await mac(arn)).toBe(expected);
    while (!node.log().includes('a rotation of the master key is in progress'))
      await new Promise((resolve) => setTimeout(resolve, 50));
    await killedAt([], /keys: 1\d00 /);
    if (isGiven) await killedAt([], /Waiting for other nodes/);

    // Two concurrent commands share the work, or one follows the other.
    const commands = [keyblock(store, ['rotate']), keyblock(store, ['rotate'])];
    const ends = await Promise.all(commands.map(({ ended }) => ended));
    expect(commands.map(({ output }) => output()).join()).toContain(`Master key ${idOf(oldKey)} is retired`);
    expect(ends).toContain(0);
    expect(await mac(arn)).toBe(expected);
    expect(await mac(await create())).toBeDefined();
    node.child.kill('SIGTERM');
    expect(await node.ended).toBe(0);

    if (isGiven) {
      await expect(startWith(oldKey)).rejects.toThrow(
        new RegExp(
          `sealed under master key ${idOf(newKey)}, but the master key given, ${idOf(oldKey)}, was replaced at 20.*nothing was changed`,
        ),
      );
      store.env.KEYBLOCK_MASTER_KEY = newKey.toString('hex');
    } else {
      expect(readFileSync(master(), 'utf8').trim()).toBe(newKey.toString('hex'));
      expect(existsSync(`${master()}.next`)).toBe(false);
      // The state between the last change of the database and that of the files.
      writeFileSync(`${master()}.next`, `${newKey.toString('hex')}\n`);
      writeFileSync(master(), `${oldKey.toString('hex')}\n`);
    }
    const { database, masterKey } = await open();
    expect(masterKey.ids).toEqual([idOf(newKey)]);
    expect([...(await sealedIds(database)).get('keys')!]).toEqual([idOf(newKey)]);
    if (!isGiven) expect(readFileSync(master(), 'utf8').trim()).toBe(newKey.toString('hex'));
    const [answer] = await database.query<{ count: string }[]>('SELECT count(*) FROM keys');
    expect(Number(answer!.count)).toBeGreaterThan(KEYS);
  }, 120_000);
});

test('a rotation that fails at its very end leaves its key where the next start finds it', async () => {
  const store = newDataDirectory();
  const config = readConfig(serviceEnv(store));
  const newKey = randomBytes(32);
  const opened = await openTestStore(store);
  const rotation = {
    newKey: Buffer.from(newKey),
    now: () => new Date(),
    signal: new AbortController().signal,
    print: (line: string) => {
      if (line.includes('is retired')) throw new Error('the reader is gone');
    },
  };
  await expect(rotateStore(opened, config, rotation)).rejects.toThrow('the reader is gone');
  await opened.close();
  const again = await openTestStore(store);
  expect(again.masterKey.ids).toEqual([idOf(newKey)]);
  await again.close();
  await store.remove();
}, 30_000);

/** Opens a store as a command does. */
async function openTestStore(store: TestStore, env: NodeJS.ProcessEnv = {}): Promise<Store> {
  const config = readConfig({ ...serviceEnv(store), ...env });
  const embedded = config.databaseUrl === undefined ? await embeddedDatabase(config) : undefined;
  return openStore(config, new Clock(), embedded);
}

async function addKeys(database: DataSource, masterKey: MasterKey, count: number): Promise<void> {
  const provider = new CryptoProvider(masterKey);
  const scope = { accountId: '000000000000', region: REGION };
  const { KeyUsage: usage, KeyClass, KeyAlgorithm: algorithm } = MAC_KEY.KeyAttributes;
  for (let added = 0; added < count; added += 500) {
    const keys = Array.from({ length: 500 }, async () => {
      const attributes = { class: KeyClass, usage, algorithm, modes: modesOfUse(['Generate', 'Verify']) };
      const rest = { deriveKeyUsage: null, exportable: false, kcvAlgorithm: 'CMAC' as const };
      const identity = { arn: keyArn(scope, newId()), ...attributes, ...rest };
      const sealed = await generateKey(provider, identity);
      return newKey(
        { ...scope, ...identity, ...sealed, origin: 'AWS_PAYMENT_CRYPTOGRAPHY', enabled: true },
        new Date(),
      );
    });
    const rows = await Promise.all(keys);
    await database.transaction((manager) => manager.insert(Key, rows));
  }
}
