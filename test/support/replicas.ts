import type { Key as SdkKey } from '@aws-sdk/client-payment-cryptography';
import PaymentCryptographyData from 'aws-sdk/clients/paymentcryptographydata.js';
import { DataSource } from 'typeorm';
import { apiOf, expectControlError, patternOf, useService } from './api.js';
import { CMAC_KEY } from './keys.js';
import { newWorker, stopReplication } from './replication.js';
import { CREDENTIALS, type RawResponse, REGION } from './service.js';

/** Calls that the specs of multi-Region keys share. The installed AWS SDK lacks most of these operations and members. */

export const EUROPE = 'eu-west-1';
export const ASIA = 'ap-southeast-2';

export type Key = SdkKey & {
  KeyArn: string;
  MultiRegionKeyType?: string;
  PrimaryRegion?: string;
  ReplicationStatus?: Record<string, { Status: string; StatusMessage?: string }>;
  UsingDefaultReplicationRegions?: boolean;
};

export const IN_PROGRESS = { Status: 'IN_PROGRESS' };
export const SYNCHRONIZED = { Status: 'SYNCHRONIZED' };

export const regionOf = (arn: string) => arn.split(':')[3]!;
export const inRegion = (region: string, arn: string) => arn.replace(`:${regionOf(arn)}:`, `:${region}:`);
export const arnOf = ({ KeyArn }: Pick<Key, 'KeyArn'>) => KeyArn;

/** Expects a response to be a control-plane exception whose message matches. */
export const expectFailure = (response: RawResponse, name: string, message: RegExp | string = ''): void =>
  expectControlError(response, name, { Message: expect.stringMatching(patternOf(message)) });

/**
 * Starts a service of three Regions whose replicas follow only when `replicate` is called, and returns the calls that
 * the specs of multi-Region keys share.
 */
export function useReplicas() {
  const service = useService({ KEYBLOCK_REGIONS: `${EUROPE},${REGION},${ASIA}` });
  beforeAll(() => stopReplication(service));
  beforeEach(() => service.app.get(DataSource).query('DELETE FROM default_replication_regions'));

  const { control, expectControlOk } = apiOf(service);
  const replicate = () => newWorker(service).run();
  const keyOf = async (...args: Parameters<typeof expectControlOk>) => (await expectControlOk(...args))['Key'] as Key;
  const get = (KeyIdentifier: string) => keyOf('GetKey', { KeyIdentifier }, regionOf(KeyIdentifier));
  const create = (input: object = {}) => keyOf('CreateKey', { ...CMAC_KEY, ...input });
  const dataPlane = (region: string) =>
    new PaymentCryptographyData({ region, endpoint: service.url, credentials: CREDENTIALS, maxRetries: 0 });

  return {
    service,
    control,
    expectControlOk,
    replicate,
    /** Calls an operation that must succeed. @returns the key of its output */
    keyOf,
    get,
    create,
    /** Creates a key and its replicas. */
    async createReplicated(...ReplicationRegions: string[]): Promise<Key> {
      const { KeyArn } = await create({ ReplicationRegions });
      await replicate();
      return get(KeyArn);
    },
    add: (KeyIdentifier: string, ...ReplicationRegions: string[]) =>
      control('AddKeyReplicationRegions', { KeyIdentifier, ReplicationRegions }),
    remove: (KeyIdentifier: string, ...ReplicationRegions: string[]) =>
      control('RemoveKeyReplicationRegions', { KeyIdentifier, ReplicationRegions }),
    stopped: ({ KeyArn }: Pick<Key, 'KeyArn'>) => keyOf('StopKeyUsage', { KeyIdentifier: KeyArn }).then(arnOf),
    deleted: ({ KeyArn }: Pick<Key, 'KeyArn'>) =>
      keyOf('DeleteKey', { KeyIdentifier: KeyArn, DeleteKeyInDays: 3 }).then(arnOf),
    /** Computes the MAC of one message with a key, in the key's Region. */
    mac: (KeyIdentifier: string) =>
      dataPlane(regionOf(KeyIdentifier))
        .generateMac({ KeyIdentifier, MessageData: '0102030405060708', GenerationAttributes: { Algorithm: 'CMAC' } })
        .promise()
        .then(({ Mac }) => Mac),
    countKeys: async (region = REGION) =>
      ((await expectControlOk('ListKeys', { MaxResults: 100 }, region))['Keys'] as []).length,
  };
}
