import {
  CreateKeyCommand,
  type CreateKeyInput,
  DeleteKeyCommand,
  GetKeyCommand,
  type Key,
  type KeyAttributes,
  ListKeysCommand,
  paginateListKeys,
  ResourceNotFoundException,
  RestoreKeyCommand,
  StartKeyUsageCommand,
  StopKeyUsageCommand,
  ValidationException,
} from '@aws-sdk/client-payment-cryptography';
import { DataSource } from 'typeorm';
import { KeyDeletionWorker } from '../../../../src/payment/controlplane/keys/key-deletion.worker.js';
import { Key as StoredKey } from '../../../../src/payment/keys/key.entity.js';
import { useService } from '../../../support/api.js';
import { rebind } from '../../../support/database.js';
import { REGION } from '../../../support/service.js';

const DAY_MS = 86_400_000;

const service = useService();

const CMAC_KEY: KeyAttributes = {
  KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
  KeyClass: 'SYMMETRIC_KEY',
  KeyAlgorithm: 'AES_128',
  KeyModesOfUse: { Generate: true, Verify: true },
};

async function create(input: Partial<CreateKeyInput> = {}): Promise<Key> {
  const { Key: key } = await service.controlPlane.send(
    new CreateKeyCommand({ KeyAttributes: CMAC_KEY, Exportable: true, ...input }),
  );
  return key!;
}

const get = async (KeyIdentifier: string) =>
  (await service.controlPlane.send(new GetKeyCommand({ KeyIdentifier }))).Key!;

describe('CreateKey', () => {
  test('returns the whole key, and GetKey returns the same', async () => {
    const key = await create();
    expect(key).toEqual({
      KeyArn: expect.stringMatching(`^arn:aws:payment-cryptography:${REGION}:000000000000:key/[a-z0-9]{16}$`),
      KeyAttributes: {
        ...CMAC_KEY,
        KeyModesOfUse: {
          Encrypt: false,
          Decrypt: false,
          Wrap: false,
          Unwrap: false,
          Generate: true,
          Sign: false,
          Verify: true,
          DeriveKey: false,
          NoRestrictions: false,
        },
      },
      KeyCheckValue: expect.stringMatching(/^[0-9A-F]{6}$/),
      KeyCheckValueAlgorithm: 'CMAC',
      Enabled: true,
      Exportable: true,
      KeyState: 'CREATE_COMPLETE',
      KeyOrigin: 'AWS_PAYMENT_CRYPTOGRAPHY',
      CreateTimestamp: expect.any(Date),
      UsageStartTimestamp: expect.any(Date),
    });
    expect(await get(key.KeyArn!)).toEqual(key);
  });

  test('creates a stopped key without start or stop time when Enabled is false', async () => {
    const key = await create({ Enabled: false });
    expect(key.Enabled).toBe(false);
    expect(key).not.toHaveProperty('UsageStartTimestamp');
    expect(key).not.toHaveProperty('UsageStopTimestamp');
  });

  test.each([
    ['TDES_2KEY', 'TR31_M3_ISO_9797_3_MAC_KEY', undefined, 'ANSI_X9_24', 6],
    ['TDES_3KEY', 'TR31_M3_ISO_9797_3_MAC_KEY', 'CMAC', 'CMAC', 6],
    ['HMAC_SHA512', 'TR31_M7_HMAC_KEY', undefined, 'HMAC', 6],
  ] as const)(
    'a key of %s and %s, with check value algorithm %s requested, has %s',
    async (KeyAlgorithm, KeyUsage, asked, answered, length) => {
      const key = await create({
        KeyAttributes: { ...CMAC_KEY, KeyAlgorithm, KeyUsage },
        KeyCheckValueAlgorithm: asked,
      });
      expect(key.KeyCheckValueAlgorithm).toBe(answered);
      expect(key.KeyCheckValue).toHaveLength(length);
    },
  );

  test('creates RSA key pairs while it serves other calls', async () => {
    const pairs = ['RSA_2048', 'RSA_3072'] as const;
    const creating = pairs.map((KeyAlgorithm) =>
      create({
        KeyAttributes: {
          KeyUsage: 'TR31_D1_ASYMMETRIC_KEY_FOR_DATA_ENCRYPTION',
          KeyClass: 'ASYMMETRIC_KEY_PAIR',
          KeyAlgorithm,
          KeyModesOfUse: { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true },
        },
      }),
    );
    await service.controlPlane.send(new ListKeysCommand({ MaxResults: 1 }));
    for (const key of await Promise.all(creating)) {
      expect(key.KeyCheckValueAlgorithm).toBe('SHA_1');
      expect(key.KeyCheckValue).toMatch(/^[0-9A-F]{8}$/);
    }
  });

  test('creates a key agreement pair bound to the usage that it derives', async () => {
    const key = await create({
      KeyAttributes: {
        KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
        KeyClass: 'ASYMMETRIC_KEY_PAIR',
        KeyAlgorithm: 'ECC_NIST_P384',
        KeyModesOfUse: { DeriveKey: true },
      },
      DeriveKeyUsage: 'TR31_K1_KEY_BLOCK_PROTECTION_KEY',
    });
    expect(key.DeriveKeyUsage).toBe('TR31_K1_KEY_BLOCK_PROTECTION_KEY');
    expect(await get(key.KeyArn!)).toEqual(key);
  });

  const K = CMAC_KEY;
  test.each<[string, Partial<CreateKeyInput>, RegExp]>([
    [
      'an algorithm that the usage does not allow',
      { KeyAttributes: { ...K, KeyAlgorithm: 'RSA_2048' } },
      /KeyAlgorithm RSA_2048/,
    ],
    [
      'modes that the usage does not allow',
      { KeyAttributes: { ...K, KeyModesOfUse: { Encrypt: true } } },
      /KeyModesOfUse/,
    ],
    ['no mode', { KeyAttributes: { ...K, KeyModesOfUse: {} } }, /KeyModesOfUse \{\}/],
    ['a class that the usage does not allow', { KeyAttributes: { ...K, KeyClass: 'ASYMMETRIC_KEY_PAIR' } }, /KeyClass/],
    ['a public key', { KeyAttributes: { ...K, KeyClass: 'PUBLIC_KEY' } }, /can't be created/],
    ['a check value that the key cannot have', { KeyCheckValueAlgorithm: 'ANSI_X9_24' }, /use CMAC/],
    [
      'DeriveKeyUsage for a key that cannot have it',
      { DeriveKeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY' },
      /DeriveKeyUsage/,
    ],
    ['a reserved tag', { Tags: [{ Key: 'aws:x', Value: 'y' }] }, /aws:/],
    [
      'a tag given twice',
      {
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'a', Value: '2' },
        ],
      },
      /once/,
    ],
    ['51 tags', { Tags: Array.from({ length: 51 }, (_, i) => ({ Key: `k${i}`, Value: 'v' })) }, /at most 50/],
    ['replication', { ReplicationRegions: ['eu-west-1'] } as object, /ReplicationRegions/],
    ['an unknown usage', { KeyAttributes: { ...K, KeyUsage: 'TR31_Q0' as never } }, /KeyUsage must be one of/],
  ])('refuses %s, and stores nothing', async (_, input, message) => {
    const before = await countKeys();
    const refused = create(input);
    await expect(refused).rejects.toThrow(ValidationException);
    await expect(refused).rejects.toThrow(message);
    expect(await countKeys()).toBe(before);
  });
});

async function countKeys(): Promise<number> {
  let count = 0;
  for await (const page of paginateListKeys({ client: service.controlPlane, pageSize: 100 }, {}))
    count += page.Keys!.length;
  return count;
}

describe('GetKey by other identifiers', () => {
  test.each([
    ['a missing ARN', `arn:aws:payment-cryptography:${REGION}:000000000000:key/aaaaaaaaaaaaaaaa`],
    ['a missing alias', 'alias/nobody'],
    ['a missing alias ARN', `arn:aws:payment-cryptography:${REGION}:000000000000:alias/no/body`],
    ['a key of another Region', 'arn:aws:payment-cryptography:eu-west-1:000000000000:key/aaaaaaaaaaaaaaaa'],
  ])('%s is not found', async (_, identifier) => {
    await expect(get(identifier)).rejects.toThrow(ResourceNotFoundException);
    await expect(get(identifier)).rejects.toMatchObject({ ResourceId: identifier });
  });

  test('denies a key of another account', async () => {
    const identifier = `arn:aws:payment-cryptography:${REGION}:111111111111:key/aaaaaaaaaaaaaaaa`;
    await expect(get(identifier)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('rejects a bare key ID', async () => {
    await expect(get('aaaaaaaaaaaaaaaa')).rejects.toThrow(ValidationException);
  });
});

describe('ListKeys', () => {
  test('returns every key once in a fixed order while keys are added', async () => {
    for (let i = 0; i < 5; i++) await create();
    const seen: string[] = [];
    for await (const page of paginateListKeys({ client: service.controlPlane, pageSize: 2 }, {})) {
      expect(page.Keys!.length).toBeLessThanOrEqual(2);
      seen.push(...page.Keys!.map(({ KeyArn }) => KeyArn!));
      if (seen.length < 8) await create();
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe(await countKeys());
  });

  test('returns summaries of one state', async () => {
    const key = await create();
    await service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier: key.KeyArn }));
    const { Keys } = await service.controlPlane.send(new ListKeysCommand({ KeyState: 'DELETE_PENDING' }));
    expect(Keys).toContainEqual({
      KeyArn: key.KeyArn,
      KeyState: 'DELETE_PENDING',
      KeyAttributes: key.KeyAttributes,
      KeyCheckValue: key.KeyCheckValue,
      Exportable: true,
      Enabled: false,
    });
    expect(Keys!.every(({ KeyState }) => KeyState === 'DELETE_PENDING')).toBe(true);
  });

  test('accepts a page token for the same list only', async () => {
    const { NextToken } = await service.controlPlane.send(new ListKeysCommand({ MaxResults: 1 }));
    const page = (input: ListKeysCommand['input']) => service.controlPlane.send(new ListKeysCommand(input));
    expect((await page({ NextToken, MaxResults: 1 })).Keys).toHaveLength(1);
    for (const input of [
      { NextToken, KeyState: 'CREATE_COMPLETE' as const },
      { NextToken: `${NextToken!.slice(0, -2)}AA` },
      { NextToken: 'nonsense' },
    ])
      await expect(page(input)).rejects.toThrow(ValidationException);
  });

  test.each([0, 101])('rejects a page of %i keys', async (MaxResults) => {
    await expect(service.controlPlane.send(new ListKeysCommand({ MaxResults }))).rejects.toThrow(ValidationException);
  });
});

describe('The life cycle of a key', () => {
  const start = (KeyIdentifier?: string) =>
    service.controlPlane.send(new StartKeyUsageCommand({ KeyIdentifier })).then(({ Key }) => Key!);
  const stop = (KeyIdentifier?: string) =>
    service.controlPlane.send(new StopKeyUsageCommand({ KeyIdentifier })).then(({ Key }) => Key!);
  const remove = (KeyIdentifier?: string, DeleteKeyInDays?: number) =>
    service.controlPlane.send(new DeleteKeyCommand({ KeyIdentifier, DeleteKeyInDays })).then(({ Key }) => Key!);
  const restore = (KeyIdentifier?: string) =>
    service.controlPlane.send(new RestoreKeyCommand({ KeyIdentifier })).then(({ Key }) => Key!);

  test('stops and starts the key, and ignores repeated calls', async () => {
    const { KeyArn } = await create();
    const stopped = await stop(KeyArn);
    expect(stopped).toMatchObject({
      Enabled: false,
      KeyState: 'CREATE_COMPLETE',
      UsageStopTimestamp: expect.any(Date),
    });
    expect(stopped).not.toHaveProperty('UsageStartTimestamp');
    expect(await stop(KeyArn)).toEqual(stopped);
    expect(await get(KeyArn!)).toEqual(stopped);

    const started = await start(KeyArn);
    expect(started).toMatchObject({ Enabled: true, UsageStartTimestamp: expect.any(Date) });
    expect(started).not.toHaveProperty('UsageStopTimestamp');
    expect(await start(KeyArn)).toEqual(started);
  });

  test('ends after 7 days or as many as requested, and the key is stopped until then', async () => {
    const { KeyArn } = await create();
    const deleted = await remove(KeyArn);
    expect(deleted).toMatchObject({ KeyState: 'DELETE_PENDING', Enabled: false, UsageStopTimestamp: expect.any(Date) });
    const days = (deleted.DeletePendingTimestamp!.getTime() - service.clock.now().getTime()) / DAY_MS;
    expect(days).toBeCloseTo(7, 2);
    const other = await remove((await create()).KeyArn, 180);
    expect((other.DeletePendingTimestamp!.getTime() - service.clock.now().getTime()) / DAY_MS).toBeCloseTo(180, 2);
  });

  test('keeps the stop time of a key that was stopped before its deletion', async () => {
    const { KeyArn } = await create();
    const { UsageStopTimestamp } = await stop(KeyArn);
    expect((await remove(KeyArn)).UsageStopTimestamp).toEqual(UsageStopTimestamp);
  });

  test('leaves the key stopped when it is restored', async () => {
    const { KeyArn } = await create();
    await remove(KeyArn);
    const restored = await restore(KeyArn);
    expect(restored).toMatchObject({ KeyState: 'CREATE_COMPLETE', Enabled: false });
    expect(restored).not.toHaveProperty('DeletePendingTimestamp');
    expect((await start(KeyArn)).Enabled).toBe(true);
  });

  test('rejects calls that the state does not allow', async () => {
    const { KeyArn } = await create();
    await expect(restore(KeyArn)).rejects.toThrow('not in DELETE_PENDING state.');
    await remove(KeyArn);
    for (const step of [remove, start, stop]) {
      await expect(step(KeyArn)).rejects.toThrow(ValidationException);
      await expect(step(KeyArn)).rejects.toThrow('not in CREATE_COMPLETE state.');
    }
  });

  test.each([2, 181])('rejects a waiting period of %i days', async (days) => {
    const { KeyArn } = await create();
    await expect(remove(KeyArn, days)).rejects.toThrow(ValidationException);
    expect((await get(KeyArn!)).KeyState).toBe('CREATE_COMPLETE');
  });

  test('allows one of many concurrent deletions, and serializes concurrent changes', async () => {
    const { KeyArn } = await create();
    const deletions = await Promise.allSettled(Array.from({ length: 8 }, () => remove(KeyArn)));
    expect(deletions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await restore(KeyArn);
    for (let round = 0; round < 5; round++) {
      await Promise.allSettled([start(KeyArn), stop(KeyArn), start(KeyArn), stop(KeyArn)]);
      const { Enabled, UsageStartTimestamp, UsageStopTimestamp } = await get(KeyArn!);
      expect([UsageStartTimestamp !== undefined, UsageStopTimestamp !== undefined]).toEqual([Enabled, !Enabled]);
    }
  });

  test('ends with the waiting period, on the first node that notices', async () => {
    const [due, later] = [await create(), await create()];
    await remove(due.KeyArn, 3);
    await remove(later.KeyArn, 4);
    const worker = service.app.get(KeyDeletionWorker);
    const dueAt = inDays(3);
    await Promise.all([worker.doDue(dueAt), worker.doDue(dueAt), worker.doDue(dueAt)]);

    const gone = await get(due.KeyArn!);
    expect(gone).toMatchObject({
      KeyState: 'DELETE_COMPLETE',
      Enabled: false,
      KeyCheckValue: due.KeyCheckValue,
      DeleteTimestamp: expect.any(Date),
    });
    expect(gone).not.toHaveProperty('DeletePendingTimestamp');
    expect((await get(later.KeyArn!)).KeyState).toBe('DELETE_PENDING');
    await expect(restore(due.KeyArn)).rejects.toThrow('not in DELETE_PENDING state.');
    expect((await restore(later.KeyArn)).KeyState).toBe('CREATE_COMPLETE');
  });

  test('ends for any number of keys at once, and ListKeys still returns them', async () => {
    const { KeyArn } = await create({ Enabled: false });
    await remove(KeyArn, 3);
    await copyKey(KeyArn!, 1200);
    await service.app.get(KeyDeletionWorker).doDue(inDays(4));
    const pages: number[] = [];
    const listed = new Set<string | undefined>();
    const config = { client: service.controlPlane, pageSize: 100 };
    for await (const { Keys } of paginateListKeys(config, { KeyState: 'DELETE_COMPLETE' })) {
      pages.push(Keys!.length);
      Keys!.forEach(({ KeyArn }) => listed.add(KeyArn));
    }
    expect(listed.size).toBeGreaterThanOrEqual(1201);
    expect(pages.slice(0, -1).every((length) => length === 100)).toBe(true);
    expect((await service.controlPlane.send(new ListKeysCommand({}))).Keys).toHaveLength(50);
    expect((await service.controlPlane.send(new ListKeysCommand({ MaxResults: 1 }))).Keys).toHaveLength(1);
  });
});

/** Returns the time this many days and one second from now. */
function inDays(days: number): Date {
  return new Date(service.clock.now().getTime() + days * DAY_MS + 1000);
}

/** Inserts copies of a stored key into the database. */
async function copyKey(arn: string, copies: number): Promise<void> {
  const database = service.app.get(DataSource);
  const columns = database
    .getMetadata(StoredKey)
    .columns.map(({ databaseName }) => databaseName)
    .filter((name) => name !== 'arn' && name !== 'sequence')
    .join();
  await database.query(
    `INSERT INTO keys (arn, ${columns}) SELECT left(arn, -16) || to_char(n, 'FM0000000000000000'), ${columns}
       FROM keys, generate_series(1, ${copies}) AS n WHERE arn = $1`,
    [arn],
  );
  await rebind(database);
}
