import type { CryptoProvider } from '../../provider/crypto-provider.js';
import { generateKeyMaterial } from '../keys/key-material.js';
import type { CertificateAuthority } from './certificate-authority.entity.js';
import type { ExchangeToken } from './exchange-token.entity.js';

/**
 * Generates a key pair that the service keeps for itself, and seals it.
 *
 * @param entity   the class of the row that holds the pair
 * @param identity the values of the row that the pair is bound to, except its certificate
 * @param certify  gets the pair as DER PKCS#8, must not keep it, and returns its certificate, DER
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
