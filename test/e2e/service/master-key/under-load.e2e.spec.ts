import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GetParametersForImportCommand } from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { PrincipalRepository } from '../../../../src/access/principal.repository.js';
import { KeyCache } from '../../../../src/payment/keys/key-cache.js';
import { auditSigningKey } from '../../../../src/provider/audit-signing-key.js';
import { MasterKey, sealedUnder } from '../../../../src/provider/master-key.js';
import { sealedTables } from '../../../../src/provider/sealed.js';
import type { Service } from '../../../../src/service.js';
import { tamper } from '../../../support/database.js';
import { importKeys } from '../../../support/import.js';
import { createKmsKey } from '../../../support/kms.js';
import { importMaterial } from '../../../support/kms-import.js';
import { insertCustomKeyStore } from '../../../support/kms-rows.js';
import { storeRoot } from '../../../support/known-pairs.js';
import { until } from '../../../support/process.js';
import { newCredential } from '../../../support/xks.js';
import { startOn, startTestService, type TestService } from '../../../support/service.js';
import { idOf, keyblock, rotate, keyFile, clients, sealedIds } from '../../../support/master-key.js';

describe('a service under load', () => {
  let service: TestService;
  let database: DataSource;
  let other: Service | undefined;
  let first: string;
  beforeAll(async () => {
    service = await startTestService();
    database = service.app.get(DataSource);
    // Store one value of every sealed kind.
    const principals = service.app.get(PrincipalRepository);
    const { arn } = await principals.create('user', 'line');
    await principals.createAccessKey(arn);
    await principals.setPassword(arn, 'a password under load');
    await clients(service.url).create();
    await storeRoot(service);
    await service.controlPlane.send(
      new GetParametersForImportCommand({ KeyMaterialType: 'TR34_KEY_BLOCK', WrappingKeyAlgorithm: 'RSA_2048' }),
    );
    const { KeyId } = await createKmsKey(service, { Origin: 'EXTERNAL' });
    await importMaterial(service, KeyId, randomBytes(32));
    await insertCustomKeyStore(service);
    await newCredential(service, 'orders');
    await auditSigningKey(database.manager, service.app.get(MasterKey), new Date());
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

  test('fails no request while its master key is rotated, and has no value under the old key afterwards', async () => {
    const nodes = [service, ...(other ? [other] : [])].map(({ url }) => clients(url));
    const [node] = nodes;
    const { importKey } = await importKeys(service);
    const hot = await node!.create();
    const mac = await node!.mac(hot);
    const old = service.app.get(MasterKey).id;
    let stop = false;
    let calls = 0;
    const forever = async (call: () => Promise<unknown>, pauseMs = 5) => {
      while (!stop) {
        await call();
        calls++;
        // Leave the processor to the other callers and to the rotation.
        await pause(pauseMs);
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
      forever(
        () =>
          service.controlPlane.send(
            new GetParametersForImportCommand({ KeyMaterialType: 'KEY_CRYPTOGRAM', WrappingKeyAlgorithm: 'RSA_2048' }),
          ),
        100,
      ),
    ]);
    first = await rotate(service.store);
    const retiredAt = calls;
    while (calls < retiredAt + 50) await pause(10);
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
  });

  test('opens values that were cached before the rotation when the old key is gone', async () => {
    const arn = await clients(service.url).create();
    const masterKey: MasterKey = service.app.get(MasterKey);
    const before = masterKey.id;
    await clients(service.url).mac(arn);
    await rotate(service.store);
    // The watch checks four times a second, and waits before it zeroizes the old key.
    await until(() => masterKey.retiredIds.includes(before));
    masterKey.wipeRetired();
    expect(masterKey.ids).toHaveLength(1);
    await clients(service.url).mac(arn);
  });

  test('writes under the active key even if it has not heard of a rotation, because the database rejects the old key', async () => {
    const masterKey = service.app.get(MasterKey);
    const [behind, before] = [new MasterKey(masterKey.lend((key) => Buffer.from(key))), masterKey.id];
    const bound = Buffer.from('["service secret","page tokens"]');
    const stale = behind.seal(bound, Buffer.alloc(32));
    await rotate(service.store);
    await expect(database.query('UPDATE service_secrets SET sealed = $1', [stale])).rejects.toThrow(
      'What is written to service_secrets must be sealed under the active master key',
    );
    // Give the service its earlier keyring, which has both keys and seals under the retired key.
    expect(masterKey.has(before)).toBe(true);
    masterKey.use(before);
    const arn = await clients(service.url).create();
    const [row] = await database.query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE arn = $1', [arn]);
    expect([sealedUnder(row!.sealed), masterKey.id]).not.toContain(before);
    await clients(service.url).mac(arn);
  });

  test('a modified value is named and keeps the old key in use, and all other values are resealed', async () => {
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

  test('wrong keys are refused, and change nothing', async () => {
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
