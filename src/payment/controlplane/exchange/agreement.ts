import type { Agreement } from '../../exchange/key-agreement.js';
import type { DiffieHellmanTr31KeyBlock } from './exchange.schema.js';

/** Returns the parameters of the key agreement that an import or export requests. */
export function agreementOf(input: DiffieHellmanTr31KeyBlock): Agreement {
  return {
    pairIdentifier: input.PrivateKeyIdentifier,
    certificate: input.PublicKeyCertificate,
    authorityIdentifier: input.CertificateAuthorityPublicKeyIdentifier,
    kdf: input.KeyDerivationFunction,
    hash: input.KeyDerivationHashAlgorithm,
    sharedInformation: input.DerivationData.SharedInformation,
    algorithm: input.DeriveKeyAlgorithm,
  };
}
