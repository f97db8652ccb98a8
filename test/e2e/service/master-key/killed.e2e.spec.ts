import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type EntityManager } from 'typeorm';
import { readConfig } from '../../../../src/config/config.js';
import { keyArn, newId } from '../../../../src/payment/keys/arn.js';
import { newKey } from '../../../../src/payment/keys/key-life-cycle.js';
import { generateKey } from '../../../../src/payment/keys/key-material.js';
import { modesOfUse } from '../../../../src/payment/keys/key-rules.js';
import { Key } from '../../../../src/payment/keys/key.entity.js';
import { MasterKeyError } from '../../../../src/provider/master-key-check.js';
import { MasterKey, sealedUnder } from '../../../../src/provider/master-key.js';
import { CryptoProvider } from '../../../../src/provider/crypto-provider.js';
import { rotateStore, type Store } from '../../../../src/store.js';
import { newDataDirectory, newStore, type TestStore } from '../../../support/database.js';
import { type ServiceProcess, spawnService } from '../../../support/process.js';
import { REGION, serviceEnv, startOn } from '../../../support/service.js';
import { idOf, keyblock, keyFile, MAC_KEY, clients, sealedIds, openTestStore } from '../../../support/master-key.js';

const KEYS = 3000;

/** The master key is in the environment on a server, and in a file in a data directory. */
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

  /** Runs the command until its output matches, and kills it. */
  async function killedAt(args: string[], printed: RegExp): Promise<void> {
    for (;;) {
      const command = keyblock(store, ['rotate', ...args]);
      while (!printed.test(command.output()) && command.child.exitCode === null)
        await new Promise((resolve) => setTimeout(resolve, 1));
      command.child.kill('SIGKILL');
      if ((await command.ended) === null) return;
      // PostgreSQL has not yet noticed that the previous command has ended.
      expect(command.output()).toContain('Another command is rotating');
    }
  }

  test('resumes where it stopped, whichever process was killed, and keys open throughout', async () => {
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
      // This store was not notified, and does not check by itself.
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
    await killedAt([], /keys: \d00 /);
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
      // Restore the files as they are after the last change of the database and before that of the files.
      writeFileSync(`${master()}.next`, `${newKey.toString('hex')}\n`);
      writeFileSync(master(), `${oldKey.toString('hex')}\n`);
    }
    const { database, masterKey } = await open();
    expect(masterKey.ids).toEqual([idOf(newKey)]);
    expect([...(await sealedIds(database)).get('keys')!]).toEqual([idOf(newKey)]);
    if (!isGiven) expect(readFileSync(master(), 'utf8').trim()).toBe(newKey.toString('hex'));
    const [answer] = await database.query<{ count: string }[]>('SELECT count(*) FROM keys');
    expect(Number(answer!.count)).toBeGreaterThan(KEYS);
  });
});

test('a rotation that fails at its very end leaves the new key where the next start finds it', async () => {
  const store = newDataDirectory();
  const config = readConfig(serviceEnv(store));
  const newKey = randomBytes(32);
  const opened = await openTestStore(store);
  const rotation = {
    newKey: Buffer.from(newKey),
    begin: (_: object, work: (manager: EntityManager) => Promise<void>) => opened.database.transaction(work),
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
});

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
      const key = newKey(
        { ...scope, ...identity, ...sealed, origin: 'AWS_PAYMENT_CRYPTOGRAPHY', enabled: true },
        new Date(),
      );
      return { ...key, primaryRegion: null, usingDefaultReplicationRegions: null };
    });
    const rows = await Promise.all(keys);
    await database.transaction((manager) => manager.insert(Key, rows));
  }
}
