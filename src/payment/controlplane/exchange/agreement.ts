import type { Agreement } from '../../exchange/key-agreement.js';
import type { DiffieHellmanTr31KeyBlock } from './exchange.schema.js';

/** The key agreement that an import or export asks for. */
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
