import { AccessKeyRow } from '../access/access-key.entity.js';
import { boundOf as boundOfAccessKey } from '../access/principal.repository.js';
import { sealedRoot } from '../payment/exchange/account-authority.js';
import { CertificateAuthority } from '../payment/exchange/certificate-authority.entity.js';
import { ExchangeToken } from '../payment/exchange/exchange-token.entity.js';
import { Key } from '../payment/keys/key.entity.js';
import { bound } from '../provider/crypto-provider.js';
import type { SealedRow, SealedTable } from '../provider/sealed-table.js';
import { ServiceSecretRow } from '../provider/service-secret.entity.js';
import { boundOf as boundOfSecret } from '../provider/service-secret.js';

function table<T extends SealedRow>(entity: new () => T, boundOf: (row: T) => Buffer): SealedTable {
  return { entity, boundOf: boundOf as SealedTable['boundOf'] };
}

/** Every table with values under the master key: a rotation seals them anew. */
export const SEALED_TABLES: readonly SealedTable[] = [
  table(Key, bound),
  table(AccessKeyRow, boundOfAccessKey),
  table(CertificateAuthority, (root) => bound(sealedRoot(root))),
  table(ExchangeToken, bound),
  table(ServiceSecretRow, boundOfSecret),
];
