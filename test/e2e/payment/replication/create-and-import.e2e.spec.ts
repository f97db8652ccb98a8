import { DataSource } from 'typeorm';
import {
  EUROPE,
  ASIA,
  IN_PROGRESS,
  SYNCHRONIZED,
  regionOf,
  inRegion,
  expectFailure,
  useReplicas,
  type Key,
} from '../../../support/replicas.js';
import { CMAC_KEY } from '../../../support/keys.js';
import { importKeys, keyBlock, ecParty, type KeyToImport } from '../../../support/import.js';
import { REGION } from '../../../support/service.js';

const { service, control, expectControlOk, replicate, keyOf, get, create, createReplicated, mac, countKeys } =
  useReplicas();

describe('CreateKey with ReplicationRegions', () => {
  test('creates the same key in each Region, under the same key ID', async () => {
    const key = await create({ ReplicationRegions: [EUROPE, ASIA] });
    const replicaArn = inRegion(EUROPE, key.KeyArn);
    expect(key).toMatchObject({
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [ASIA]: IN_PROGRESS, [EUROPE]: IN_PROGRESS },
      UsingDefaultReplicationRegions: false,
    });
    expect(await get(key.KeyArn)).toEqual(key);
    expectFailure(await control('GetKey', { KeyIdentifier: replicaArn }, EUROPE), 'ResourceNotFoundException');

    await replicate();
    const status = { [ASIA]: SYNCHRONIZED, [EUROPE]: SYNCHRONIZED };
    expect(await get(key.KeyArn)).toEqual({ ...key, ReplicationStatus: status });
    const { ReplicationStatus: _, UsingDefaultReplicationRegions: __, ...common } = key;
    expect(await get(replicaArn)).toEqual({ ...common, KeyArn: replicaArn, MultiRegionKeyType: 'REPLICA' });
    expect(await mac(replicaArn)).toBe(await mac(key.KeyArn));
    expect(await mac(inRegion(ASIA, key.KeyArn))).toBe(await mac(key.KeyArn));
  });

  test('seals each replica separately', async () => {
    const { KeyArn } = await createReplicated(EUROPE);
    const replicaArn = inRegion(EUROPE, KeyArn);
    const rows = await service.app
      .get(DataSource)
      .query<{ sealed: Buffer }[]>('SELECT sealed FROM keys WHERE arn IN ($1, $2)', [KeyArn, replicaArn]);
    expect(rows[0]!.sealed.equals(rows[1]!.sealed)).toBe(false);
  });

  test('lists the key in each Region with its role', async () => {
    const { KeyArn } = await createReplicated(ASIA);
    const roles = async (region: string) => {
      const { Keys } = await expectControlOk<{ Keys: Key[] }>('ListKeys', { MaxResults: 100 }, region);
      const { MultiRegionKeyType, PrimaryRegion } = Keys.find((key) => key.KeyArn === inRegion(region, KeyArn))!;
      return [MultiRegionKeyType, PrimaryRegion];
    };
    expect(await roles(REGION)).toEqual(['PRIMARY', REGION]);
    expect(await roles(ASIA)).toEqual(['REPLICA', REGION]);
  });

  test('replicates key pairs and stopped keys', async () => {
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
  ])('rejects %s and stores nothing', async (_, input, message) => {
    const before = await countKeys();
    expectFailure(await control('CreateKey', { ...CMAC_KEY, ...input }), 'ValidationException', message);
    expect(await countKeys()).toBe(before);
  });
});

describe('ImportKey with ReplicationRegions', () => {
  /** Key material: a symmetric key in a key block, and a public key in a certificate. */
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

  test('imports the same symmetric key into each Region', async () => {
    const KeyMaterial = materials.symmetric();
    const { KeyArn } = await keyOf('ImportKey', { KeyMaterial, ReplicationRegions: [EUROPE, ASIA] });
    await replicate();
    const primary = await get(KeyArn);
    expect(primary).toMatchObject({
      KeyOrigin: 'EXTERNAL',
      MultiRegionKeyType: 'PRIMARY',
      PrimaryRegion: REGION,
      ReplicationStatus: { [ASIA]: SYNCHRONIZED, [EUROPE]: SYNCHRONIZED },
      UsingDefaultReplicationRegions: false,
    });
    const { ReplicationStatus: _, UsingDefaultReplicationRegions: __, ...shared } = primary;
    for (const region of [EUROPE, ASIA]) {
      const arn = inRegion(region, KeyArn);
      expect(await get(arn)).toEqual({ ...shared, KeyArn: arn, MultiRegionKeyType: 'REPLICA' });
      expect(await mac(arn)).toBe(await mac(KeyArn));
    }
  });

  test('imports a public key with its certificate into the default Regions', async () => {
    await expectControlOk('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const key = await keyOf('ImportKey', { KeyMaterial: materials.public() });
    expect([key.UsingDefaultReplicationRegions, key.ReplicationStatus]).toEqual([true, { [EUROPE]: IN_PROGRESS }]);
    await replicate();
    const arn = inRegion(EUROPE, key.KeyArn);
    expect(await get(arn)).toMatchObject({ MultiRegionKeyType: 'REPLICA', KeyCheckValue: key.KeyCheckValue });
    const certificate = (KeyIdentifier: string) =>
      expectControlOk('GetPublicKeyCertificate', { KeyIdentifier }, regionOf(KeyIdentifier));
    expect(await certificate(arn)).toEqual(await certificate(key.KeyArn));
  });

  const KEPT = { exportable: false };
  test.each<[string, () => object, RegExp]>([
    [
      'its own Region',
      () => ({ KeyMaterial: materials.symmetric(), ReplicationRegions: [REGION] }),
      /where the key is/,
    ],
    [
      'a Region that is not served',
      () => ({ KeyMaterial: materials.public(), ReplicationRegions: ['us-west-2'] }),
      /not served/,
    ],
    [
      'a key that is not exportable',
      () => ({ KeyMaterial: materials.symmetric(KEPT), ReplicationRegions: [EUROPE] }),
      /not Exportable/,
    ],
  ])('rejects %s and stores nothing', async (_, input, message) => {
    const before = await countKeys();
    expectFailure(await control('ImportKey', input()), 'ValidationException', message);
    expect(await countKeys()).toBe(before);
  });

  test('imports a key that is not exportable into its own Region only', async () => {
    await expectControlOk('EnableDefaultKeyReplicationRegions', { ReplicationRegions: [EUROPE] });
    const key = await keyOf('ImportKey', { KeyMaterial: materials.symmetric({ exportable: false }) });
    expect(key).not.toHaveProperty('MultiRegionKeyType');
  });
});
