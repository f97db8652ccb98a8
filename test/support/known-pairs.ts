import { rootCall } from './call.js';
import { DataSource } from 'typeorm';
import { issueRoot } from '../../src/crypto/x509/issue.js';
import { CertificateAuthority } from '../../src/payment/exchange/certificate-authority.entity.js';
import { ExchangeToken, type TokenPurpose } from '../../src/payment/exchange/exchange-token.entity.js';
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
import { newKey } from '../../src/payment/keys/key-life-cycle.js';
import { sealKey } from '../../src/payment/keys/key-material.js';
import { modesOfUse } from '../../src/payment/keys/key-rules.js';
import { KeyRepository } from '../../src/payment/keys/key.repository.js';
import { CryptoProvider } from '../../src/provider/crypto-provider.js';
import { aMonth } from './import.js';
import { REGION, type TestService } from './service.js';
import { testPki } from './tr34.js';

/**
 * Stores key pairs of published vectors as the service stores its own. No operation imports a private key, so these go
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
  const sealed = sealKey(app.get(CryptoProvider), identity, clear);
  const stored = newKey({ ...OWNER, ...identity, ...sealed, origin: 'EXTERNAL', enabled: true }, new Date());
  await app.get(KeyRepository).add(rootCall('CreateKey'), stored, []);
  return identity.arn;
}

/**
 * Stores a token with a known private key, by default for the test account and valid for a day.
 *
 * @returns its ID
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
  const sealed = app.get(CryptoProvider).seal(ExchangeToken, identity, privateKey);
  await app.get(DataSource).transaction((manager) => manager.insert(ExchangeToken, { ...identity, sealed, expiresAt }));
  return identity.id;
}

/** Stores a known root for the account's RSA certificates, because generating an RSA_4096 key takes seconds. */
export async function storeRoot({ app }: TestService): Promise<void> {
  const { privateKey } = testPki().svcCa!;
  const algorithm = 'RSA_4096' as const;
  const { notBefore } = aMonth();
  const validity = { notBefore, notAfter: new Date(notBefore.getTime() + 365 * 86_400_000) };
  const { der } = issueRoot({ subject: [{ type: 'CN', value: OWNER.accountId }], privateKey, validity });
  const root = { ...OWNER, algorithm, certificate: der };
  const sealed = app.get(CryptoProvider).seal(CertificateAuthority, root, privateKey);
  await app.get(DataSource).transaction((manager) => manager.insert(CertificateAuthority, { ...root, sealed }));
}
