import { rootCall } from './call.js';
import { DataSource } from 'typeorm';
import { ExchangeToken } from '../../src/payment/exchange/exchange-token.entity.js';
import { keyArn, newId } from '../../src/payment/keys/arn.js';
import type {
  DeriveKeyUsage,
  KeyAlgorithm,
  KeyCheckValueAlgorithm,
  KeyClass,
  KeyMode,
  KeyUsage,
  RsaKeyAlgorithm,
} from '../../src/payment/keys/key-attributes.js';
import { begin } from '../../src/payment/keys/key-life-cycle.js';
import { modesOfUse } from '../../src/payment/keys/key-rules.js';
import { KeyRepository } from '../../src/payment/keys/key.repository.js';
import { CryptoProvider } from '../../src/provider/crypto-provider.js';
import type { TokenPurpose } from '../../src/provider/pair-identity.js';
import { REGION, type TestService } from './service.js';

/**
 * Key pairs of published vectors, put where the service keeps its own. No operation takes a private key in, so these go
 * through the service's own provider and repositories.
 */
const OWNER = { accountId: '000000000000', region: REGION };

/** Stores a key pair with a known private key. @param privateKey PKCS#8, DER @returns its ARN */
export function storePair(
  service: Pick<TestService, 'app'>,
  { privateKey, ...key }: Omit<KnownKey, 'class' | 'exportable' | 'kcvAlgorithm'> & { privateKey: Buffer },
): Promise<string> {
  const pair = { ...key, class: 'ASYMMETRIC_KEY_PAIR', exportable: false, kcvAlgorithm: 'SHA_1' } as const;
  return storeKey(service, pair, privateKey);
}

interface KnownKey {
  class: KeyClass;
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  modes: readonly KeyMode[];
  deriveKeyUsage?: DeriveKeyUsage | null;
  exportable: boolean;
  kcvAlgorithm: KeyCheckValueAlgorithm;
}

/** Stores a key with a known value. @returns its ARN */
export async function storeKey({ app }: Pick<TestService, 'app'>, key: KnownKey, clear: Buffer): Promise<string> {
  const identity = {
    ...key,
    arn: keyArn(OWNER, newId()),
    modes: modesOfUse(key.modes),
    deriveKeyUsage: key.deriveKeyUsage ?? null,
  };
  const sealed = app.get(CryptoProvider).seal(identity, clear);
  const stored = begin({ ...OWNER, ...identity, ...sealed, origin: 'EXTERNAL', enabled: true }, new Date());
  await app.get(KeyRepository).add(rootCall('CreateKey'), stored, []);
  return identity.arn;
}

/**
 * Stores a token with a known private key, the test account's and good for a day unless told otherwise.
 *
 * @returns its id
 */
export async function storeToken(
  { app }: TestService,
  token: { purpose: TokenPurpose; algorithm: RsaKeyAlgorithm; certificate: Buffer; privateKey: Buffer },
  { expiresAt = new Date(Date.now() + 86_400_000), ...owner }: Partial<typeof OWNER & { expiresAt: Date }> = {},
): Promise<string> {
  const { privateKey, ...identity } = {
    ...token,
    ...OWNER,
    ...owner,
    id: `${token.purpose.split(' ')[0]}-token-${newId()}`,
  };
  const sealed = app.get(CryptoProvider).sealPair(identity, privateKey);
  await app.get(DataSource).transaction((manager) => manager.insert(ExchangeToken, { ...identity, sealed, expiresAt }));
  return identity.id;
}
