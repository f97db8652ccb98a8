import type { KeyAlgorithm } from '../payment/keys/key-attributes.js';

/** What the service has key pairs of its own for. A token's is for one kind of key material, as the model names them. */
export type PairPurpose = 'certificate authority' | TokenPurpose;
export type TokenPurpose = 'import TR34_KEY_BLOCK' | 'import KEY_CRYPTOGRAM' | 'export TR34_KEY_BLOCK';

/** What the material of the service's own key pairs is bound to. */
export interface PairIdentity {
  purpose: PairPurpose;
  accountId: string;
  region: string;
  /** Tells those of one purpose apart. */
  id: string;
  algorithm: KeyAlgorithm;
  /** Of the pair, DER. */
  certificate: Buffer;
}
