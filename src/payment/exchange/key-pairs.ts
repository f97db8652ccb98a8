import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { generateKeyMaterial } from '../keys/key-material.js';
import type { CertificateAuthority } from './certificate-authority.entity.js';
import type { ExchangeToken } from './exchange-token.entity.js';

/**
 * Generates and seals a key pair of the service's own.
 *
 * @param entity   class of the row that stores the pair
 * @param identity values of the row that the pair is bound to, except the certificate
 * @param certify  receives the pair as DER PKCS#8, must not keep it, and returns its certificate as DER
 */
export async function generatePair<T extends Pick<CertificateAuthority | ExchangeToken, 'algorithm'>>(
  provider: CryptoProvider,
  entity: new () => CertificateAuthority | ExchangeToken,
  identity: T,
  certify: (privateKey: Buffer) => Buffer,
): Promise<T & { certificate: Buffer; sealed: Buffer }> {
  const clear = await generateKeyMaterial(identity.algorithm);
  try {
    const certified = { ...identity, certificate: certify(clear) };
    return { ...certified, sealed: provider.seal(entity, certified, clear) };
  } finally {
    clear.fill(0);
  }
}
