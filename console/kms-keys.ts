import type { ListKeyInventoryOutput } from '../src/admin/keys.schema.js';
import { admin } from './api.js';
import { DEPLOYMENT } from './deployment.js';
import type { Page } from './load.js';
import { region } from './session.js';

/** A KMS key of the inventory. */
export type ListedKmsKey = NonNullable<ListKeyInventoryOutput['KmsKeys']>[number];

/** Filters of the list, as in the URL. */
export const KMS_FILTERS = ['find', 'usage', 'algorithm', 'state', 'unused', 'sort'] as const;

/** Loads a page of the KMS keys that the filters show. @throws ApiError */
export async function loadKmsPage(
  { find, usage, algorithm, state, unused, sort }: Partial<Record<(typeof KMS_FILTERS)[number], string>>,
  token?: string,
): Promise<Page<ListedKmsKey>> {
  const { KmsKeys = [], NextToken } = await admin<ListKeyInventoryOutput>('ListKeyInventory', ['GET', 'keys'], {
    query: {
      Api: 'kms',
      Query: find?.trim(),
      Usage: usage,
      Algorithm: algorithm,
      State: state,
      UnusedDays: unused,
      Sort: sort,
      MaxResults: 50,
      NextToken: token,
    },
  });
  return { items: KmsKeys, next: NextToken };
}

/** The ARN of a KMS key in the page's Region. */
export function kmsArn(id: string): string {
  return `arn:aws:kms:${region.value}:${DEPLOYMENT.accountId}:key/${id}`;
}

export const KMS_USAGES = {
  ENCRYPT_DECRYPT: 'Encrypt and decrypt',
  SIGN_VERIFY: 'Sign and verify',
  GENERATE_VERIFY_MAC: 'MAC',
  KEY_AGREEMENT: 'Key agreement',
  ENCAPSULATE_DECAPSULATE: 'Encapsulate',
} as const;

export const KMS_STATES = {
  Enabled: 'Enabled',
  Disabled: 'Disabled',
  PendingDeletion: 'To be deleted',
  PendingReplicaDeletion: 'Waiting for its replicas',
  PendingImport: 'Waits for import',
  Unavailable: 'Unavailable',
  Creating: 'Being created',
  Updating: 'Being updated',
} as const;
export type KmsState = keyof typeof KMS_STATES;

/** Tag styles for states in which a key can't be used normally. */
export const KMS_TONES: Readonly<Partial<Record<KmsState, 'ok' | 'warn' | 'bad'>>> = {
  Enabled: 'ok',
  PendingDeletion: 'bad',
  PendingReplicaDeletion: 'bad',
  PendingImport: 'warn',
  Unavailable: 'warn',
};

export const KMS_ORIGINS: Readonly<Record<string, string>> = {
  AWS_KMS: 'Generated here',
  EXTERNAL: 'Imported',
  AWS_CLOUDHSM: 'In an HSM',
  EXTERNAL_KEY_STORE: 'External',
};

/** E.g. AES-256, RSA-2048, NIST P-256, HMAC-256. */
export function specWords(spec: string): string {
  return spec
    .replace('SYMMETRIC_DEFAULT', 'AES-256')
    .replace(/^(RSA|HMAC)_/, '$1-')
    .replace(/^ECC_NIST_P/, 'NIST P-')
    .replace('ECC_SECG_P256K1', 'secp256k1')
    .replace('ECC_NIST_EDWARDS25519', 'Ed25519')
    .replace(/^(ML)_(DSA|KEM)_/, '$1-$2-');
}
