import type { GrantListEntry } from '../src/kms/grants/grants.schema.js';
import { listKms } from './api.js';

/** The members of a listed grant that the console uses. */
export type Grant = GrantListEntry & Required<Pick<GrantListEntry, 'KeyId' | 'GrantId' | 'GranteePrincipal'>>;

/** Loads the grants of a KMS key. @throws ApiError */
export function loadGrants(arn: string): Promise<Grant[]> {
  return listKms<Grant>('ListGrants', 'Grants', { KeyId: arn, Limit: 100 });
}
