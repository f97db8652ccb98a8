import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  type CustomKeyStoresListEntry,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { stringify } from 'yaml';
import { forgePrivateKey, forgePublicHalf, issueWithForge } from './forge.js';
import { PIN, SOFTHSM } from './softhsm.js';

/** A row of the file of clusters. */
export interface ClusterRow {
  clusterId: string;
  module?: string;
  tokenLabel?: string;
  tokenSerial?: string;
  trustAnchorFile?: string;
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
