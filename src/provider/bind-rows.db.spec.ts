import vectors from '../../test/vectors/bound-rows.json' with { type: 'json' };
import { DataSource } from 'typeorm';
import { Key } from '../payment/keys/key.entity.js';
import { Tag } from '../payment/keys/tag.entity.js';
import { useAccess } from '../../test/support/access.js';
import { createKey } from '../../test/support/keys.js';
import { openTestStore, rotate } from '../../test/support/master-key.js';
import { boundBytes, boundTables } from './bound.js';
import { sealOf } from './bound.subscriber.js';
import { checkValueOf, MasterKeyError } from './master-key-check.js';
import { MasterKey } from './master-key.js';
import { checkRows } from './row-check.js';
import { RowSeal } from './row-seal.js';

const { service } = useAccess();

const sql = (statement: string, parameters: unknown[] = []) =>
  service.app.get(DataSource).query<Record<string, unknown>[]>(statement, parameters);

/** Opens the database as a command or a starting service does. @returns the faults that a check finds */
async function faultsAtStart(): Promise<{ faults: number; setFault?: string }> {
  const { database, masterKey, close } = await openTestStore(service.store);
  try {
    const { tables, ...rest } = await checkRows(database, { seal: sealOf(database), masterKey }, () => undefined);
    return { faults: tables.reduce((sum, { faults }) => sum + faults, 0), ...rest };
  } finally {
    await close();
  }
}

const setCheckValue = (isBound: boolean) => {
  const masterKey = service.app.get(MasterKey);
  return sql(`UPDATE master_key SET check_value = $1 WHERE state = 'ACTIVE'`, [
    checkValueOf(masterKey, masterKey.id, isBound),
  ]);
};

describe('the rows of a database from a version without MACs', () => {
  let arn: string;
  beforeAll(async () => {
    arn = (await createKey(service, { Tags: [{ Key: 'k', Value: 'v' }] })).KeyArn;
    for (const { tableName } of boundTables(service.app.get(DataSource)))
      await sql(`UPDATE ${tableName} SET mac = NULL`);
    await sql('DELETE FROM bound_tally');
    await sql(`DELETE FROM service_secrets WHERE purpose = 'bound rows'`);
    await setCheckValue(false);
  });

  test('get MACs when the database is first opened, by one of several nodes that start concurrently', async () => {
    const starts = await Promise.all([faultsAtStart(), faultsAtStart(), faultsAtStart()]);
    expect(starts).toEqual(starts.map(() => ({ faults: 0 })));
    expect(await sql('SELECT count(*)::int AS n FROM keys WHERE length(mac) <> 32')).toEqual([{ n: 0 }]);
  });

  test('do not get MACs again: a removed MAC stays missing', async () => {
    expect(await faultsAtStart()).toEqual({ faults: 0 });
    await sql('UPDATE tags SET mac = NULL, value = $1', ['another']);
    expect((await faultsAtStart()).faults).toBeGreaterThan(0);
    expect((await faultsAtStart()).faults).toBeGreaterThan(0);
    await sql('DELETE FROM tags');
    expect(await sql('SELECT arn FROM keys WHERE arn = $1', [arn])).toHaveLength(1);
  });
});

describe('an attacker who wants all rows to get new MACs', () => {
  const start = () => openTestStore(service.store).then(({ close }) => close());

  test('removes the secret, and the service neither starts nor makes another secret', async () => {
    const [row] = await sql(`SELECT * FROM service_secrets WHERE purpose = 'bound rows'`);
    await sql(`DELETE FROM service_secrets WHERE purpose = 'bound rows'`);
    await expect(start()).rejects.toThrow(MasterKeyError);
    await expect(start()).rejects.toThrow('The secret for the MACs of the database rows is missing');
    expect(await sql(`SELECT FROM service_secrets WHERE purpose = 'bound rows'`)).toEqual([]);
    await sql('INSERT INTO service_secrets (purpose, sealed) VALUES ($1, $2)', [row!['purpose'], row!['sealed']]);
    await start();
  });

  test('removes the rows of master_key, and then the secrets too, and the service does not start', async () => {
    const keep = ['master_key', 'service_secrets'];
    for (const table of keep) await sql(`CREATE TABLE kept_${table} AS TABLE ${table}`);
    await sql('DELETE FROM master_key');
    await expect(start()).rejects.toThrow('The rows of master_key are missing');
    await sql('DELETE FROM service_secrets');
    await expect(start()).rejects.toThrow('The rows of master_key are missing');
    for (const table of keep) await sql(`INSERT INTO ${table} TABLE kept_${table}`);
    await start();
  });

  test('edits the check value, and the service does not start', async () => {
    const flip = 'UPDATE master_key SET check_value = set_bit(check_value, 170, 1 - get_bit(check_value, 170))';
    await sql(flip);
    await expect(start()).rejects.toThrow(MasterKeyError);
    await sql(flip);
    await start();
  });

  test('keeps a check value from before the rows had MACs, which a rotation of the master key makes worthless', async () => {
    const masterKey = service.app.get(MasterKey);
    const old = checkValueOf(masterKey, masterKey.id, false);
    await rotate(service.store);
    const [active] = await sql(`SELECT check_value FROM master_key WHERE state = 'ACTIVE'`);
    await sql(`UPDATE master_key SET check_value = $1 WHERE state = 'ACTIVE'`, [old]);
    await expect(start()).rejects.toThrow(MasterKeyError);
    await sql(`UPDATE master_key SET check_value = $1 WHERE state = 'ACTIVE'`, [active!['check_value']]);
    await start();
  });
});

describe('rows are written as a whole or not at all', () => {
  const manager = () => service.app.get(DataSource).manager;

  test.each<[string, () => Promise<unknown>]>([
    ['an update of some columns', () => manager().update(Key, { arn: 'x' }, { enabled: true })],
    ['an update that sets a MAC', () => manager().update(Key, { arn: 'x' }, { enabled: true, mac: Buffer.alloc(32) })],
    ['an upsert', () => manager().upsert(Tag, { keyArn: 'x', key: 'k', value: 'v' }, ['keyArn', 'key'])],
    ['an insert outside a transaction', () => manager().insert(Tag, { keyArn: 'x', key: 'k', value: 'v' })],
    [
      'an insert without a bound column',
      () => manager().transaction((inner) => inner.insert(Tag, { keyArn: 'x', key: 'k' })),
    ],
    ['a deletion by a condition', () => manager().delete(Tag, { keyArn: 'x' })],
  ])('refuses %s', async (_, write) => {
    await expect(write()).rejects.toThrow(
      /save, which receives|remove, which receives|in a transaction|lacks its value/,
    );
  });
});

describe('the bytes that a MAC covers never change', () => {
  test.each(vectors.tests)('for $table', ({ table, row, bytes, mac: expected }) => {
    const metadata = boundTables(service.app.get(DataSource)).find(({ tableName }) => tableName === table)!;
    const entity = metadata.create();
    for (const [name, value] of Object.entries(row)) {
      const column = metadata.findColumnWithPropertyName(name)!;
      const isTime = column.type === 'timestamp with time zone' && typeof value === 'string';
      const isBinary = column.type === 'bytea' && typeof value === 'string';
      column.setEntityValue(entity, isTime ? new Date(value) : isBinary ? Buffer.from(value, 'base64') : value);
    }
    expect(boundBytes(metadata, entity).toString()).toBe(bytes);
    const seal = new RowSeal(Buffer.from(vectors.secret, 'hex'));
    expect(seal.macOf(metadata, entity).toString('hex')).toBe(expected);
  });

  test('in any table with MACs: each has a vector', () => {
    const tables = boundTables(service.app.get(DataSource)).map(({ tableName }) => tableName);
    expect(new Set(vectors.tests.map(({ table }) => table))).toEqual(new Set(tables));
  });
});
