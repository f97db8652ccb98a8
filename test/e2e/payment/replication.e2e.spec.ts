import {
  ConflictException,
  GetKeyCommand,
  type Key as SdkKey,
  PaymentCryptographyClient,
  ResourceNotFoundException,
  StopKeyUsageCommand,
  ValidationException,
} from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { MAX_STALE_MS } from '../../../src/changes/changes.js';
import { KeyCache } from '../../../src/payment/keys/key-cache.js';
import { LEASE_MS, ReplicationWork } from '../../../src/payment/keys/replication-work.js';
import { ecParty, importKeys, keyBlock, type KeyToImport } from '../../support/import.js';
import { createKey, endDeletions, FOREIGN_KEY, MISSING_KEY } from '../../support/keys.js';
import { newWorker, stopReplication } from '../../support/replication.js';
import {
  CREDENTIALS,
  type RawResponse,
  REGION,
  startTestService,
  target,
  type TestService,
} from '../../support/service.js';

/** The AWS SDK for JavaScript that is installed has none of these operations and members, so most calls are signed by hand. */

const EUROPE = 'eu-west-1';
const ASIA = 'ap-southeast-2';

type Key = SdkKey & {
  KeyArn: string;
  MultiRegionKeyType?: string;
  PrimaryRegion?: string;
  ReplicationStatus?: Record<string, { Status: string; StatusMessage?: string }>;
  UsingDefaultReplicationRegions?: boolean;
};

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ KEYBLOCK_REGIONS: `${EUROPE},${REGION},${ASIA}` });
  await stopReplication(service);
}, 60_000);
afterAll(() => service.stop());
beforeEach(() => service.app.get(DataSource).query('DELETE FROM default_replication_regions'));

const replicate = () => newWorker(service).run();
const call = (operation: string, input: object = {}, region = REGION) =>
  service.send({ headers: target(operation), body: JSON.stringify(input), region });

async function done(operation: string, input: object = {}, region = REGION): Promise<Record<string, unknown>> {
  const { status, json } = await call(operation, input, region);
  expect([status, json]).toEqual([200, expect.anything()]);
  return json;
}

const keyOf = async (...args: Parameters<typeof done>) => (await done(...args))['Key'] as Key;
const regionOf = (arn: string) => arn.split(':')[3]!;
const inRegion = (region: string, arn: string) => arn.replace(`:${regionOf(arn)}:`, `:${region}:`);
const get = (KeyIdentifier: string) => keyOf('GetKey', { KeyIdentifier }, regionOf(KeyIdentifier));
const create = (input: object = {}) => keyOf('CreateKey', { ...CMAC_KEY, ...input });
const add = (KeyIdentifier: string, ...ReplicationRegions: string[]) =>
  call('AddKeyReplicationRegions', { KeyIdentifier, ReplicationRegions });
const remove = (KeyIdentifier: string, ...ReplicationRegions: string[]) =>
  call('RemoveKeyReplicationRegions', { KeyIdentifier, ReplicationRegions });
const defaults = async (region = REGION) =>
  (await done('GetDefaultKeyReplicationRegions', {}, region))['EnabledReplicationRegions'];

const CMAC_KEY = {
  KeyAttributes: {
    KeyUsage: 'TR31_M6_ISO_9797_5_CMAC_KEY',
    KeyClass: 'SYMMETRIC_KEY',
    KeyAlgorithm: 'AES_128',
    KeyModesOfUse: { Generate: true, Verify: true },
  },
  Exportable: true,
};

/** A key with its replicas made. */
async function createReplicated(...ReplicationRegions: string[]): Promise<Key> {
  const { KeyArn } = await create({ ReplicationRegions });
  await replicate();
  return get(KeyArn);
}

const dataPlane = (region: string) =>
  new PaymentCryptographyData({ region, endpoint: service.url, credentials: CREDENTIALS, maxRetries: 0 });
const mac = (KeyIdentifier: string) =>
  dataPlane(regionOf(KeyIdentifier))
    .generateMac({ KeyIdentifier, MessageData: '0102030405060708', GenerationAttributes: { Algorithm: 'CMAC' } })
    .promise()
    .then(({ Mac }) => Mac);

function expectFailure({ status, json }: RawResponse, name: string, message: RegExp | string = ''): void {
  expect({ status, ...json }).toMatchObject({
    status: 400,
    __type: `com.amazonaws.paymentcryptography#${name}`,
    Message: message instanceof RegExp ? expect.stringMatching(message) : expect.stringContaining(message),
  });
}

const countKeys = async (region = REGION) =>
  ((await done('ListKeys', { MaxResults: 100 }, region))['Keys'] as []).length;

describe('a deployment of several Regions', () => {
  test('serves each as one of its own', async () => {
    const { KeyArn } = await keyOf('CreateKey', CMAC_KEY, EUROPE);
    expect(regionOf(KeyArn)).toBe(EUROPE);
    expect((await get(KeyArn)).KeyArn).toBe(KeyArn);
    expectFailure(await call('GetKey', { KeyIdentifier: KeyArn }), 'ResourceNotFoundException');
    expectFailure(await call('GetKey', { KeyIdentifier: inRegion(REGION, KeyArn) }), 'ResourceNotFoundException');
    await done('CreateAlias', { AliasName: 'alias/same' }, EUROPE);
    await done('CreateAlias', { AliasName: 'alias/same' });
  });

  test('refuses a signature for any other', async () => {
    expectFailure(
      await call('ListKeys', {}, 'us-west-2'),
      'InvalidSignatureException',
      `Credential should be scoped to a valid region. This service is in ${EUROPE}, ${REGION}, ${ASIA}.`,
    );
    const { status, json } = await service.send({ path: '/mac/verify', region: 'us-west-2' });
    expect([status, json['__type']]).toEqual([403, expect.stringContaining('InvalidSignatureException')]);
  });

  test('a signature for one Region is none for another', async () => {
    const tamper = ({ headers }: { headers: Record<string, string> }) => {
      headers['authorization'] = headers['authorization']!.replace(REGION, EUROPE);
    };
    const answer = await service.send({ headers: target('ListKeys'), tamper });
    expectFailure(answer, 'InvalidSignatureException', 'signature we calculated');
  });
});

describe('the default Regions', () => {
  const enable = (ReplicationRegions: string[], region = REGION) =>
    call('EnableDefaultKeyReplicationRegions', { ReplicationRegions }, region);
  const disable = (ReplicationRegions: string[]) => call('DisableDefaultKeyReplicationRegions', { ReplicationRegions });

  test('are none at first, grow and shrink, in each Region by itself', async () => {
    expect(await defaults()).toEqual([]);
    expect((await enable([EUROPE])).json).toEqual({ EnabledReplicationRegions: [EUROPE] });
    expect((await enable([ASIA, EUROPE])).json).toEqual({ EnabledReplicationRegions: [EUROPE, ASIA] });
    expect(await defaults()).toEqual([EUROPE, ASIA]);
    expect(await defaults(EUROPE)).toEqual([]);
    expect((await enable([REGION], EUROPE)).json).toEqual({ EnabledReplicationRegions: [REGION] });
    expect((await disable([EUROPE])).json).toEqual({ EnabledReplicationRegions: [ASIA] });
    expect((await disable([EUROPE, ASIA])).json).toEqual({ EnabledReplicationRegions: [] });
    expect(await defaults(EUROPE)).toEqual([REGION]);
  });

  test.each<[string, string[], RegExp]>([
    ['its own', [EUROPE, REGION], /ReplicationRegions has us-east-1, where the key is/],
    ['one that is not served', ['us-west-2'], /has us-west-2, which is not served: choose from eu-west-1, us-east-1/],
    ['one twice', [EUROPE, EUROPE], /each Region once/],
    ['none', [], /at least one/],
    ['no name of a Region', ['Europe'], /ReplicationRegions.*must be a Region name/],
  ])('refuse %s, and stay as they are', async (_, regions, message) => {
    await enable([ASIA]);
    expectFailure(await enable(regions), 'ValidationException', message);
    expectFailure(await disable(regions), 'ValidationException', message);
    expect(await defaults()).toEqual([ASIA]);
  });

  test('one that is no longer served is not used, and can be disabled', async () => {
    const sql = `INSERT INTO default_replication_regions VALUES ('000000000000', '${REGION}', 'sa-east-1')`;
    await service.app.get(DataSource).query(sql);
    expect(await defaults()).toEqual(['sa-east-1']);
    expect(await create()).not.toHaveProperty('MultiRegionKeyType');
    expect((await disable(['sa-east-1'])).json).toEqual({ EnabledReplicationRegions: [] });
  });

  test('are where new keys go, and no others', async () => {
    const before = await create();
    await enable([EUROPE]);
    const key = await create();
    expect(key).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [EUROPE]: { Status: 'IN_PROGRESS' } },
      UsingDefaultReplicationRegions: true,
    });
    await replicate();
    expect((await get(inRegion(EUROPE, key.KeyArn))).MultiRegionKeyType).toBe('REPLICA');
    expect(await get(before.KeyArn)).toEqual(before);
    await disable([EUROPE]);
    expect((await get(key.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'SYNCHRONIZED' } });
  });

  test('give way to what a key says, and leave out what may not be exported', async () => {
    await enable([EUROPE]);
    const elsewhere = await create({ ReplicationRegions: [ASIA] });
    expect(elsewhere.ReplicationStatus).toEqual({ [ASIA]: { Status: 'IN_PROGRESS' } });
    expect(elsewhere.UsingDefaultReplicationRegions).toBe(false);
    const nowhere = await create({ ReplicationRegions: [] });
    expect(nowhere.UsingDefaultReplicationRegions).toBe(false);
    const fixed = await create({ Exportable: false });
    expect(fixed).not.toHaveProperty('UsingDefaultReplicationRegions');
    for (const key of [nowhere, fixed])
      for (const member of ['MultiRegionKeyType', 'PrimaryRegion', 'ReplicationStatus'])
        expect(key).not.toHaveProperty(member);
  });
});

describe('CreateKey with ReplicationRegions', () => {
  test('makes the same key in each Region, under the same id', async () => {
    const key = await create({ ReplicationRegions: [EUROPE, ASIA] });
    const replicaArn = inRegion(EUROPE, key.KeyArn);
    expect(key).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [ASIA]: { Status: 'IN_PROGRESS' }, [EUROPE]: { Status: 'IN_PROGRESS' } },
      UsingDefaultReplicationRegions: false,
    });
    expect(await get(key.KeyArn)).toEqual(key);
    expectFailure(await call('GetKey', { KeyIdentifier: replicaArn }, EUROPE), 'ResourceNotFoundException');

    await replicate();
    const status = { [ASIA]: { Status: 'SYNCHRONIZED' }, [EUROPE]: { Status: 'SYNCHRONIZED' } };
    expect(await get(key.KeyArn)).toEqual({ ...key, ReplicationStatus: status });
    const { ReplicationStatus: _, UsingDefaultReplicationRegions: __, ...common } = key;
    expect(await get(replicaArn)).toEqual({ ...common, KeyArn: replicaArn, MultiRegionKeyType: 'REPLICA' });
    expect(await mac(replicaArn)).toBe(await mac(key.KeyArn));
    expect(await mac(inRegion(ASIA, key.KeyArn))).toBe(await mac(key.KeyArn));
  });

  test('seals each replica for itself', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const replicaArn = inRegion(EUROPE, KeyArn);
    const rows = await service.app
      .get(DataSource)
      .query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE arn IN ($1, $2)', [KeyArn, replicaArn]);
    expect(rows[0]!.sealed.equals(rows[1]!.sealed)).toBe(false);
  });

  test('is listed in each Region with its role', async () => {
    const { KeyArn } = await createReplicated(ASIA);
    const roles = async (region: string) => {
      const { Keys } = (await done('ListKeys', { MaxResults: 100 }, region)) as { Keys: Key[] };
      const { MultiRegionKeyType, PrimaryRegion } = Keys.find((key) => key.KeyArn === inRegion(region, KeyArn))!;
      return [MultiRegionKeyType, PrimaryRegion];
    };
    expect(await roles(REGION)).toEqual(['PRIMARY', REGION]);
    expect(await roles(ASIA)).toEqual(['REPLICA', REGION]);
  });

  test('makes key pairs and stopped keys too', async () => {
    const KeyAttributes = {
      KeyUsage: 'TR31_K3_ASYMMETRIC_KEY_FOR_KEY_AGREEMENT',
      KeyClass: 'ASYMMETRIC_KEY_PAIR',
      KeyAlgorithm: 'ECC_NIST_P256',
      KeyModesOfUse: { DeriveKey: true },
    };
    const DeriveKeyUsage = 'TR31_K1_KEY_BLOCK_PROTECTION_KEY';
    const pair = await create({ KeyAttributes, DeriveKeyUsage, ReplicationRegions: [EUROPE], Enabled: false });
    await replicate();
    const replica = await get(inRegion(EUROPE, pair.KeyArn));
    expect(replica).toMatchObject({ KeyCheckValue: pair.KeyCheckValue, DeriveKeyUsage, Enabled: false });
    expect(replica).not.toHaveProperty('UsageStartTimestamp');
  });

  test.each<[string, object, RegExp]>([
    ['its own Region', { ReplicationRegions: [REGION] }, /us-east-1, where the key is/],
    ['a Region that is not served', { ReplicationRegions: [EUROPE, 'us-west-2'] }, /us-west-2, which is not served/],
    ['a Region twice', { ReplicationRegions: [EUROPE, EUROPE] }, /each Region once/],
    ['a key that is not exportable', { ReplicationRegions: [EUROPE], Exportable: false }, /not Exportable/],
  ])('refuses %s, and stores nothing', async (_, input, message) => {
    const before = await countKeys();
    expectFailure(await call('CreateKey', { ...CMAC_KEY, ...input }), 'ValidationException', message);
    expect(await countKeys()).toBe(before);
  });
});

describe('ImportKey with ReplicationRegions', () => {
  /** A symmetric key of known value in a key block, and a public key in a certificate. */
  let materials: Record<'symmetric' | 'public', (change?: Partial<KeyToImport>) => object>;
  beforeAll(async () => {
    const { kek } = await importKeys(service);
    const party = ecParty('P-256');
    const modes = ['Generate', 'Verify'] as const;
    materials = {
      symmetric: (change) => ({
        Tr31KeyBlock: {
          WrappingKeyIdentifier: kek.KeyArn,
          WrappedKeyBlock: keyBlock(
            { algorithm: 'AES', key: kek.clear },
            { clear: '00'.repeat(16), usage: 'TR31_M6_ISO_9797_5_CMAC_KEY', algorithm: 'AES_128', modes, ...change },
          ),
        },
      }),
      public: () => ({
        RootCertificatePublicKey: {
          KeyAttributes: {
            KeyUsage: 'TR31_S0_ASYMMETRIC_KEY_FOR_DIGITAL_SIGNATURE',
            KeyClass: 'PUBLIC_KEY',
            KeyAlgorithm: 'ECC_NIST_P256',
            KeyModesOfUse: { Verify: true },
          },
          PublicKeyCertificate: party.text,
        },
      }),
    };
  });

  test('makes the same symmetric key in each Region', async () => {
    const KeyMaterial = materials.symmetric();
    const { KeyArn } = await keyOf('ImportKey', { KeyMaterial, ReplicationRegions: [EUROPE, ASIA] });
    await replicate();
    const primary = await get(KeyArn);
    expect(primary).toMatchObject({
      KeyOrigin: 'EXTERNAL',
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [ASIA]: { Status: 'SYNCHRONIZED' }, [EUROPE]: { Status: 'SYNCHRONIZED' } },
      UsingDefaultReplicationRegions: false,
    });
    const { ReplicationStatus: _, UsingDefaultReplicationRegions: __, ...shared } = primary;
    for (const region of [EUROPE, ASIA]) {
      const arn = inRegion(region, KeyArn);
      expect(await get(arn)).toEqual({ ...shared, KeyArn: arn, MultiRegionKeyType: 'REPLICA' });
      expect(await mac(arn)).toBe(await mac(KeyArn));
    }
  });

  test('makes the same public key where new keys go by default, with its certificate', async () => {
    await done('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const key = await keyOf('ImportKey', { KeyMaterial: materials.public() });
    expect([key.UsingDefaultReplicationRegions, key.ReplicationStatus]).toEqual([
      true,
      { [EUROPE]: { Status: 'IN_PROGRESS' } },
    ]);
    await replicate();
    const arn = inRegion(EUROPE, key.KeyArn);
    expect(await get(arn)).toMatchObject({ MultiRegionKeyType: 'REPLICA', KeyCheckValue: key.KeyCheckValue });
    const certificate = (KeyIdentifier: string) =>
      done('GetPublicKeyCertificate', { KeyIdentifier }, regionOf(KeyIdentifier));
    expect(await certificate(arn)).toEqual(await certificate(key.KeyArn));
  });

  test.each<[string, () => object, RegExp]>([
    [
      'its own Region',
      () => ({ KeyMaterial: materials.symmetric(), ReplicationRegions: [REGION] }),
      /where the key is/,
    ],
    ['one not served', () => ({ KeyMaterial: materials.public(), ReplicationRegions: ['us-west-2'] }), /not served/],
    ['a key not to be exported', () => ({ KeyMaterial: materials.symmetric({ exportable: false }), ReplicationRegions: [EUROPE] }), /not Exportable/], // prettier-ignore
  ])('refuses %s, and makes no key', async (_, input, message) => {
    const before = await countKeys();
    expectFailure(await call('ImportKey', input()), 'ValidationException', message);
    expect(await countKeys()).toBe(before);
  });

  test('brings a key that may not be exported into its own Region only', async () => {
    await done('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const key = await keyOf('ImportKey', { KeyMaterial: materials.symmetric({ exportable: false }) });
    expect(key).not.toHaveProperty('MultiRegionKeyType');
  });
});

test('a token of a list of one Region is none in another', async () => {
  await Promise.all([create(), create()]);
  const { NextToken } = await done('ListKeys', { MaxResults: 1 });
  await done('ListKeys', { MaxResults: 1, NextToken });
  expectFailure(await call('ListKeys', { MaxResults: 1, NextToken }, EUROPE), 'ValidationException', 'NextToken');
});

test('keys that were read a moment ago are used without a query', async () => {
  const ordinary = await create();
  const primary = await createReplicated(EUROPE);
  await done('CreateAlias', { AliasName: 'alias/warm', KeyArn: ordinary.KeyArn });
  const names = [ordinary.KeyArn, primary.KeyArn, inRegion(EUROPE, primary.KeyArn)];
  const use = async () => {
    for (const name of names) await Promise.all([get(name), mac(name)]);
    await done('GetKey', { KeyIdentifier: 'alias/warm' });
  };
  await use();

  const queries: string[] = [];
  const database = service.app.get(DataSource);
  const { logger } = database;
  database.logger = Object.assign(Object.create(logger) as typeof logger, {
    logQuery: (query: string) => /"sealed"|"replications"/.test(query) && queries.push(query),
  });
  const start = performance.now();
  for (let i = 0; i < 20; i++) await use();
  const elapsed = performance.now() - start;
  database.logger = logger;
  // Four names, and the Regions of one of them, each read again when it is too old.
  const times = Math.ceil(elapsed / MAX_STALE_MS);
  expect(queries.length).toBeLessThanOrEqual(2 * 5 * times);

  await done('StopKeyUsage', { KeyIdentifier: primary.KeyArn });
  expect((await get(primary.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'IN_PROGRESS' } });
  await replicate();
  expect((await get(primary.KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'SYNCHRONIZED' } });
});

describe('AddKeyReplicationRegions', () => {
  test('makes a key of one Region a primary one, and then adds to it', async () => {
    const { KeyArn } = await create();
    await done('CreateAlias', { AliasName: 'alias/to-be-added', KeyArn });
    const added = (await add('alias/to-be-added', EUROPE)).json['Key'] as Key;
    expect(added).toMatchObject({
      KeyArn,
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [EUROPE]: { Status: 'IN_PROGRESS' } },
      UsingDefaultReplicationRegions: false,
    });
    await replicate();
    const more = (await add(KeyArn, ASIA)).json['Key'] as Key;
    expect(more.ReplicationStatus).toEqual({
      [ASIA]: { Status: 'IN_PROGRESS' },
      [EUROPE]: { Status: 'SYNCHRONIZED' },
    });
    await replicate();
    expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
  });

  test('takes a key out of the defaults', async () => {
    await done('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const { KeyArn } = await create();
    expect(((await add(KeyArn, ASIA)).json['Key'] as Key).UsingDefaultReplicationRegions).toBe(false);
  });

  test.each<[string, () => Promise<string>, string[], RegExp]>([
    ['its own Region', () => create().then(arnOf), [EUROPE, REGION], /us-east-1, where the key is/],
    ['a Region that is not served', () => create().then(arnOf), ['us-west-2'], /us-west-2, which is not served/],
    ['a Region twice', () => create().then(arnOf), [EUROPE, EUROPE], /each Region once/],
    ['no Region', () => create().then(arnOf), [], /at least one Region/],
    ['what is no Region', () => create().then(arnOf), ['Mars'], /must be a Region name/],
    ['a Region that it has', () => createReplicated(EUROPE).then(arnOf), [ASIA, EUROPE], /replicated to eu-west-1 already/], // prettier-ignore
    ['a key that is not exportable', () => create({ Exportable: false }).then(arnOf), [EUROPE], /not Exportable/],
    ['a stopped key', () => create({ Enabled: false }).then(arnOf), [EUROPE], /not in an enabled state/],
    ['a key pending deletion', () => create().then(deleted), [EUROPE], /not in an enabled state/],
  ])('refuses %s, and nothing changes', async (_, key, regions, message) => {
    const arn = await key();
    const before = await get(arn);
    expectFailure(await add(arn, ...regions), 'ValidationException', message);
    expect(await get(arn)).toEqual(before);
    await replicate();
    expect(await get(arn)).toEqual(before);
  });

  test('knows no key of another account, and none that is not there', async () => {
    expectFailure(await add(MISSING_KEY, EUROPE), 'ResourceNotFoundException');
    expectFailure(await add(FOREIGN_KEY, EUROPE), 'AccessDeniedException');
    expectFailure(await add('alias/nobody', EUROPE), 'ResourceNotFoundException');
  });

  test('of several at once one adds', async () => {
    const { KeyArn } = await create();
    const answers = await Promise.all(Array.from({ length: 4 }, () => add(KeyArn, EUROPE)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'IN_PROGRESS' } });
  });
});

describe('RemoveKeyReplicationRegions', () => {
  test('destroys the replica with all that it has, and leaves the others', async () => {
    const { KeyArn } = await createReplicated(EUROPE, ASIA);
    const replica = inRegion(EUROPE, KeyArn);
    await done('CreateAlias', { AliasName: 'alias/of-replica', KeyArn: replica }, EUROPE);
    await done('TagResource', { ResourceArn: replica, Tags: [{ Key: 'a', Value: 'b' }] }, EUROPE);
    expect(await mac(replica)).toBe(await mac(KeyArn));

    const removing = (await remove(KeyArn, EUROPE)).json['Key'] as Key;
    const going = { [ASIA]: { Status: 'SYNCHRONIZED' }, [EUROPE]: { Status: 'DELETE_IN_PROGRESS' } };
    expect(removing.ReplicationStatus).toEqual(going);
    for (const again of [await remove(KeyArn, EUROPE), await add(KeyArn, EUROPE)])
      expectFailure(again, 'ConflictException', 'is being removed from eu-west-1');
    expect((await get(KeyArn)).ReplicationStatus).toEqual(going);

    await replicate();
    expect(await get(KeyArn)).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      ReplicationStatus: { [ASIA]: { Status: 'SYNCHRONIZED' } },
      UsingDefaultReplicationRegions: false,
    });
    expect((await get(KeyArn)).ReplicationStatus).not.toHaveProperty(EUROPE);
    expectFailure(await call('GetKey', { KeyIdentifier: replica }, EUROPE), 'ResourceNotFoundException');
    await expect(mac(replica)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    const alias = await done('GetAlias', { AliasName: 'alias/of-replica' }, EUROPE);
    expect(alias).toEqual({ Alias: { AliasName: 'alias/of-replica' } });
    expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
  });

  test('makes a key an ordinary one again with its last Region, and it can be replicated anew', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    await remove(KeyArn, EUROPE);
    await replicate();
    const key = await get(KeyArn);
    for (const member of ['MultiRegionKeyType', 'PrimaryRegion', 'ReplicationStatus'])
      expect(key).not.toHaveProperty(member);
    expect(key.UsingDefaultReplicationRegions).toBe(false);

    await add(KeyArn, EUROPE);
    await replicate();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });

  test('of a replica that was never made leaves nothing', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await get(KeyArn)).not.toHaveProperty('MultiRegionKeyType');
    expectFailure(
      await call('GetKey', { KeyIdentifier: inRegion(EUROPE, KeyArn) }, EUROPE),
      'ResourceNotFoundException',
    );
  });

  test.each<[string, () => Promise<string>, string[], RegExp]>([
    ['a Region that it has not', () => createReplicated(EUROPE).then(arnOf), [EUROPE, ASIA], /not replicated to ap-southeast-2/], // prettier-ignore
    ['a key of one Region', () => create().then(arnOf), [EUROPE], /not replicated to eu-west-1/],
    ['a Region twice', () => createReplicated(EUROPE).then(arnOf), [EUROPE, EUROPE], /each Region once/],
    ['no Region', () => createReplicated(EUROPE).then(arnOf), [], /at least one Region/],
    ['a stopped key', () => createReplicated(EUROPE).then(stopped), [EUROPE], /not in an enabled state/],
    ['a key pending deletion', () => createReplicated(EUROPE).then(deleted), [EUROPE], /not in an enabled state/],
  ])('refuses %s, and nothing changes', async (_, key, regions, message) => {
    const arn = await key();
    await replicate();
    const before = await get(arn);
    expectFailure(await remove(arn, ...regions), 'ValidationException', message);
    expect(await get(arn)).toEqual(before);
    await replicate();
    expect(await get(arn)).toEqual(before);
  });

  test('knows no key of another account, and none that is not there', async () => {
    expectFailure(await remove(MISSING_KEY, EUROPE), 'ResourceNotFoundException');
    expectFailure(await remove(FOREIGN_KEY, EUROPE), 'AccessDeniedException');
  });
});

describe('a replica', () => {
  test.each<[string, object]>([
    ['DeleteKey', {}],
    ['RestoreKey', {}],
    ['StartKeyUsage', {}],
    ['StopKeyUsage', {}],
    ['AddKeyReplicationRegions', { ReplicationRegions: [ASIA] }],
    ['RemoveKeyReplicationRegions', { ReplicationRegions: [REGION] }],
  ])('refuses %s, and stays as it is', async (operation, input) => {
    const replica = inRegion(EUROPE, (await createReplicated(EUROPE)).KeyArn);
    const before = await get(replica);
    const refused = await call(operation, { KeyIdentifier: replica, ...input }, EUROPE);
    expectFailure(refused, 'ValidationException', `Key ${replica} is a replica`);
    expectFailure(refused, 'ValidationException', 'change its primary key in us-east-1');
    await replicate();
    expect(await get(replica)).toEqual(before);
  });

  test('refuses a policy, and has none of its primary key', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const [ResourceArn, AWS] = [inRegion(EUROPE, KeyArn), 'arn:aws:iam::111122223333:root'];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: '*', Resource: '*' }] }); // prettier-ignore
    expectFailure(
      await call('PutResourcePolicy', { ResourceArn, Policy }, EUROPE),
      'ValidationException',
      'is a replica',
    );
    await done('PutResourcePolicy', { ResourceArn: KeyArn, Policy });
    await replicate();
    expectFailure(await call('GetResourcePolicy', { ResourceArn }, EUROPE), 'ResourceNotFoundException');
  });

  test('has tags and aliases of its own', async () => {
    const key = await create({ ReplicationRegions: [EUROPE], Tags: [{ Key: 'where', Value: 'home' }] });
    await done('CreateAlias', { AliasName: 'alias/home', KeyArn: key.KeyArn });
    await replicate();
    const ResourceArn = inRegion(EUROPE, key.KeyArn);
    expect(await done('ListTagsForResource', { ResourceArn }, EUROPE)).toEqual({ Tags: [] });
    expectFailure(await call('GetAlias', { AliasName: 'alias/home' }, EUROPE), 'ResourceNotFoundException');
    await done('TagResource', { ResourceArn, Tags: [{ Key: 'where', Value: 'away' }] }, EUROPE);
    await done('CreateAlias', { AliasName: 'alias/away', KeyArn: ResourceArn }, EUROPE);
    await done('StopKeyUsage', { KeyIdentifier: key.KeyArn });
    await replicate();
    expect(await done('ListTagsForResource', { ResourceArn }, EUROPE)).toEqual({ Tags: [{ Key: 'where', Value: 'away' }] }); // prettier-ignore
    expect((await keyOf('GetKey', { KeyIdentifier: 'alias/away' }, EUROPE)).KeyArn).toBe(ResourceArn);
  });
});

describe('what happens to a primary key happens to its replicas', () => {
  const life = ({ KeyState, Enabled, UsageStartTimestamp, UsageStopTimestamp, DeletePendingTimestamp, DeleteTimestamp }: Key) => ({ KeyState, Enabled, UsageStartTimestamp, UsageStopTimestamp, DeletePendingTimestamp, DeleteTimestamp }); // prettier-ignore

  test('stop and start, deletion and restoration', async () => {
    const { KeyArn } = await createReplicated(EUROPE, ASIA);
    for (const operation of ['StopKeyUsage', 'StartKeyUsage', 'DeleteKey', 'RestoreKey', 'StartKeyUsage']) {
      const before = await get(inRegion(EUROPE, KeyArn));
      const key = await keyOf(operation, { KeyIdentifier: KeyArn });
      const inProgress = { Status: 'IN_PROGRESS' };
      expect(key.ReplicationStatus).toEqual({ [ASIA]: inProgress, [EUROPE]: inProgress });
      expect(await get(inRegion(EUROPE, KeyArn))).toEqual(before);
      await replicate();
      for (const region of [EUROPE, ASIA]) expect(life(await get(inRegion(region, KeyArn)))).toEqual(life(key));
      const synchronized = { Status: 'SYNCHRONIZED' };
      expect((await get(KeyArn)).ReplicationStatus).toEqual({ [ASIA]: synchronized, [EUROPE]: synchronized });
      if (key.Enabled) expect(await mac(inRegion(ASIA, KeyArn))).toBe(await mac(KeyArn));
      else await expect(mac(inRegion(ASIA, KeyArn))).rejects.toMatchObject({ code: 'ValidationException' });
    }
  });

  test('no change asks for no work', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const key = await keyOf('StartKeyUsage', { KeyIdentifier: KeyArn });
    expect(key.ReplicationStatus).toEqual({ [EUROPE]: { Status: 'SYNCHRONIZED' } });
  });

  test('the end of the waiting period: material and aliases go, the records stay', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const replica = inRegion(EUROPE, KeyArn);
    await done('CreateAlias', { AliasName: 'alias/deleted', KeyArn: replica }, EUROPE);
    await deleted({ KeyArn });
    await replicate();
    await endDeletions(service);
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'IN_PROGRESS' } });
    expect((await get(replica)).KeyState).toBe('DELETE_PENDING');
    await replicate();
    expect(life(await get(replica))).toEqual(life(await get(KeyArn)));
    expect(await get(replica)).toMatchObject({ KeyState: 'DELETE_COMPLETE', MultiRegionKeyType: 'REPLICA' });
    expect((await get(KeyArn)).ReplicationStatus).toEqual({ [EUROPE]: { Status: 'SYNCHRONIZED' } });
    expect(await done('GetAlias', { AliasName: 'alias/deleted' }, EUROPE)).toEqual({ Alias: { AliasName: 'alias/deleted' } }); // prettier-ignore
    const sealed = await service.app.get(DataSource).query('SELECT sealed FROM keys WHERE arn = $1', [replica]);
    expect(sealed).toEqual([{ sealed: null }]);
  });

  test('a replica outlives its own waiting period while its primary key was restored', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    await deleted({ KeyArn });
    await replicate();
    await done('RestoreKey', { KeyIdentifier: KeyArn });
    // Before the replica knows.
    await endDeletions(service);
    expect((await get(inRegion(EUROPE, KeyArn))).KeyState).toBe('DELETE_PENDING');
    await done('StartKeyUsage', { KeyIdentifier: KeyArn });
    await replicate();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });
});

describe('the worker', () => {
  const work = () => service.app.get(ReplicationWork);
  const never = () => Promise.reject(new Error('This is not to be done.'));
  beforeEach(replicate);
  const statusOf = async (arn: string) => (await get(arn)).ReplicationStatus![EUROPE];

  test('runs by itself', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const worker = newWorker(service);
    worker.onApplicationBootstrap();
    while ((await statusOf(KeyArn))!.Status !== 'SYNCHRONIZED') await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.onApplicationShutdown();
    expect(await mac(inRegion(EUROPE, KeyArn))).toBe(await mac(KeyArn));
  });

  test('tells in the log what it did', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const event = { event: 'SynchronizeMultiRegionKey', keyArn: KeyArn, replicationRegion: EUROPE };
    expect(service.log).toContainEqual(expect.objectContaining({ ...event, msg: 'replica synchronized' }));
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(service.log).toContainEqual(expect.objectContaining({ ...event, msg: 'replica removed' }));
  });

  test('takes over from one that died, when its lease is over and not before', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    expect(await work().claim()).toHaveLength(1);
    await replicate();
    expect(await statusOf(KeyArn)).toEqual({ Status: 'IN_PROGRESS' });
    service.clock.advance(LEASE_MS);
    await replicate();
    service.clock.advance(-LEASE_MS);
    expect(await statusOf(KeyArn)).toEqual({ Status: 'SYNCHRONIZED' });
  });

  test('loses no change that is made while it works, and does nothing that is no longer wanted', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const [claim] = await work().claim();
    await stopped({ KeyArn });
    expect(await work().settle(claim!, never)).toBeUndefined();
    await work().postpone(claim!);
    expect(await statusOf(KeyArn)).toEqual({ Status: 'IN_PROGRESS' });
    await replicate();
    expect((await get(inRegion(EUROPE, KeyArn))).Enabled).toBe(false);
  });

  test('whose lease is over makes no replica that was removed meanwhile', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const [late] = await work().claim();
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await work().settle(late!, never)).toBeUndefined();
    await add(KeyArn, EUROPE);
    expect(await work().settle(late!, never)).toBeUndefined();
    await replicate();
    expect(await statusOf(KeyArn)).toEqual({ Status: 'SYNCHRONIZED' });
  });

  test('says what failed, tries again later and later, and holds nothing else up', async () => {
    const database = service.app.get(DataSource);
    const broken = await create({ ReplicationRegions: [EUROPE] });
    const other = await create({ ReplicationRegions: [EUROPE] });
    const edit = (kcv: string) => database.query('UPDATE keys SET kcv = $1 WHERE arn = $2', [kcv, broken.KeyArn]);
    await edit('000000');
    await replicate();
    expect(await statusOf(other.KeyArn)).toEqual({ Status: 'SYNCHRONIZED' });
    const failed = await statusOf(broken.KeyArn);
    expect(failed).toEqual({
      Status: 'FAILED',
      StatusMessage: expect.stringMatching(/^Attempt 1 failed; the next is at \d{4}-\d\d-\d\dT[\d:.]+Z\.$/),
    });
    expect(service.log).toContainEqual(expect.objectContaining({ level: 50, keyArn: broken.KeyArn, error: expect.objectContaining({ name: 'SealError' }) })); // prettier-ignore

    service.clock.advance(2100);
    await replicate();
    expect((await statusOf(broken.KeyArn))!.StatusMessage).toMatch(/^Attempt 2 failed/);
    // A change is tried at once, and counts anew.
    await stopped(broken);
    await replicate();
    expect((await statusOf(broken.KeyArn))!.StatusMessage).toMatch(/^Attempt 1 failed/);
    await edit(broken.KeyCheckValue!);
    service.app.get(KeyCache).clear();
    await replicate();
    expect((await statusOf(broken.KeyArn))!.Status).toBe('FAILED');
    service.clock.advance(2100);
    await replicate();
    service.clock.advance(-4200);
    expect(await statusOf(broken.KeyArn)).toEqual({ Status: 'SYNCHRONIZED' });
    expect(await get(inRegion(EUROPE, broken.KeyArn))).toMatchObject({ Enabled: false, KeyState: 'CREATE_COMPLETE' });
  });

  test('tries a removal again that failed', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const database = service.app.get(DataSource);
    await database.query('CREATE TABLE holders (arn text REFERENCES keys (arn))');
    await database.query('INSERT INTO holders VALUES ($1)', [inRegion(EUROPE, KeyArn)]);
    await remove(KeyArn, EUROPE);
    await replicate();
    const message = expect.stringMatching(/^Attempt 1 failed/);
    expect(await statusOf(KeyArn)).toEqual({ Status: 'DELETE_IN_PROGRESS', StatusMessage: message });
    await database.query('DROP TABLE holders');
    service.clock.advance(2100);
    await replicate();
    service.clock.advance(-2100);
    expect(await get(KeyArn)).not.toHaveProperty('ReplicationStatus');
    expectFailure(
      await call('GetKey', { KeyIdentifier: inRegion(EUROPE, KeyArn) }, EUROPE),
      'ResourceNotFoundException',
    );
  });

  test('a key that is there already under the ARN is not overwritten', async () => {
    const { KeyArn } = await create({ ReplicationRegions: [EUROPE] });
    const taken = inRegion(EUROPE, KeyArn);
    const stranger = await keyOf('CreateKey', CMAC_KEY, EUROPE);
    await service.app.get(DataSource).query('UPDATE keys SET arn = $1 WHERE arn = $2', [taken, stranger.KeyArn]);
    await replicate();
    expect((await statusOf(KeyArn))!.Status).toBe('FAILED');
    expect((await get(taken)).KeyCheckValue).toBe(stranger.KeyCheckValue);
    await remove(KeyArn, EUROPE);
    await replicate();
    expect(await get(taken)).not.toHaveProperty('MultiRegionKeyType');
  });

  test.each([1, 3])('does all that is due, however much: %i at once', async (workers) => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => create({ ReplicationRegions: [EUROPE, ASIA] })));
    await Promise.all(Array.from({ length: workers }, replicate));
    for (const { KeyArn } of keys) {
      expect((await get(KeyArn)).ReplicationStatus).toEqual({
        [ASIA]: { Status: 'SYNCHRONIZED' },
        [EUROPE]: { Status: 'SYNCHRONIZED' },
      });
      const events = service.log.filter(({ event, keyArn }) => event !== undefined && keyArn === KeyArn);
      expect(events).toHaveLength(2);
    }
  });
});

describe('the classes of the AWS SDK', () => {
  const client = (region: string) =>
    new PaymentCryptographyClient({ region, endpoint: service.url, credentials: CREDENTIALS, maxAttempts: 1 });

  /** An operation that the SDK doesn't know, sent and its failure read by the SDK. */
  async function failureOf(operation: string, input: object): Promise<unknown> {
    const sdk = client(REGION);
    sdk.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string>; body: string };
        Object.assign(request.headers, target(operation));
        request.body = JSON.stringify(input);
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    const failure = await sdk.send(new GetKeyCommand({ KeyIdentifier: MISSING_KEY })).catch((error: unknown) => error);
    sdk.destroy();
    return failure;
  }

  test('are what failures are instances of', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const named = (KeyIdentifier: string, ...ReplicationRegions: string[]) => ({ KeyIdentifier, ReplicationRegions });
    expect(await failureOf('AddKeyReplicationRegions', named(KeyArn, REGION))).toBeInstanceOf(ValidationException);
    expect(await failureOf('AddKeyReplicationRegions', named(MISSING_KEY, EUROPE))).toBeInstanceOf(ResourceNotFoundException); // prettier-ignore
    expect(await failureOf('RemoveKeyReplicationRegions', named(KeyArn, ASIA))).toBeInstanceOf(ValidationException);
    await remove(KeyArn, EUROPE);
    expect(await failureOf('RemoveKeyReplicationRegions', named(KeyArn, EUROPE))).toBeInstanceOf(ConflictException);
    for (const operation of ['EnableDefaultKeyReplicationRegions', 'DisableDefaultKeyReplicationRegions'])
      expect(await failureOf(operation, { ReplicationRegions: [REGION] })).toBeInstanceOf(ValidationException);
  });

  test('refuse on a replica too', async () => {
    const { KeyArn } = await createKey(service, { ReplicationRegions: [EUROPE] } as object);
    await replicate();
    const sdk = client(EUROPE);
    const stopping = sdk.send(new StopKeyUsageCommand({ KeyIdentifier: inRegion(EUROPE, KeyArn) }));
    await expect(stopping).rejects.toThrow(ValidationException);
    sdk.destroy();
  });
});

const arnOf = ({ KeyArn }: Pick<Key, 'KeyArn'>) => KeyArn;
const stopped = ({ KeyArn }: Pick<Key, 'KeyArn'>) => keyOf('StopKeyUsage', { KeyIdentifier: KeyArn }).then(arnOf);
const deleted = ({ KeyArn }: Pick<Key, 'KeyArn'>) =>
  keyOf('DeleteKey', { KeyIdentifier: KeyArn, DeleteKeyInDays: 3 }).then(arnOf);
