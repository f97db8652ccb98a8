import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  CreateKeyCommand,
  type CustomKeyStoresListEntry,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  type KeyMetadata,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { stringify } from 'yaml';
import { KmsDeletionWorker } from '../../src/kms/keys/kms-deletion.worker.js';
import { TokenKeyRemovals } from '../../src/kms/stores/token-key-removals.js';
import { forgePrivateKey, forgePublicHalf, issueWithForge } from './forge.js';
import { kmsClient } from './kms.js';
import { startTestService, type TestService } from './service.js';
import { newSoftHsm, PIN, SOFTHSM, type SoftHsm } from './softhsm.js';

/** A row of the file of clusters. */
export interface ClusterRow {
  clusterId: string;
  module?: string;
  tokenLabel?: string;
  tokenSerial?: string;
  trustAnchorFile?: string | undefined;
  state?: string;
  hsms?: number;
}

/** Makes a self-signed certificate, in PEM. */
export function newTrustAnchor(name: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = forgePrivateKey(privateKey.export({ format: 'der', type: 'pkcs8' }));
  const subject = [{ name: 'commonName', value: name }];
  const der = issueWithForge({
    ...{ subject, publicKey: forgePublicHalf(key), issuer: { subject, privateKey: key } },
    ...{ notBefore: new Date('2026-01-01'), notAfter: new Date('2046-01-01') },
  });
  // An empty line, as after a last line of 64 characters, would end the PEM for OpenSSL.
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Writes a file of clusters. @returns the setting that names it */
export function clustersFile(folder: string, rows: readonly ClusterRow[]): { KEYBLOCK_CLUSTERS_FILE: string } {
  const file = join(folder, 'clusters.yaml');
  writeFileSync(file, stringify({ clusters: rows.map((row) => ({ module: SOFTHSM, ...row })) }));
  return { KEYBLOCK_CLUSTERS_FILE: file };
}

/** The id of the cluster that specs call by this name. */
export const clusterId = (name: string) => `cluster-${name.padEnd(11, '2345672')}`;

/** A service with clusters. */
export interface Clusters {
  service: TestService;
  /** The environment of the service, for another one on the same database. */
  env: NodeJS.ProcessEnv;
  client: KMSClient;
  softHsm: SoftHsm;
  /** Their trust anchors, in PEM, by name. */
  anchors: Map<string, string>;
  /** Writes the order that the module of compileShim follows. */
  order: (text: string) => void;
  /** True once a module has begun to follow the order `slow`. */
  isSlow: () => boolean;
  /** Creates a key store of a cluster, by default of the cluster with the store's name. @returns its id */
  store: (name: string, cluster?: string, input?: Partial<CreateCustomKeyStoreCommandInput>) => Promise<string>;
  /** Does the background work for the end of waiting periods of 7 days. */
  deleteDue: () => Promise<void>;
}

/**
 * Starts a service with clusters before the first test and stops it after the last one. A cluster has a token of SoftHSM2
 * and a trust anchor by its name, unless its row names others.
 *
 * @param rows called with a folder of the tests: what the row of each cluster has besides
 */
export function useClusters(
  rows: (folder: string) => Record<string, Partial<ClusterRow>>,
  env: NodeJS.ProcessEnv = {},
): Clusters {
  const environment = { ...process.env };
  let folder: string;
  const clusters = {
    anchors: new Map(),
    order: (text) => writeFileSync(join(folder, 'orders'), text),
    isSlow: () => !existsSync(join(folder, 'orders')),
    store: (CustomKeyStoreName, CloudHsmClusterId = clusterId(CustomKeyStoreName), input = {}) =>
      createStore(clusters.client, {
        ...{ CustomKeyStoreName, CloudHsmClusterId, TrustAnchorCertificate: clusters.anchors.get(CustomKeyStoreName) },
        ...input,
      }),
    deleteDue: async () => {
      const later = new Date(Date.now() + 8 * 86_400_000);
      await clusters.service.app.get(KmsDeletionWorker, { strict: false }).doDue(later);
      await clusters.service.app.get(TokenKeyRemovals, { strict: false }).sweep(later);
    },
  } as Clusters;
  beforeAll(async () => {
    clusters.softHsm = newSoftHsm();
    folder = mkdtempSync(join(tmpdir(), 'keyblock-clusters-'));
    clusters.order('');
    Object.assign(process.env, clusters.softHsm.env, { SHIM_ORDERS: join(folder, 'orders') });
    const file = Object.entries(rows(folder)).map(([name, row]) => {
      if (!('tokenLabel' in row)) clusters.softHsm.init(name);
      if (!('trustAnchorFile' in row)) {
        clusters.anchors.set(name, newTrustAnchor(name));
        writeFileSync(join(folder, `${name}.crt`), clusters.anchors.get(name)!);
      }
      return { clusterId: clusterId(name), tokenLabel: name, trustAnchorFile: `${name}.crt`, ...row };
    });
    clusters.env = { ...clustersFile(folder, file), ...env };
    clusters.service = await startTestService(clusters.env);
    clusters.client = kmsClient(clusters.service);
  });
  afterAll(async () => {
    clusters.client.destroy();
    await clusters.service.stop();
    process.env = environment;
    clusters.softHsm.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  return clusters;
}

/** Creates a key in a CloudHSM key store. */
export async function createTokenKey(client: KMSClient, CustomKeyStoreId: string): Promise<KeyMetadata> {
  const { KeyMetadata } = await client.send(new CreateKeyCommand({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }));
  return KeyMetadata!;
}

/** Creates a CloudHSM key store. @returns its id */
export async function createStore(
  client: KMSClient,
  input: Partial<CreateCustomKeyStoreCommandInput> & Pick<CreateCustomKeyStoreCommandInput, 'CustomKeyStoreName'>,
): Promise<string> {
  const { CustomKeyStoreId } = await client.send(new CreateCustomKeyStoreCommand({ KeyStorePassword: PIN, ...input }));
  return CustomKeyStoreId!;
}

export async function describeStore(client: KMSClient, CustomKeyStoreId: string): Promise<CustomKeyStoresListEntry> {
  const { CustomKeyStores } = await client.send(new DescribeCustomKeyStoresCommand({ CustomKeyStoreId }));
  return CustomKeyStores![0]!;
}

/** Connects a store. @returns how it ended */
export async function connectStore(client: KMSClient, id: string): Promise<CustomKeyStoresListEntry> {
  await client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: id }));
  return settledStore(client, id);
}

export async function disconnectStore(client: KMSClient, id: string): Promise<CustomKeyStoresListEntry> {
  await client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: id }));
  return settledStore(client, id);
}

/** Waits until a store is neither connecting nor disconnecting. */
export async function settledStore(client: KMSClient, id: string): Promise<CustomKeyStoresListEntry> {
  for (;;) {
    const store = await describeStore(client, id);
    if (!/CTING$/.test(store.ConnectionState ?? '')) return store;
    await pause(50);
  }
}
