import {
  ConflictException,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteKeyCommand,
  GetAliasCommand,
  GetKeyCommand,
  ListAliasesCommand,
  paginateListAliases,
  PaymentCryptographyClient,
  ResourceNotFoundException,
  RestoreKeyCommand,
  UpdateAliasCommand,
  ValidationException,
} from '@aws-sdk/client-payment-cryptography';
import { MAX_STALE_MS } from '../../../../src/changes/change-epoch.js';
import { useService } from '../../../support/api.js';
import { createKey, endDeletions, FAR_KEY, FOREIGN_KEY, MISSING_KEY } from '../../../support/keys.js';
import { CREDENTIALS, REGION, startOn } from '../../../support/service.js';

const service = useService();

let names = 0;
const newName = () => `alias/test_${String(names++).padStart(3, '0')}`;

const create = (AliasName: string, KeyArn?: string) =>
  service.controlPlane.send(new CreateAliasCommand({ AliasName, KeyArn })).then(({ Alias }) => Alias!);
const get = (AliasName: string) =>
  service.controlPlane.send(new GetAliasCommand({ AliasName })).then(({ Alias }) => Alias!);
const update = (AliasName: string, KeyArn?: string) =>
  service.controlPlane.send(new UpdateAliasCommand({ AliasName, KeyArn })).then(({ Alias }) => Alias!);
const remove = (AliasName: string) => service.controlPlane.send(new DeleteAliasCommand({ AliasName }));
const getKey = (KeyIdentifier: string) =>
  service.controlPlane.send(new GetKeyCommand({ KeyIdentifier })).then(({ Key }) => Key!);
const deleteKey = (KeyIdentifier: string) => service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier }));

async function listNames(KeyArn?: string, pageSize = 100): Promise<string[]> {
  const found: string[] = [];
  for await (const { Aliases } of paginateListAliases({ client: service.controlPlane, pageSize }, { KeyArn })) {
    expect(Aliases!.length).toBeLessThanOrEqual(pageSize);
    found.push(...Aliases!.map(({ AliasName }) => AliasName!));
  }
  return found;
}

/** Keys that CreateAlias and UpdateAlias reject. */
const UNFIT_KEYS: [string, () => Promise<string>, typeof ValidationException | typeof ResourceNotFoundException][] = [
  ['a missing key', () => Promise.resolve(MISSING_KEY), ResourceNotFoundException],
  ['a key of another Region', () => Promise.resolve(FAR_KEY), ResourceNotFoundException],
  ['a key of another account', () => Promise.resolve(FOREIGN_KEY), ResourceNotFoundException],
  ['a string that is not a key ARN', () => Promise.resolve('alias/other'), ValidationException],
  ['a key pending deletion', () => deletedKey(), ValidationException],
  ['a deleted key', () => deletedKey().then((arn) => endDeletions(service).then(() => arn)), ValidationException],
];

async function deletedKey(): Promise<string> {
  const { KeyArn } = await createKey(service);
  await deleteKey(KeyArn);
  return KeyArn;
}

describe('CreateAlias', () => {
  test('creates an alias for a key, which the alias and its ARN then identify', async () => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    expect(await create(AliasName, KeyArn)).toEqual({ AliasName, KeyArn });
    expect(await get(AliasName)).toEqual({ AliasName, KeyArn });
    expect((await getKey(AliasName)).KeyArn).toBe(KeyArn);
    expect((await getKey(`arn:aws:payment-cryptography:${REGION}:000000000000:${AliasName}`)).KeyArn).toBe(KeyArn);
  });

  test('creates an alias without a key, which identifies no key', async () => {
    const AliasName = newName();
    expect(await create(AliasName)).toEqual({ AliasName });
    expect(await get(AliasName)).toEqual({ AliasName });
    await expect(getKey(AliasName)).rejects.toThrow(ResourceNotFoundException);
    await expect(getKey(AliasName)).rejects.toMatchObject({ ResourceId: AliasName });
  });

  test('gives a key several aliases, which are case-sensitive', async () => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    const others = [AliasName.replace('test', 'TEST'), `${AliasName}/a-b_c/D`];
    for (const name of [AliasName, ...others]) await create(name, KeyArn);
    expect((await listNames(KeyArn)).sort()).toEqual([AliasName, ...others].sort());
  });

  test('rejects a name that is taken, and does not change the existing alias', async () => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    await create(AliasName, KeyArn);
    for (const arn of [KeyArn, (await createKey(service)).KeyArn, undefined]) {
      await expect(create(AliasName, arn)).rejects.toThrow(ConflictException);
      await expect(create(AliasName, arn)).rejects.toThrow(`${AliasName} already exists`);
    }
    expect(await get(AliasName)).toEqual({ AliasName, KeyArn });
  });

  test('succeeds once among concurrent calls for the same name', async () => {
    const AliasName = newName();
    const keys = await Promise.all(Array.from({ length: 8 }, () => createKey(service)));
    const results = await Promise.allSettled(keys.map(({ KeyArn }) => create(AliasName, KeyArn)));
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(made).toHaveLength(1);
    expect(await get(AliasName)).toEqual(made[0]);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictException);
  });

  test.each(['alias/', 'other/name', 'alias/with space', 'alias/a.b', `alias/${'x'.repeat(251)}`, 'xalias/y\n'])(
    'refuses the name %j',
    async (name) => {
      await expect(create(name)).rejects.toThrow(ValidationException);
    },
  );

  test('accepts a name of the maximum length', async () => {
    const AliasName = `alias/${'x'.repeat(250)}`;
    expect(await create(AliasName)).toEqual({ AliasName });
  });

  test.each(UNFIT_KEYS)('rejects %s and creates no alias', async (_, key, exception) => {
    const AliasName = newName();
    await expect(create(AliasName, await key())).rejects.toThrow(exception);
    await expect(get(AliasName)).rejects.toThrow(ResourceNotFoundException);
  });

  test('names the identifier and the state that it rejects', async () => {
    await expect(create(newName(), FAR_KEY)).rejects.toMatchObject({ ResourceId: FAR_KEY });
    await expect(create(newName(), await deletedKey())).rejects.toThrow('not in CREATE_COMPLETE state.');
  });
});

describe('UpdateAlias', () => {
  test('points the alias to another key at once', async () => {
    const [before, after] = [await createKey(service), await createKey(service)];
    const AliasName = newName();
    await create(AliasName, before.KeyArn);
    expect((await getKey(AliasName)).KeyArn).toBe(before.KeyArn);

    expect(await update(AliasName, after.KeyArn)).toEqual({ AliasName, KeyArn: after.KeyArn });
    expect(await get(AliasName)).toEqual({ AliasName, KeyArn: after.KeyArn });
    expect((await getKey(AliasName)).KeyArn).toBe(after.KeyArn);
    expect(await listNames(before.KeyArn)).toEqual([]);
  });

  test('detaches the key when none is given', async () => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    await create(AliasName, KeyArn);
    expect((await getKey(AliasName)).KeyArn).toBe(KeyArn);
    expect(await update(AliasName)).toEqual({ AliasName });
    await expect(getKey(AliasName)).rejects.toThrow(ResourceNotFoundException);
    expect(await update(AliasName, KeyArn)).toEqual({ AliasName, KeyArn });
  });

  test.each(UNFIT_KEYS)('rejects %s and does not change the alias', async (_, key, exception) => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    await create(AliasName, KeyArn);
    await expect(update(AliasName, await key())).rejects.toThrow(exception);
    expect(await get(AliasName)).toEqual({ AliasName, KeyArn });
  });
});

test('a change of an alias on one node takes effect on the others within a second', async () => {
  const other = await startOn(service.store);
  const client = new PaymentCryptographyClient({ region: REGION, endpoint: other.url, credentials: CREDENTIALS });
  const there = (KeyIdentifier: string) =>
    client.send(new GetKeyCommand({ KeyIdentifier })).then(
      ({ Key }) => Key!.KeyArn,
      (error: unknown) => (error as Error).name,
    );
  try {
    const [first, second] = [await createKey(service), await createKey(service)];
    const AliasName = newName();
    const steps: [() => Promise<unknown>, string][] = [
      [() => create(AliasName, first.KeyArn), first.KeyArn],
      [() => update(AliasName, second.KeyArn), second.KeyArn],
      [() => update(AliasName), 'ResourceNotFoundException'],
      [() => update(AliasName, first.KeyArn), first.KeyArn],
      [() => remove(AliasName), 'ResourceNotFoundException'],
    ];
    for (const [step, expected] of steps) {
      await there(AliasName); // The other node caches the alias.
      await step();
      const changedAt = performance.now();
      for (let askedAt = changedAt; (await there(AliasName)) !== expected; askedAt = performance.now())
        expect(askedAt).toBeLessThan(changedAt + MAX_STALE_MS);
    }
  } finally {
    client.destroy();
    await other.close();
  }
});

describe.each([
  ['GetAlias', get],
  ['UpdateAlias', update],
  ['DeleteAlias', remove],
] as const)('%s of a missing alias', (_, operation) => {
  test('throws ResourceNotFoundException', async () => {
    const AliasName = newName();
    await expect(operation(AliasName)).rejects.toThrow(ResourceNotFoundException);
    await expect(operation(AliasName)).rejects.toMatchObject({ ResourceId: AliasName });
    await expect(operation('alias/a b')).rejects.toThrow(ValidationException);
  });
});

describe('DeleteAlias', () => {
  test('frees the name and keeps the key', async () => {
    const [before, after] = [await createKey(service), await createKey(service)];
    const AliasName = newName();
    await create(AliasName, before.KeyArn);
    await getKey(AliasName);
    const { $metadata: _metadata, ...output } = await remove(AliasName);
    expect(output).toEqual({});
    await expect(get(AliasName)).rejects.toThrow(ResourceNotFoundException);
    await expect(getKey(AliasName)).rejects.toThrow(ResourceNotFoundException);
    await expect(remove(AliasName)).rejects.toThrow(ResourceNotFoundException);
    expect((await getKey(before.KeyArn)).KeyState).toBe('CREATE_COMPLETE');

    await create(AliasName, after.KeyArn);
    expect((await getKey(AliasName)).KeyArn).toBe(after.KeyArn);
  });

  test('succeeds once among concurrent calls', async () => {
    const AliasName = newName();
    await create(AliasName);
    const results = await Promise.allSettled([remove(AliasName), remove(AliasName), remove(AliasName)]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('ListAliases', () => {
  const page = (input: ListAliasesCommand['input']) => service.controlPlane.send(new ListAliasesCommand(input));

  test('returns each alias once in a fixed order, with and without a key', async () => {
    const { KeyArn } = await createKey(service);
    const [bound, unbound] = [newName(), newName()];
    await create(bound, KeyArn);
    await create(unbound);
    const all = await listNames();
    expect(new Set(all).size).toBe(all.length);
    for (const pageSize of [1, 3, 7]) expect(await listNames(undefined, pageSize)).toEqual(all);

    const { Aliases } = await page({ MaxResults: 100 });
    expect(Aliases).toContainEqual({ AliasName: bound, KeyArn });
    expect(Aliases).toContainEqual({ AliasName: unbound });
  });

  test('continues while aliases are created and deleted', async () => {
    const { KeyArn } = await createKey(service);
    const stay = ['alias/pages/b', 'alias/pages/d', 'alias/pages/f', 'alias/pages/h'];
    for (const name of [...stay, 'alias/pages/e']) await create(name, KeyArn);
    const seen: string[] = [];
    const client = service.controlPlane;
    for await (const { Aliases } of paginateListAliases({ client, pageSize: 2 }, { KeyArn })) {
      seen.push(...Aliases!.map(({ AliasName }) => AliasName!));
      if (seen.length === 2) {
        await remove('alias/pages/e');
        await create('alias/pages/a', KeyArn);
      }
    }
    expect(seen).toEqual(stay);
  });

  test('returns 50 aliases per page by default', async () => {
    const { KeyArn } = await createKey(service);
    await Promise.all(Array.from({ length: 51 }, () => create(newName(), KeyArn)));
    const first = await page({ KeyArn });
    expect(first.Aliases).toHaveLength(50);
    const second = await page({ KeyArn, NextToken: first.NextToken });
    expect(second.Aliases).toHaveLength(1);
    expect(second).not.toHaveProperty('NextToken');
  });

  test.each([
    ['that does not exist', MISSING_KEY],
    ['of another Region', FAR_KEY],
    ['of another account', FOREIGN_KEY],
  ])('finds no alias of a key %s', async (_, KeyArn) => {
    const { $metadata: _metadata, ...output } = await page({ KeyArn });
    expect(output).toEqual({ Aliases: [] });
  });

  test('accepts a page token for the same list only', async () => {
    const { KeyArn } = await createKey(service);
    for (const name of [newName(), newName()]) await create(name, KeyArn);
    const { NextToken } = await page({ MaxResults: 1 });
    expect((await page({ NextToken, MaxResults: 1 })).Aliases).toHaveLength(1);
    for (const input of [
      { NextToken, KeyArn },
      { NextToken: (await page({ MaxResults: 1, KeyArn })).NextToken },
      { NextToken: `${NextToken!.slice(0, -2)}AA` },
      { NextToken: 'nonsense' },
      { MaxResults: 0 },
      { MaxResults: 101 },
      { KeyArn: 'alias/x' },
    ])
      await expect(page(input)).rejects.toThrow(ValidationException);
  });
});

describe('The aliases of a deleted key', () => {
  test('keep the key while its deletion is pending, and lose it in the end', async () => {
    const { KeyArn } = await createKey(service);
    const AliasName = newName();
    await create(AliasName, KeyArn);
    await deleteKey(AliasName);
    expect(await get(AliasName)).toEqual({ AliasName, KeyArn });
    expect((await getKey(AliasName)).KeyState).toBe('DELETE_PENDING');
    await service.controlPlane.send(new RestoreKeyCommand({ KeyIdentifier: AliasName }));
    expect((await getKey(AliasName)).KeyState).toBe('CREATE_COMPLETE');

    await deleteKey(AliasName);
    await endDeletions(service);
    expect(await get(AliasName)).toEqual({ AliasName });
    expect(await listNames(KeyArn)).toEqual([]);
    await expect(getKey(AliasName)).rejects.toThrow(ResourceNotFoundException);
    const { KeyArn: next } = await createKey(service);
    expect(await update(AliasName, next)).toEqual({ AliasName, KeyArn: next });
  });

  test('can be detached or deleted while the deletion is pending', async () => {
    const { KeyArn } = await createKey(service);
    const [detached, deleted] = [newName(), newName()];
    await create(detached, KeyArn);
    await create(deleted, KeyArn);
    await deleteKey(KeyArn);
    expect(await update(detached)).toEqual({ AliasName: detached });
    await remove(deleted);
    expect(await listNames(KeyArn)).toEqual([]);
  });

  test('do not keep a key that is deleted while an alias is set to it', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => createKey(service)));
    await Promise.all(keys.flatMap(({ KeyArn }) => [create(newName(), KeyArn).catch(refused), deleteKey(KeyArn)]));
    const free = newName();
    await create(free);
    await Promise.all([endDeletions(service), ...keys.map(({ KeyArn }) => update(free, KeyArn).catch(refused))]);
    for (const { KeyArn } of keys) expect(await listNames(KeyArn)).toEqual([]);
  });
});

const refused = (error: unknown) => expect(error).toBeInstanceOf(ValidationException);
